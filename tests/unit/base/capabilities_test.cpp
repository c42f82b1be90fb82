#include "agent/base/capabilities.h"

#include <gtest/gtest.h>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sextant {
namespace {

// What one process gave up is gone for good: each test has a process of its own, which tells by its status.
template <class Try>
void in_a_process_of_its_own(Try attempt) {
  EXPECT_EXIT(::_exit(attempt() ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST(Capabilities, AllButTheKeptAreGone) {
  in_a_process_of_its_own([] {
    const Capabilities before = effective_capabilities();
    return keep_only_capabilities(capability(CAP_NET_ADMIN)) &&
           effective_capabilities() == (before & capability(CAP_NET_ADMIN));
  });
}

TEST(Capabilities, CannotBeTakenBack) {
  in_a_process_of_its_own([] {
    return keep_only_capabilities(0) && set_effective_capabilities(~Capabilities{0}) && effective_capabilities() == 0;
  });
}

TEST(Capabilities, OfTheEffectiveSetCanBeTakenBackWhileTheyArePermitted) {
  in_a_process_of_its_own([] {
    const Capabilities before = effective_capabilities();
    return set_effective_capabilities(0) && effective_capabilities() == 0 && set_effective_capabilities(before) &&
           effective_capabilities() == before;
  });
}

TEST(Capabilities, AProgramThatIsExecutedHasNoMore) {
  in_a_process_of_its_own([] {
    if (!keep_only_capabilities(0)) return false;
    ::execl("/bin/sh", "sh", "-c", "grep -q '^CapEff:[[:space:]]*0*$' /proc/self/status", nullptr);
    return false;
  });
}

TEST(Capabilities, NoneIsLeftToGiveToAProgramWhereTheBoundingSetMayShrink) {
  in_a_process_of_its_own([] {
    const bool may = (effective_capabilities() & capability(CAP_SETPCAP)) != 0;
    const bool was_bounded = ::prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) == 0;
    return keep_only_capabilities(0) && (may || was_bounded) == (::prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) == 0);
  });
}

}  // namespace
}  // namespace sextant
