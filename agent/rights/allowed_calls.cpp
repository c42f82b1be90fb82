#include "agent/rights/allowed_calls.h"

#include <cstdint>
#include <initializer_list>
#include <utility>

#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

// These run a thread of their own that stops and reads the others (LeakSanitizer), and look at the process's mappings.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SEXTANT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SEXTANT_SANITIZED 1
#endif
#endif

namespace sextant::rights {
namespace {

// A call that an architecture does not have (open, poll on arm64) has a number below zero, and needs no rule.
constexpr int kCalls[] = {
    // Manifests, the API server's certificate and token, /proc, cgroups; the store with its journal.
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(close),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchown),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
    // Sockets that are there, and new ones to the API server (socket has rules of its own).
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(shutdown),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    // Waiting.
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(eventfd2),
    SCMP_SYS(pipe2),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_gettime),
    SCMP_SYS(futex),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
    // Time and chance, where the vDSO does not answer.
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    // Memory (mmap and mprotect have rules of their own), threads, signals, the end.
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(membarrier),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    // Who and where it is.
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrusage),
#ifdef SEXTANT_SANITIZED
    SCMP_SYS(clone),
    SCMP_SYS(ptrace),
    SCMP_SYS(wait4),
    SCMP_SYS(prctl),
    SCMP_SYS(mincore),
    SCMP_SYS(getppid),
    SCMP_SYS(getdents),
#endif
};

// An int of the call's: the upper half of its register means nothing.
constexpr std::uint64_t kInt = 0xffffffff;

scmp_arg_cmp is(unsigned argument, std::uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = kInt, .datum_b = value & kInt};
}

scmp_arg_cmp has(unsigned argument, std::uint64_t bits) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits, .datum_b = bits};
}

scmp_arg_cmp lacks(unsigned argument, std::uint64_t bits) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits, .datum_b = 0};
}

// Descriptors are all that these take: no program is loaded, and no map opened that is not open already.
constexpr std::initializer_list<int> kBpfCommands = {BPF_MAP_LOOKUP_ELEM,  BPF_MAP_UPDATE_ELEM,  BPF_MAP_DELETE_ELEM,
                                                     BPF_MAP_GET_NEXT_KEY, BPF_MAP_LOOKUP_BATCH, BPF_OBJ_GET_INFO_BY_FD,
                                                     BPF_LINK_CREATE,      BPF_ITER_CREATE};

constexpr std::initializer_list<std::uint64_t> kIoctls = {FIONBIO, FIONREAD, TCGETS, SIOCGIFINDEX, SIOCGIFNAME};

void add_sockets(std::vector<Rule>& rules) {
  constexpr std::uint64_t kType = 0xf;  // SOCK_TYPE_MASK, include/linux/net.h; flags are above
  const auto is_type = [](std::uint64_t type) {
    return scmp_arg_cmp{.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = kType, .datum_b = type};
  };
  rules.push_back({.call = SCMP_SYS(socket), .arguments = {is(0, AF_UNIX)}});
  for (const std::uint64_t family : {AF_INET, AF_INET6}) {
    for (const std::uint64_t type : {SOCK_STREAM, SOCK_DGRAM}) {
      rules.push_back({.call = SCMP_SYS(socket), .arguments = {is(0, family), is_type(type)}});
    }
  }
  rules.push_back({.call = SCMP_SYS(socket), .arguments = {is(0, AF_NETLINK), is(2, NETLINK_ROUTE)}});
}

}  // namespace

std::span<const int> allowed_calls() { return kCalls; }

std::vector<Rule> allowed_with_arguments() {
  std::vector<Rule> rules = {
      // No page is ever code that was not code at the start.
      {.call = SCMP_SYS(mmap), .arguments = {lacks(2, PROT_EXEC)}},
      {.call = SCMP_SYS(mprotect), .arguments = {lacks(2, PROT_EXEC)}},
      {.call = SCMP_SYS(clone), .arguments = {has(0, CLONE_THREAD)}},
      {.call = SCMP_SYS(tgkill), .arguments = {is(0, static_cast<std::uint64_t>(::getpid()))}},                 // abort
      {.call = SCMP_SYS(prlimit64), .arguments = {{.arg = 2, .op = SCMP_CMP_EQ, .datum_a = 0, .datum_b = 0}}},  // read
  };
  for (const int command : kBpfCommands) {
    rules.push_back({.call = SCMP_SYS(bpf), .arguments = {is(0, static_cast<std::uint64_t>(command))}});
  }
  for (const std::uint64_t request : kIoctls) {
    rules.push_back({.call = SCMP_SYS(ioctl), .arguments = {is(1, request)}});
  }
  add_sockets(rules);
  return rules;
}

}  // namespace sextant::rights
