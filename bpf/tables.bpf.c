// SPDX-License-Identifier: GPL-2.0
// Makes the verdict tables, and nothing else: the objects of the hooks reuse them by descriptor, so each hook loads or
// fails alone.
//
// Hook: none. Contract: bpf/tables.h. Owner in userspace: agent/datapath/tables.cpp.
#include "bpf/verdict.h"

char LICENSE[] SEC("license") = "GPL";
