// What each witness needs of the process's capabilities: a container is given no more (deploy/), and less degrades one
// witness, not all.
#include <chrono>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/capabilities.h"
#include "agent/datapath/cgroups.h"
#include "agent/datapath/death.h"
#include "agent/datapath/delivery.h"
#include "agent/datapath/listening.h"
#include "tests/bpf/witness_fixture.h"

namespace sextant::test {
namespace {

using namespace std::chrono_literals;

constexpr Capabilities kBpf = capability(CAP_BPF), kPerfmon = capability(CAP_PERFMON),
                       kNetAdmin = capability(CAP_NET_ADMIN);

class RightsTest : public WitnessTest {
 protected:
  // Runs `claim` in a child that has these capabilities and no more; an empty string: it held.
  template <class Claim>
  static void expect_with(Capabilities capabilities, Claim claim) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto limited = keep_only_capabilities(capabilities);
      const std::string problem = limited ? claim() : limited.error().what;
      if (!problem.empty()) std::fprintf(stderr, "%s\n", problem.c_str());
      ::_exit(problem.empty() ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }

  std::string deliver() {
    make_maps();
    auto delivery = datapath::Delivery::load({.cgroup = datapath::find_cgroup2().value()}, lend());
    if (!delivery) return delivery.error().what;
    const auto attached = delivery->attach();
    return attached ? "" : attached.error().what;
  }
  std::string die() {
    make_maps();
    auto death = datapath::Death::load(1s, lend());
    if (!death) return death.error().what;
    const auto attached = death->attach();
    return attached ? "" : attached.error().what;
  }
  std::string listen() {
    make_maps();
    auto listening = datapath::Listening::load({}, lend(), cgroups_, {.picture = [](const auto&) {}, .status = [] {}});
    if (!listening) return listening.error().what;
    const auto picture = listening->look();
    return picture ? "" : picture.error().what;
  }
};

TEST_F(RightsTest, BpfPerfmonAndNetAdminAreEnough) {
  expect_with(kBpf | kPerfmon | kNetAdmin, [this] { return deliver(); });
  expect_with(kBpf | kPerfmon | kNetAdmin, [this] { return die(); });
  expect_with(kBpf | kPerfmon | kNetAdmin, [this] { return listen(); });
}

TEST_F(RightsTest, DeathAndListeningDoWithoutNetAdmin) {
  expect_with(kBpf | kPerfmon, [this] { return die(); });
  expect_with(kBpf | kPerfmon, [this] { return listen(); });
}

TEST_F(RightsTest, DeliveryWithoutNetAdminLoadsAndSaysWhatItMayNot) {
  expect_with(kBpf | kPerfmon, [this] {
    const auto problem = deliver();
    return problem.starts_with("attach to the egress of cgroup") ? "" : "unexpected: " + problem;
  });
}

}  // namespace
}  // namespace sextant::test
