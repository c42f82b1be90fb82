// What this kernel, and these rights, let the programs under bpf/ do. Found by asking the kernel (a test program of
// each kind, queries, BTF), never by its version alone. Attaches nothing.
//
// probe_features() itself is declared in datapath.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/capabilities.h"
#include "agent/model/observation.h"

struct btf;

namespace sextant::datapath {

// Of `wanted` (CAP_* of linux/capability.h), those that are not effective, by name: "CAP_BPF". CAP_SYS_ADMIN stands for
// CAP_BPF and CAP_PERFMON, as in the kernel (include/linux/capability.h, bpf_capable).
std::vector<std::string> missing_capabilities();

// What this process may use BPF by: CAP_BPF, or CAP_SYS_ADMIN where only that is there.
Capabilities bpf_capabilities();

// Whether bpf(2) takes a map by its descriptor from who has no capability. Before Linux 6.0 it does not where
// kernel.unprivileged_bpf_disabled is set (__sys_bpf, kernel/bpf/syscall.c). Tries it: takes this thread's away
// meanwhile.
bool bpf_works_without_capability();

// The mode of /sys/kernel/security/lockdown in `text` ("none [integrity] confidentiality"): "integrity"; empty: none.
std::string lockdown_mode(std::string_view text);

// Whether the tracepoint's prototype in the kernel's BTF (`btf_trace_NAME`) has at least so many arguments.
bool tracepoint_has_arguments(const btf& kernel, const char* name, unsigned count);

// Whether this process sees the host's processes: it is in the initial pid namespace.
bool in_host_pid_namespace();

}  // namespace sextant::datapath
