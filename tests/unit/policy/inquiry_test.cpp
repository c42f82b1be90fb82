#include "agent/policy/inquiry.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/random_scene.h"
#include "tests/unit/policy/scene.h"
#include "tests/unit/policy/steps.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::node;
using test::pod;
using test::Scene;

// Everyone in the world, and some who are not.
Ends ends_of(const World& world, test::Random& random) {
  Ends ends{.subjects = {test::subject("node:n1"), test::subject("shop/nobody"), {.kind = Subject::Kind::kHealth}}};
  ends.peers = {test::peer("node:n1"), test::peer("node:n9"), test::peer("entity:health"), test::peer("10.0.0.77")};
  for (const auto& [key, pod] : world.pods()) {
    ends.subjects.push_back({.ns = pod.ns, .name = pod.name});
    ends.peers.push_back({.kind = Peer::Kind::kPod, .ns = pod.ns, .name = pod.name});
  }
  for (const char* prefix : {"2001:db8::/30", "fd00::/120", "2a00:1::/32", "2001:db8:1::/120"})
    ends.peers.push_back({.address = random.address_in(Prefix::parse(prefix).value())});
  return ends;
}

std::string disagreement(const std::vector<test::Step>& steps, std::uint64_t seed) {
  test::Stage stage;
  for (const test::Step& step : steps) stage.apply(step);
  const Engine engine(stage.world, stage.options);
  test::Random random(seed);
  const Ends ends = ends_of(stage.world, random);
  Inquiry inquiry(engine, ends);
  constexpr std::array<std::pair<Protocol, std::uint16_t>, 5> kPorts{{{Protocol::kTcp, 80},
                                                                      {Protocol::kTcp, 8080},
                                                                      {Protocol::kUdp, 53},
                                                                      {Protocol::kIcmpv6, 128},
                                                                      {Protocol::kGre, 0}}};
  for (int round = 0; round < 2; ++round) {  // the second from memory
    for (std::size_t to = 0; to < ends.subjects.size(); ++to) {
      for (std::size_t from = 0; from < ends.peers.size(); ++from) {
        for (const auto& [protocol, port] : kPorts) {
          const auto decision = engine.decide(ends.subjects[to], ends.peers[from], protocol, port);
          const Verdict verdict = inquiry.verdict(to, from, protocol, port);
          if (verdict == (decision ? decision->verdict : Verdict::kUnknown)) continue;
          return "subject " + ends.subjects[to].name + ", peer " + std::to_string(from) + ", " + to_string(protocol) +
                 "/" + std::to_string(port) + ": " + std::string(to_string(verdict)) + " is not " +
                 (decision ? std::string(to_string(decision->verdict)) : decision.error().what);
        }
      }
    }
  }
  return {};
}

TEST(Inquiry, GivesTheVerdictsThatEngineDecides) {
  const std::uint64_t first = test::first_seed();
  for (std::uint64_t seed = first; seed < first + 60; ++seed) {
    test::RandomScene scene(seed);
    std::vector<test::Step> steps = scene.opening();
    for (int i = 0; i < 16; ++i) steps.push_back(scene.next());
    if (disagreement(steps, seed).empty()) continue;
    const auto fewest = test::shrink(steps, [&](const auto& fewer) { return !disagreement(fewer, seed).empty(); });
    FAIL() << "seed " << seed << ": " << disagreement(fewest, seed) << "\n" << to_string(fewest);
  }
}

TEST(Inquiry, RemembersTheVerdictsOfLargePolicies) {
  std::string rules;
  for (int port = 1000; port < 1100; ++port) {
    rules += "{fromCIDR: ['2001:db8::/32'], toPorts: [{ports: [{port: '" + std::to_string(port) + "'}]}]}, ";
  }
  const Scene scene({pod("shop/db"), cnp("shop/many", "endpointSelector: {}, ingress: [" + rules + "]")});
  const Engine engine = scene.engine();
  Ends ends{.subjects = {test::subject("shop/db")}, .peers = {test::peer("2001:db8::1"), test::peer("2001:db9::1")}};
  Inquiry inquiry(engine, ends);
  for (int round = 0; round < 2; ++round) {
    for (std::uint16_t port = 900; port < 1200; ++port) {
      const bool open = port >= 1000 && port < 1100;
      EXPECT_EQ(inquiry.verdict(0, 0, Protocol::kTcp, port), open ? Verdict::kAllow : Verdict::kDeny) << port;
      EXPECT_EQ(inquiry.verdict(0, 0, Protocol::kUdp, port), open ? Verdict::kAllow : Verdict::kDeny) << port;
      EXPECT_EQ(inquiry.verdict(0, 1, Protocol::kTcp, port), Verdict::kDeny) << port;
    }
  }
}

TEST(Inquiry, TakesEndsThatAreAddedBetweenQuestions) {
  const Scene scene({node("n1", "2001:db8:f::1"), pod("shop/db"), pod("shop/web", "", "2001:db8:1::2"),
                     cnp("shop/a", "endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]")});
  const Engine engine = scene.engine();
  Ends ends{.subjects = {test::subject("shop/db")}, .peers = {test::peer("2001:db8::1")}};
  Inquiry inquiry(engine, ends);
  EXPECT_EQ(inquiry.verdict(0, 0, Protocol::kTcp, 80), Verdict::kDeny);
  ends.peers.push_back(test::peer("2001:db8:1::2"));
  ends.subjects.push_back(test::subject("shop/web"));
  EXPECT_EQ(inquiry.verdict(0, 1, Protocol::kTcp, 80), Verdict::kAllow);
  EXPECT_EQ(inquiry.verdict(1, 1, Protocol::kTcp, 80), Verdict::kAllow);
}

TEST(Inquiry, OfNobodyIsUnknown) {
  const Scene scene({pod("shop/db")});
  const Engine engine = scene.engine();
  const Ends ends{.subjects = {test::subject("shop/db"), test::subject("shop/none")},
                  .peers = {test::peer("2001:db8::1"), test::peer("shop/none")}};
  Inquiry inquiry(engine, ends);
  EXPECT_EQ(inquiry.verdict(0, 0, Protocol::kTcp, 80), Verdict::kAllow);
  EXPECT_EQ(inquiry.verdict(1, 0, Protocol::kTcp, 80), Verdict::kUnknown);
  EXPECT_EQ(inquiry.verdict(0, 1, Protocol::kTcp, 80), Verdict::kUnknown);
}

}  // namespace
}  // namespace sextant::policy
