// The system calls that the daemon still makes once it runs; all others are given up for good (seccomp(2)).
//
// Not among them: executing or tracing a program, making a process, loading BPF programs or opening other people's
// maps, mounting, namespaces, modules, listening on a new address, mapping memory as code. What is refused fails with
// EPERM and is counted here; the process goes on. The kernel's audit log is not told: it would be of each clone3 too,
// which glibc tries for every thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "agent/base/result.h"

namespace sextant::rights {

// For every thread, now and later. Needs no right, but no_new_privs (which it sets). A thread that blocks SIGSYS, by
// which the kernel tells of a refusal, would be ended by one: none of ours does.
Result<> limit_system_calls();

// What was refused since the start: the call's name, how often. From any thread.
std::map<std::string, std::uint64_t> refused_calls();

}  // namespace sextant::rights
