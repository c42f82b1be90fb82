#include "agent/policy/classes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::cnp;
using test::group;
using test::node;
using test::pod;
using test::Scene;

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }
std::string class_of(const Scene& scene, std::string_view text) { return scene.engine().classify(address(text))->name; }

std::string naming(std::string_view prefixes) {
  return cnp("shop/db", "endpointSelector: {}, ingress: [{fromCIDR: [" + std::string(prefixes) + "]}]");
}

TEST(Classes, WithoutPoliciesAreWorldLocalAndIpv4) {
  const Scene scene({});
  EXPECT_EQ(class_of(scene, "2001:db8::1"), "world");
  EXPECT_EQ(class_of(scene, "3fff:ffff::"), "world");
  EXPECT_EQ(class_of(scene, "fd00::1"), "local");
  EXPECT_EQ(class_of(scene, "fe80::1"), "local");
  EXPECT_EQ(class_of(scene, "::"), "local");
  EXPECT_EQ(class_of(scene, "192.0.2.1"), "ipv4");
}

TEST(Classes, AreNamedByTheMostSpecificPrefix) {
  const Scene scene(
      {naming("'2001:db8::/32', '2001:db8:1::/48', 'fd12::/16', '10.0.0.0/8'"), group("g", "'2a00::/12'")});
  EXPECT_EQ(class_of(scene, "2001:db8:1::1"), "2001:db8:1::/48");
  EXPECT_EQ(class_of(scene, "2001:db8:2::1"), "2001:db8::/32");
  EXPECT_EQ(class_of(scene, "2a01::1"), "2a00::/12");
  EXPECT_EQ(class_of(scene, "fd12::1"), "fd12::/16");
  EXPECT_EQ(class_of(scene, "10.1.2.3"), "10.0.0.0/8");
  EXPECT_EQ(class_of(scene, "2001:db9::1"), "world");
}

TEST(Classes, OfPodsAreTheirLabels) {
  const Scene scene({pod("shop/a", "app: web", "2001:db8::1"), pod("shop/b", "app: web", "fd00::2", "n2"),
                     pod("shop/c", "app: db", "fd00::3")},
                    {.cluster_name = "c1"});
  EXPECT_EQ(class_of(scene, "2001:db8::1"),
            "pod:app=web,io.cilium.k8s.policy.cluster=c1,io.kubernetes.pod.namespace=shop");
  EXPECT_EQ(class_of(scene, "2001:db8::1"), class_of(scene, "fd00::2"));
  EXPECT_NE(class_of(scene, "2001:db8::1"), class_of(scene, "fd00::3"));
  EXPECT_FALSE(scene.engine().classify(address("2001:db8::1"))->is_public);
}

TEST(Classes, TellNodesAndConfiguredNetworks) {
  const Scene scene({node("n1", "2001:db8::a"), node("n2", "2001:db8::b"), naming("'2001:db8:1::/48'")},
                    {.cluster_networks = {Prefix::parse("2001:db8:c::/48").value()},
                     .trusted_networks = {Prefix::parse("2001:db8::/32").value()}});
  EXPECT_EQ(class_of(scene, "2001:db8::a"), "host");
  EXPECT_EQ(class_of(scene, "2001:db8::b"), "remote-node");
  EXPECT_EQ(class_of(scene, "2001:db8:c::1"), "cluster");
  EXPECT_EQ(class_of(scene, "2001:db8::1"), "trusted");
  EXPECT_EQ(class_of(scene, "2001:db8:1::1"), "trusted 2001:db8:1::/48");
}

TEST(Classes, TellRemoteNodesApartWherePoliciesCan) {
  const auto named = [](Options options, std::initializer_list<std::string> more = {}) {
    Scene scene({node("n1", "2001:db8::a"), node("n2", "2001:db8::b"), node("n3", "2001:db8::c")}, std::move(options));
    for (const std::string& text : more) scene.world.apply(test::object(text));
    return class_of(scene, "2001:db8::b");
  };
  EXPECT_EQ(named({}), "remote-node");
  EXPECT_EQ(named({.enable_node_selector_labels = true}), "remote-node n2");
  EXPECT_EQ(named({.policy_cidr_match_nodes = true}), "remote-node 2001:db8::b");
  const std::string api_server =
      "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {namespace: default, name: kubernetes, labels: "
      "{kubernetes.io/service-name: kubernetes}}, addressType: IPv6, endpoints: [{addresses: ['2001:db8::b']}]}";
  EXPECT_EQ(named({}, {api_server}), "remote-node kube-apiserver");
}

TEST(Classes, ArePublicInsideGlobalUnicastOnly) {
  const Scene scene({naming("'2001:db8::/32', 'fd00::/8', '8.8.8.0/24', '::/1'")});
  const Engine engine = scene.engine();
  for (const auto& [text, is_public] :
       {std::pair("2001:db8::1", true), std::pair("2a00::1", true), std::pair("fd00::1", false),
        std::pair("8.8.8.8", false), std::pair("9.9.9.9", false), std::pair("1000::1", false),
        std::pair("fe80::1", false)}) {
    EXPECT_EQ(engine.classify(address(text))->is_public, is_public) << text;
  }
}

TEST(Classes, KeepTheirIdsWhileTheirNamesLive) {
  Scene scene({naming("'2001:db8::/32'")});
  Engine engine = scene.engine();
  const ClassId world = engine.classify(address("2a00::1"))->id;
  const ClassId named = engine.classify(address("2001:db8::1"))->id;
  const Delta change = test::object(naming("'2a01::/16'"));
  scene.world.apply(change);
  engine.on(change);
  EXPECT_EQ(engine.classify(address("2a00::1"))->id, world);
  EXPECT_EQ(engine.classify(address("2001:db8::1"))->id, world);
  EXPECT_GT(engine.classify(address("2a01::1"))->id, named);
  EXPECT_EQ(engine.source_class(named)->name, "2001:db8::/32");  // rows that were seen under it can still be told
  EXPECT_EQ(engine.source_class(9999), nullptr);
  EXPECT_EQ(engine.source_class(0), nullptr);
}

// Addresses at the edges of everything that makes classes, and random ones.
std::vector<IpAddress> probes(const KernelIntent& intent, std::mt19937& random) {
  std::vector<IpAddress> found;
  for (const SourceRange& range : intent.sources) {
    found.push_back(range.first);
    found.push_back(range.first.previous());
    found.push_back(range.first.next());
  }
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t high = (static_cast<std::uint64_t>(random()) << 32) | random();
    found.push_back(IpAddress::from_halves(high, random()));
  }
  return found;
}

std::string random_prefixes(std::mt19937& random) {
  std::string text;
  for (unsigned i = 1 + random() % 6; i > 0; --i) {
    const std::uint64_t high =
        (random() % 3 == 0 ? 0xfd00'0000'0000'0000 : 0x2001'0db8'0000'0000) | (random() & 0xff00ff);
    const IpAddress base = random() % 5 == 0 ? IpAddress::from_halves(0, 0xffff'0a00'0000 | (random() & 0xffff))
                                             : IpAddress::from_halves(high, random() % 2 == 0 ? 0 : ~std::uint64_t{0});
    const auto length = static_cast<std::uint8_t>(base.is_v4() ? 97 + random() % 32 : 1 + random() % 128);
    text += (text.empty() ? "'" : ", '") + Prefix::masked(base, length).to_string() + "'";
  }
  return text;
}

TEST(Classes, AreAPartition) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 60; ++round) {
    const Scene scene(
        {naming(random_prefixes(random)), group("g", random_prefixes(random)), node("n1", "2001:db8::a"),
         node("n2", "fd00::b"), pod("shop/a", "app: web", "fd00::1"), pod("shop/b", "", "2001:db8::2", "n2")},
        {.cluster_networks = {Prefix::parse("fd00::/16").value()}});
    const Engine engine = scene.engine();
    const KernelIntent intent = engine.compile();
    ASSERT_FALSE(intent.sources.empty());
    EXPECT_EQ(intent.sources.front().first, IpAddress{});
    EXPECT_TRUE(std::ranges::is_sorted(intent.sources));
    std::set<ClassId> listed;
    for (const auto& source : intent.classes) listed.insert(source->id);
    for (std::size_t i = 1; i < intent.sources.size(); ++i) {
      EXPECT_NE(intent.sources[i - 1].source, intent.sources[i].source);  // no range that could be joined
    }
    for (const SourceRange& range : intent.sources) EXPECT_TRUE(listed.contains(range.source));
    for (const IpAddress& probe : probes(intent, random)) {
      const auto at = std::prev(std::ranges::upper_bound(intent.sources, probe, {}, &SourceRange::first));
      const auto of = engine.classify(probe);
      ASSERT_EQ(of->id, at->source) << probe.to_string();
      for (const auto& source : intent.classes) {  // prefixes minus except is exact
        const auto holds = [&](const Prefix& p) { return p.contains(probe); };
        const bool inside = std::ranges::any_of(source->prefixes, holds) && std::ranges::none_of(source->except, holds);
        ASSERT_EQ(inside, source->id == of->id) << probe.to_string() << " " << source->name;
      }
    }
    for (const auto& source : intent.classes)
      EXPECT_EQ(engine.classify(source->sample)->id, source->id) << source->name;
  }
}

std::string numbered(std::size_t i) { return "class " + std::to_string(i); }

TEST(ClassNames, KeepTheirIdsWhileTheyAreRemembered) {
  ClassNames names;
  const ClassId first = names.put({.name = "a"})->id;
  names.end_round();
  EXPECT_NE(names.put({.name = "b"})->id, first);
  names.end_round();
  EXPECT_EQ(names.put({.name = "a"})->id, first);
  EXPECT_EQ(names.find(first)->name, "a");
  EXPECT_EQ(names.find(0), nullptr);
  EXPECT_EQ(names.find(99), nullptr);
}

TEST(ClassNames, AreForgottenWhenTooManyHaveGone) {
  ClassNames names;
  const ClassId lasting = names.put({.name = "lasting"})->id;
  for (std::size_t i = 0; i < ClassNames::kRemembered; ++i) {
    names.put({.name = "lasting"});
    names.put({.name = numbered(i)});
    names.end_round();
  }
  EXPECT_EQ(names.size(), ClassNames::kRemembered + 1) << "all of them, and the one that lasts";
  const ClassId first = lasting + 1;
  EXPECT_EQ(names.find(first)->name, numbered(0)) << "at the limit nothing is forgotten";
  for (std::size_t i = 0; i < 2; ++i) {
    names.put({.name = "lasting"});
    names.put({.name = numbered(ClassNames::kRemembered + i)});
    names.end_round();
  }
  EXPECT_LE(names.size(), ClassNames::kRemembered / 2 + 2);
  EXPECT_EQ(names.find(first), nullptr) << "the oldest goes first";
  EXPECT_EQ(names.put({.name = "lasting"})->id, lasting);
  const ClassId again = names.put({.name = numbered(0)})->id;
  EXPECT_GT(again, first + ClassNames::kRemembered) << "no id is given twice";
  EXPECT_EQ(names.find(again)->name, numbered(0));
}

TEST(ClassNames, OfOneRoundAreAllKeptHoweverMany) {
  ClassNames names;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < 2 * ClassNames::kRemembered; ++i) names.put({.name = numbered(i)});
    names.end_round();
  }
  EXPECT_EQ(names.size(), 2 * ClassNames::kRemembered);
}

}  // namespace
}  // namespace sextant::policy
