// talos-config reads documents of Talos's machine configuration as Talos itself does: unknown fields are errors, and each
// document is validated. The module carries no JSON schema for all of them.
//
//	talos-config FILE...
package main

import (
	"fmt"
	"os"

	"github.com/siderolabs/talos/pkg/machinery/config/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	_ "github.com/siderolabs/talos/pkg/machinery/config/types/security"
)

// A cluster's node, neither a container nor installed by this: validation asks.
type mode struct{}

func (mode) String() string        { return "metal" }
func (mode) RequiresInstall() bool { return false }
func (mode) InContainer() bool     { return false }

func check(file string) error {
	provider, err := configloader.NewFromFile(file)
	if err != nil {
		return err
	}
	if len(provider.Documents()) == 0 {
		return fmt.Errorf("no document")
	}
	for _, document := range provider.Documents() {
		if validator, ok := document.(config.Validator); ok {
			if _, err := validator.Validate(mode{}); err != nil {
				return fmt.Errorf("%s: %w", document.Kind(), err)
			}
		}
	}
	return nil
}

func main() {
	status := 0
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			status = 1
		}
	}
	os.Exit(status)
}
