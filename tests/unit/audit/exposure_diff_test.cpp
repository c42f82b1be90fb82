#include "agent/audit/exposure_diff.h"

#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit {
namespace {

using lint::testing::kDb;
using lint::testing::kNode;
using lint::testing::world_of;

std::string policy(const std::string& ingress) {
  return "\n---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: db, namespace: shop}\n"
         "spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [" +
         ingress + "]}\n";
}
const std::string kOffice = policy("{fromCIDR: ['2001:db8:100::/48']}");
const std::string kWorld = policy("{fromEntities: [world]}");

std::vector<ExposureChange> diff_of(const std::string& old_yaml, const std::string& new_yaml) {
  const World old_world = world_of(old_yaml);
  const World new_world = world_of(new_yaml);
  return diff({old_world, policy::Engine(old_world, {})}, {new_world, policy::Engine(new_world, {})});
}
std::vector<ExposureChange> of(const std::vector<ExposureChange>& changes, Protocol protocol) {
  std::vector<ExposureChange> found;
  std::ranges::copy_if(changes, std::back_inserter(found), [&](const auto& c) { return c.protocol == protocol; });
  return found;
}

TEST(ExposureDiff, OfTheSameIsNothing) { EXPECT_TRUE(diff_of(kDb + kOffice, kDb + kOffice).empty()); }

TEST(ExposureDiff, SaysWhatIsOpenedAndToWhom) {
  const auto opened = of(diff_of(kDb + kOffice, kDb + kWorld), Protocol::kTcp);
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(to_string(opened[0].kind), "opened");
  EXPECT_EQ(opened[0].endpoint.ref.to_string(), "shop/db");
  EXPECT_EQ(opened[0].before, Verdict::kDeny);
  EXPECT_EQ(opened[0].after, Verdict::kAllow);
  EXPECT_EQ(opened[0].source.source_class, "world");
  EXPECT_NE(std::ranges::find(opened[0].source.except, Prefix::parse("2001:db8:100::/48").value()),
            opened[0].source.except.end())
      << "the office was let in before";
  ASSERT_FALSE(opened[0].policies.empty());
  EXPECT_EQ(opened[0].policies[0].rule, "spec.ingress[0]");
  const auto closed = of(diff_of(kDb + kWorld, kDb + kOffice), Protocol::kTcp);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(to_string(closed[0].kind), "closed");
}

TEST(ExposureDiff, LeavesOutWhatIsNotPublic) {
  EXPECT_TRUE(diff_of(kDb + policy("{fromCIDR: ['fd00::/8']}"), kDb + policy("{fromCIDR: ['fd12::/16']}")).empty());
  EXPECT_TRUE(
      diff_of(kDb + policy("{fromEndpoints: [{}]}"), kDb + policy("{fromEndpoints: [{matchLabels: {a: b}}]}")).empty());
}

TEST(ExposureDiff, OfANewEndpointIsAllThatItLetsIn) {
  const auto changes = of(diff_of(kNode + kWorld, kNode + kDb + kWorld), Protocol::kTcp);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(to_string(changes[0].kind), "opened");
  EXPECT_FALSE(changes[0].before);
  EXPECT_EQ(changes[0].after, Verdict::kAllow);
  EXPECT_THAT(changes[0].why, ::testing::StartsWith("a new endpoint: "));
  const auto gone = of(diff_of(kNode + kDb + kWorld, kNode + kWorld), Protocol::kTcp);
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_FALSE(gone[0].after);
  EXPECT_THAT(gone[0].why, ::testing::StartsWith("the endpoint is gone: "));
}

TEST(ExposureDiff, OfReleasesNamesTheDifferenceThatMakesIt) {
  const World world = world_of(kNode + kDb +
                               "\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: db, "
                               "namespace: shop}\nspec: {podSelector: {}, ingress: [{from: [{podSelector: "
                               "{matchExpressions: [{key: app, operator: In, values: []}]}}]}]}\n");
  const auto changes = of(diff_releases(world, {.release = policy::Release::k1_19_3}, {}), Protocol::kTcp);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(to_string(changes[0].kind), "closed");
  EXPECT_THAT(changes[0].cause, ::testing::HasSubstr("pkg/policy/types/requirements.go"));
}

TEST(PublicEndpoints, AreThoseWithAPublicAddressOrThatMayGetOne) {
  const auto names = [](const std::string& yaml) {
    std::vector<std::string> found;
    for (const PublicEndpoint& endpoint : public_endpoints(world_of(yaml)))
      found.push_back(endpoint.detail.ref.to_string());
    return found;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(kDb), Names{"shop/db"});
  const std::string internal =
      "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: ula, namespace: shop}\nstatus: {podIPs: [{ip: 'fd00::5'}]}\n";
  EXPECT_EQ(names(internal), Names{});
  const std::string web =
      "\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: "
      "{metadata: "
      "{labels: {app: web}}, spec: {containers: []}}}\n";
  EXPECT_EQ(names(web).size(), 1U);
  const std::string ula_node =
      "\n---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\nspec: {podCIDRs: ['fd00::/64']}\n";
  EXPECT_EQ(names(web + ula_node), Names{}) << "its pods get addresses that are not public";
}

}  // namespace
}  // namespace sextant::audit
