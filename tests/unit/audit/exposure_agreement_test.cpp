// What `exposure` prints against what `explain` says, address by address: two ways from the same policies to a verdict.
// SEXTANT_SEED repeats a seed that was printed.
#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "agent/audit/auditor.h"
#include "agent/policy/engine.h"
#include "tests/unit/policy/random_scene.h"
#include "tests/unit/policy/steps.h"

namespace sextant::audit {
namespace {

using policy::Engine;
using policy::test::Random;
using policy::test::RandomScene;
using policy::test::Stage;
using policy::test::Step;

constexpr std::size_t kPairs = 10'000;  // of a scenario and an address
constexpr std::size_t kSteps = 12;      // after a scene's opening

bool holds(const std::vector<Prefix>& prefixes, const IpAddress& address) {
  return std::ranges::any_of(prefixes, [&](const Prefix& prefix) { return prefix.contains(address); });
}
bool holds(const Exposure& exposure, const IpAddress& address) {
  return holds(exposure.prefixes, address) && !holds(exposure.except, address);
}

// Inside, at the edges of, and just outside every prefix that is printed.
std::set<IpAddress> addresses_of(const std::vector<Exposure>& exposures, Random& random) {
  std::set<IpAddress> addresses{random.address_in(kGlobalUnicast), random.address_in(kAllV6)};
  const auto add = [&](const std::vector<Prefix>& prefixes) {
    for (const Prefix& prefix : prefixes) {
      addresses.insert(
          {prefix.first(), prefix.last(), prefix.first().previous(), prefix.last().next(), random.address_in(prefix)});
    }
  };
  for (const Exposure& exposure : exposures) {
    add(exposure.prefixes);
    add(exposure.except);
  }
  return addresses;
}

struct Port {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  auto operator<=>(const Port&) const = default;
};

// The ends of every range that is printed, and the ports next to them.
std::set<Port> ports_of(const std::vector<Exposure>& exposures) {
  std::set<Port> ports{{Protocol::kTcp, 80}, {Protocol::kUdp, 53}, {Protocol::kIcmpv6, 128}};
  for (const Exposure& e : exposures) {
    ports.insert({{e.protocol, e.first_port}, {e.protocol, e.last_port}});
    if (e.first_port > 0) ports.insert({e.protocol, static_cast<std::uint16_t>(e.first_port - 1)});
    if (e.last_port < 65535) ports.insert({e.protocol, static_cast<std::uint16_t>(e.last_port + 1)});
  }
  return ports;
}

// What the list says of an address; it lists no denials, and the rows of a protocol that it does not name are those of
// every other one.
Verdict printed(const std::vector<Exposure>& exposures, const IpAddress& address, const Port& at) {
  for (const Exposure& exposure : exposures) {
    const bool covers =
        exposure.protocol == at.protocol && exposure.first_port <= at.port && at.port <= exposure.last_port;
    if (covers && holds(exposure, address)) return exposure.verdict;
  }
  return Verdict::kDeny;
}

// Empty, or where they disagree for one endpoint.
std::string disagreement(const Engine& engine, const EndpointRef& endpoint, Random& random, std::size_t& pairs) {
  const auto intent = engine.intent(endpoint);
  const std::vector<Exposure> exposures = exposures_of(*intent, {.ref = endpoint});
  const policy::Subject to{
      .kind = endpoint.kind == EndpointKind::kNode ? policy::Subject::Kind::kNode : policy::Subject::Kind::kPod,
      .ns = endpoint.ns,
      .name = endpoint.name};
  const std::set<Port> ports = ports_of(exposures);
  for (const IpAddress& address : addresses_of(exposures, random)) {
    ++pairs;
    const bool is_public = engine.classify(address)->is_public;
    for (const Port& at : ports) {
      const Verdict shown = printed(exposures, address, at);
      const auto decision = engine.decide(to, {.address = address}, at.protocol, at.port);
      const std::string where = endpoint.to_string() + " from " + address.to_string() + " " + to_string(at.protocol) +
                                "/" + std::to_string(at.port) + ": ";
      if (!decision) return where + decision.error().what;
      if (!is_public && shown != Verdict::kDeny) return where + "printed, and no address of the internet";
      if (is_public && shown != decision->verdict)
        return where + std::string(to_string(shown)) + " is printed, explained is " +
               std::string(to_string(decision->verdict)) + ": " + decision->why;
    }
  }
  return {};
}

std::string disagreement(const std::vector<Step>& steps, std::uint64_t seed, std::size_t& pairs) {
  Stage stage;
  for (const Step& step : steps) stage.apply(step);
  const Engine engine(stage.world, stage.options);
  Random random(seed);
  std::vector<EndpointRef> endpoints{{.kind = EndpointKind::kNode, .name = stage.world.local_node()}};
  for (const auto& [key, pod] : stage.world.pods()) {
    if (!pod.host_network) endpoints.push_back({.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name});
  }
  for (const EndpointRef& endpoint : endpoints) {
    std::string found = disagreement(engine, endpoint, random, pairs);
    if (!found.empty()) return found;
  }
  return {};
}

TEST(ExposureAgreement, WithExplainAtEveryEdgeOfEveryPrefix) {
  const std::uint64_t first = policy::test::first_seed();
  std::size_t pairs = 0;
  std::uint64_t seed = first;
  for (; pairs < kPairs; ++seed) {
    RandomScene scene(seed);
    std::vector<Step> steps = scene.opening();
    for (std::size_t i = 0; i < kSteps; ++i) steps.push_back(scene.next());
    if (disagreement(steps, seed, pairs).empty()) continue;
    const auto fails = [&](const std::vector<Step>& fewer) {
      std::size_t ignored = 0;
      return !disagreement(fewer, seed, ignored).empty();
    };
    const std::vector<Step> fewest = policy::test::shrink(steps, fails);
    FAIL() << "seed " << seed << ": " << disagreement(fewest, seed, pairs) << "\n" << to_string(fewest);
  }
  std::printf("exposure agrees with explain: seeds %llu to %llu, %zu pairs of a scenario and an address\n",
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(seed - 1), pairs);
}

}  // namespace
}  // namespace sextant::audit
