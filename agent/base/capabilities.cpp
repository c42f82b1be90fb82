#include "agent/base/capabilities.h"

#include <array>
#include <cerrno>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sextant {
namespace {

struct Sets {
  Capabilities effective = 0;
  Capabilities permitted = 0;
  Capabilities inheritable = 0;
};

__user_cap_header_struct header_of_this_thread() { return {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0}; }

Result<Sets> read_sets() {
  auto header = header_of_this_thread();
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> words{};
  if (::syscall(SYS_capget, &header, words.data()) != 0) return errno_failure("read the capabilities", errno);
  const auto set = [&](auto half) { return Capabilities{words[1].*half} << 32U | words[0].*half; };
  return Sets{.effective = set(&__user_cap_data_struct::effective),
              .permitted = set(&__user_cap_data_struct::permitted),
              .inheritable = set(&__user_cap_data_struct::inheritable)};
}

Result<> write_sets(const Sets& sets) {
  auto header = header_of_this_thread();
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> words{};
  for (unsigned i = 0; i < words.size(); ++i) {
    const auto half = [i](Capabilities set) { return static_cast<std::uint32_t>(set >> (32U * i)); };
    words[i] = {
        .effective = half(sets.effective), .permitted = half(sets.permitted), .inheritable = half(sets.inheritable)};
  }
  if (::syscall(SYS_capset, &header, words.data()) != 0) return errno_failure("give up capabilities", errno);
  return {};
}

Result<> shrink_bounding_set(Capabilities kept) {
  // EINVAL is how the kernel says that it knows no capability of this number, nor any above it.
  for (unsigned number = 0; number < 64 && ::prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; ++number) {
    if ((kept & capability(number)) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) return errno_failure("shrink the bounding set", errno);
  }
  return {};
}

}  // namespace

Capabilities effective_capabilities() {
  const auto sets = read_sets();
  return sets ? sets->effective : 0;
}

Result<> set_effective_capabilities(Capabilities wanted) {
  auto sets = read_sets();
  if (!sets) return Failure(sets.error());
  sets->effective = wanted & sets->permitted;
  return write_sets(*sets);
}

Result<> keep_only_capabilities(Capabilities kept) {
  const auto sets = read_sets();
  if (!sets) return Failure(sets.error());
  if ((sets->effective & capability(CAP_SETPCAP)) != 0) {
    if (auto shrunk = shrink_bounding_set(kept); !shrunk) return shrunk;
  }
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return errno_failure("clear the ambient capabilities", errno);
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno_failure("set no_new_privs", errno);
  return write_sets({.effective = sets->effective & kept, .permitted = sets->permitted & kept, .inheritable = 0});
}

}  // namespace sextant
