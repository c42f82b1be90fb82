// Prints the seccomp profile that containerd gives to a container with these capabilities, when the pod asks for
// RuntimeDefault. Podman reads it.
//
//	seccomp-profile CAP_BPF CAP_PERFMON
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

func main() {
	spec := &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: os.Args[1:]}}}
	profile, err := json.Marshal(seccomp.DefaultProfile(spec))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(profile))
}
