#include "agent/rights/system_calls.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <seccomp.h>
#include <ucontext.h>

#include "agent/base/c_ptr.h"
#include "agent/rights/allowed_calls.h"

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1  // si_code of a refusal (asm-generic/siginfo.h); older glibc does not name it
#endif

namespace sextant::rights {
namespace {

using Filter = CPtr<void, seccomp_release>;

// By number; no architecture of ours has one as high as the last cell, which takes what a stranger may try.
std::array<std::atomic<std::uint64_t>, 1024> refused{};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "counted in a signal handler");

void set_result(ucontext_t& context, long value) {
#if defined(__x86_64__)
  context.uc_mcontext.gregs[REG_RAX] = value;
#elif defined(__aarch64__)
  context.uc_mcontext.regs[0] = static_cast<unsigned long>(value);
#else
#error "how does a system call return its result here?"
#endif
}

extern "C" void on_refusal(int, siginfo_t* info, void* context) noexcept {
  if (info->si_code != SYS_SECCOMP) return;  // somebody's kill(1)
  const auto number = static_cast<std::size_t>(info->si_syscall);
  refused[number < refused.size() ? number : refused.size() - 1].fetch_add(1, std::memory_order_relaxed);
  set_result(*static_cast<ucontext_t*>(context), -EPERM);
}

Result<> count_refusals() {
  struct sigaction action{};
  action.sa_sigaction = on_refusal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return errno_failure("handle SIGSYS", errno);
  return {};
}

Result<> add_rules(scmp_filter_ctx filter) {
  constexpr auto* kDoing = "make the filter of system calls";
  for (const int call : allowed_calls()) {
    if (const int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0); err != 0) return errno_failure(kDoing, err);
  }
  for (const Rule& rule : allowed_with_arguments()) {
    const int err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule.call,
                                           static_cast<unsigned>(rule.arguments.size()), rule.arguments.data());
    // With the sanitizers a call may be allowed as a whole already.
    if (err != 0 && err != -EEXIST) return errno_failure(kDoing, err);
  }
  // A filter cannot read clone3's flags, which are in memory: glibc falls back on clone, whose flags it can.
  if (const int err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0); err != 0) {
    return errno_failure(kDoing, err);
  }
  return {};
}

}  // namespace

Result<> limit_system_calls() {
  const Filter filter(seccomp_init(SCMP_ACT_TRAP));
  if (!filter) return failure("make the filter of system calls: no memory");
  const std::pair<scmp_filter_attr, std::uint32_t> attributes[] = {
      {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP},  // another architecture's calls
      {SCMP_FLTATR_CTL_NNP, 1},                  // without, only CAP_SYS_ADMIN may set a filter
      {SCMP_FLTATR_CTL_TSYNC, 1},                // for the threads that run already, too
      {SCMP_FLTATR_CTL_OPTIMIZE, 2},             // a tree, not a list
  };
  for (const auto& [attribute, value] : attributes) {
    if (const int err = seccomp_attr_set(filter.get(), attribute, value); err != 0) {
      return errno_failure("make the filter of system calls", err);
    }
  }
  if (auto added = add_rules(filter.get()); !added) return added;
  if (auto handled = count_refusals(); !handled) return handled;
  if (const int err = seccomp_load(filter.get()); err != 0)
    return errno_failure("load the filter of system calls", err);
  return {};
}

std::map<std::string, std::uint64_t> refused_calls() {
  std::map<std::string, std::uint64_t> calls;
  for (std::size_t number = 0; number < refused.size(); ++number) {
    const std::uint64_t count = refused[number].load(std::memory_order_relaxed);
    if (count == 0) continue;
    const CPtr<char, std::free> name(seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number)));
    calls[name ? name.get() : "other"] += count;
  }
  return calls;
}

}  // namespace sextant::rights
