#include "agent/rights/system_calls.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sextant::rights {
namespace {

// The filter is for good: each attempt has a process of its own, which says on standard error what went wrong.
void limited(const std::function<std::string()>& attempt) {
  EXPECT_EXIT(
      {
        const auto done = limit_system_calls();
        const std::string problem = done ? attempt() : done.error().what;
        std::cerr << problem << std::flush;
        ::_exit(problem.empty() ? 0 : 1);
      },
      testing::ExitedWithCode(0), "^$");
}

// Asking for it is not among the calls that are left.
const pid_t kParent = ::getpid();

struct Attempt {
  std::string call{};
  std::function<long()> make{};
};

void PrintTo(const Attempt& attempt, std::ostream* out) { *out << attempt.call; }

long bpf(bpf_cmd command) {
  bpf_attr attributes{};
  return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

long execute() {
  char* const nothing[] = {nullptr};
  return ::execve("/bin/true", nothing, nothing);
}

[[maybe_unused]] long make_process() { return ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr); }

long map_code() {
  void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? -1 : 0;
}

long make_memory_code() {
  void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return ::mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

// Arguments are such that the kernel would do no harm, were a call let through.
const std::vector<Attempt> kRefused = {
    {"execve", execute},
    {"execveat", [] { return ::syscall(SYS_execveat, -1, "", nullptr, nullptr, 0); }},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these two make processes, and trace
    {"clone", make_process},
    {"ptrace", [] { return ::syscall(SYS_ptrace, 0, 0, nullptr, nullptr); }},
#endif
    {"process_vm_readv", [] { return ::syscall(SYS_process_vm_readv, kParent, nullptr, 0, nullptr, 0, 0); }},
    {"kill", [] { return ::syscall(SYS_kill, kParent, 0); }},
    {"tgkill", [] { return ::syscall(SYS_tgkill, kParent, kParent, 0); }},
    {"pidfd_open", [] { return ::syscall(SYS_pidfd_open, kParent, 0); }},
    {"mount", [] { return ::syscall(SYS_mount, nullptr, nullptr, nullptr, 0, nullptr); }},
    {"fsopen", [] { return ::syscall(SYS_fsopen, nullptr, 0); }},
    {"umount2", [] { return ::syscall(SYS_umount2, nullptr, 0); }},
    {"pivot_root", [] { return ::syscall(SYS_pivot_root, nullptr, nullptr); }},
    {"chroot", [] { return ::syscall(SYS_chroot, "/"); }},
    {"setns", [] { return ::syscall(SYS_setns, -1, 0); }},
    {"unshare", [] { return ::syscall(SYS_unshare, 0); }},
    {"init_module", [] { return ::syscall(SYS_init_module, nullptr, 0, nullptr); }},
    {"finit_module", [] { return ::syscall(SYS_finit_module, -1, nullptr, 0); }},
    {"kexec_load", [] { return ::syscall(SYS_kexec_load, 0, 0, nullptr, ~0UL); }},
    {"reboot", [] { return ::syscall(SYS_reboot, 0, 0, 0, nullptr); }},
    {"bpf", [] { return bpf(BPF_PROG_LOAD); }},
    {"bpf", [] { return bpf(BPF_MAP_CREATE); }},
    {"bpf", [] { return bpf(BPF_OBJ_GET); }},
    {"bpf", [] { return bpf(BPF_OBJ_PIN); }},
    {"bpf", [] { return bpf(BPF_MAP_GET_FD_BY_ID); }},
    {"bpf", [] { return bpf(BPF_PROG_GET_FD_BY_ID); }},
    {"bpf", [] { return bpf(BPF_PROG_ATTACH); }},
    {"bpf", [] { return bpf(BPF_LINK_UPDATE); }},
    {"perf_event_open", [] { return ::syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0); }},
    {"io_uring_setup", [] { return ::syscall(SYS_io_uring_setup, 0, nullptr); }},
    {"userfaultfd", [] { return ::syscall(SYS_userfaultfd, ~0); }},
    {"keyctl", [] { return ::syscall(SYS_keyctl, -1, 0, 0, 0, 0); }},
    {"memfd_create", [] { return ::syscall(SYS_memfd_create, nullptr, 0); }},
    {"mmap", map_code},
    {"mprotect", make_memory_code},
    {"socket", [] { return static_cast<long>(::socket(AF_PACKET, SOCK_RAW, 0)); }},
    {"socket", [] { return static_cast<long>(::socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)); }},
    {"socket", [] { return static_cast<long>(::socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER)); }},
    {"listen", [] { return static_cast<long>(::listen(-1, 1)); }},
    {"ioctl", [] { return ::syscall(SYS_ioctl, -1, TIOCSTI, nullptr); }},
    {"setuid", [] { return ::syscall(SYS_setuid, ::getuid()); }},
    {"capset", [] { return ::syscall(SYS_capset, nullptr, nullptr); }},
    {"seccomp", [] { return ::syscall(SYS_seccomp, ~0U, 0, nullptr); }},
    {"prlimit64", [] { return ::syscall(SYS_prlimit64, 0, RLIMIT_CORE, "0123456789abcdef", nullptr); }},
};

class Refused : public testing::TestWithParam<Attempt> {};

TEST_P(Refused, FailsIsCountedAndTheProcessGoesOn) {
  limited([&]() -> std::string {
    const auto& [call, make] = GetParam();
    for (std::uint64_t times = 1; times <= 2; ++times) {
      if (make() != -1 || errno != EPERM) return call + " is not refused";
      const auto counted = refused_calls();
      if (counted.size() != 1 || counted.begin()->first != call) return call + " is not told by its name";
      if (counted.begin()->second != times) return call + " is not counted";
    }
    return "";
  });
}

INSTANTIATE_TEST_SUITE_P(SystemCalls, Refused, testing::ValuesIn(kRefused));

TEST(SystemCalls, OfAnUnknownNumberAreCountedTogether) {
  limited([]() -> std::string {
    if (::syscall(100'000) != -1 || errno != EPERM) return "not refused";
    return refused_calls() == std::map<std::string, std::uint64_t>{{"other", 1}} ? "" : "not counted";
  });
}

TEST(SystemCalls, ThatThreadsNeedWork) {
  limited([]() -> std::string {
    return std::async(std::launch::async, [] { return 7; }).get() == 7 && refused_calls().empty() ? "" : "no thread";
  });
}

TEST(SystemCalls, ThatTheStoreNeedsWork) {
  const std::string path = testing::TempDir() + "sextant-rights-" + std::to_string(::getpid());
  limited([&]() -> std::string {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return "open";
    if (::pwrite(file, "x", 1, 0) != 1 || ::fdatasync(file) != 0 || ::ftruncate(file, 0) != 0) return "write";
    struct flock lock{};
    lock.l_type = F_WRLCK;
    if (::fcntl(file, F_SETLK, &lock) != 0) return "lock";
    if (::fchown(file, ::geteuid(), ::getegid()) != 0 || ::unlink(path.c_str()) != 0) return "own, unlink";
    return refused_calls().empty() ? "" : "refused";
  });
}

TEST(SystemCalls, ThatAConnectionToTheApiServerNeedsWork) {
  limited([]() -> std::string {
    addrinfo* found = nullptr;
    if (::getaddrinfo("localhost", "443", nullptr, &found) != 0) return "no name is resolved";
    ::freeaddrinfo(found);
    sockaddr_in6 nobody{};
    nobody.sin6_family = AF_INET6;
    nobody.sin6_port = htons(1);
    nobody.sin6_addr = in6addr_loopback;
    const int tcp = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (tcp < 0) return "socket";
    if (::connect(tcp, reinterpret_cast<sockaddr*>(&nobody), sizeof nobody) != 0 && errno == EPERM) return "connect";
    return refused_calls().empty() ? "" : "refused: " + refused_calls().begin()->first;
  });
}

TEST(SystemCalls, LetAProcessAbort) {
  EXPECT_EXIT(
      {
        static_cast<void>(limit_system_calls());
        std::signal(SIGABRT, SIG_DFL);
        std::abort();
      },
      testing::KilledBySignal(SIGABRT), "");
}

TEST(SystemCalls, AreLimitedForThreadsThatRunAlready) {
  EXPECT_EXIT(
      {
        std::promise<void> is_limited;
        auto refused = std::async(std::launch::async, [limit = is_limited.get_future()]() mutable {
          limit.wait();
          return ::syscall(SYS_unshare, 0) == -1 && errno == EPERM;
        });
        const bool done = limit_system_calls().has_value();
        is_limited.set_value();
        ::_exit(done && refused.get() ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace sextant::rights
