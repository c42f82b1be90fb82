#include "agent/audit/lint/stand_ins.h"

#include <set>

#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint {
namespace {

using testing::kDb;
using testing::kNode;
using testing::world_of;

std::string policy(const std::string& ingress) {
  return "\n---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: db, namespace: shop}\n"
         "spec: {endpointSelector: {matchLabels: {app: db}}, ingress: [" +
         ingress + "]}\n";
}

template <class T>
std::vector<T> made(const std::string& yaml) {
  const World world = world_of(yaml);
  std::vector<T> found;
  for (Object& object : stand_ins(world)) {
    if (auto* one = std::get_if<T>(&object)) found.push_back(std::move(*one));
  }
  return found;
}

// "shop app=web tier=front", for pods that have labels.
std::set<std::string> labelled(const std::string& yaml) {
  std::set<std::string> found;
  for (const Pod& pod : made<Pod>(yaml)) {
    std::string text = pod.ns;
    for (const auto& [key, value] : pod.labels) text += " " + key + "=" + value;
    if (!pod.labels.empty()) found.insert(text);
  }
  return found;
}

using Texts = std::set<std::string>;

TEST(StandIns, AreANodeAndAPodWithoutLabelsInEachNamespace) {
  EXPECT_EQ(made<Node>(kNode + kDb).size(), 1U);
  std::set<std::string> namespaces;
  for (const Pod& pod : made<Pod>(kNode + kDb)) namespaces.insert(pod.ns);
  EXPECT_EQ(namespaces, (Texts{"shop", std::string(kStandIn)}));
  EXPECT_EQ(labelled(kNode + kDb), Texts{});
}

TEST(StandIns, AreWhomRulesSpeakOf) {
  EXPECT_EQ(labelled(policy("{fromEndpoints: [{matchLabels: {app: web, 'k8s:tier': front}}]}")),
            Texts{"shop app=web tier=front"});
  EXPECT_EQ(labelled(policy("{fromEndpoints: [{matchLabels: {app: web, 'k8s:io.kubernetes.pod.namespace': ops}}]}")),
            Texts{"ops app=web"});
  EXPECT_EQ(labelled(policy("{fromEndpoints: [{matchExpressions: [{key: app, operator: In, values: [a, b]}]}]}")),
            (Texts{"shop app=a", "shop app=b"}));
  EXPECT_EQ(labelled(policy("{fromEndpoints: [{matchExpressions: [{key: app, operator: Exists}]}]}")),
            Texts{"shop app=x"});
  EXPECT_EQ(labelled(policy("{fromEndpoints: [{matchLabels: {'reserved:host': ''}}]}")), Texts{});
}

TEST(StandIns, OfAnInWithManyValuesAreAFew) {
  std::string values;
  for (int i = 0; i < 17; ++i) values += (i == 0 ? "v" : ", v") + std::to_string(i);
  EXPECT_EQ(
      labelled(policy("{fromEndpoints: [{matchExpressions: [{key: app, operator: In, values: [" + values + "]}]}]}"))
          .size(),
      16U);
}

TEST(StandIns, OfANamespaceSelectorAreInANamespaceThatItSelects) {
  const std::string peers =
      "\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: db, namespace: shop}\n"
      "spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}, podSelector: "
      "{matchLabels: {app: web}}}]}]}\n";
  const std::string given = "\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: tools, labels: {team: ops}}\n";
  EXPECT_EQ(labelled(peers + given), Texts{"tools app=web"});
  const auto namespaces = made<Namespace>(peers);
  ASSERT_EQ(namespaces.size(), 1U);
  EXPECT_EQ(namespaces[0].labels, (Labels{{"team", "ops"}}));
  EXPECT_EQ(labelled(peers), Texts{namespaces[0].name + " app=web"});
}

TEST(StandIns, HoldAddressesThatAreNobodys) {
  std::set<IpAddress> addresses;
  const std::vector<Pod> pods = made<Pod>(kNode + kDb + policy("{fromEndpoints: [{matchLabels: {app: web}}]}"));
  for (const Pod& pod : pods) {
    ASSERT_EQ(pod.addresses.size(), 1U);
    addresses.insert(pod.addresses[0]);
    EXPECT_TRUE(is_stand_in({.sample = pod.addresses[0]}));
  }
  EXPECT_EQ(addresses.size(), pods.size()) << "each its own";
  EXPECT_FALSE(is_stand_in({.sample = IpAddress::parse("2001:db8:1::5").value()}));
}

TEST(SelectedBy, IsAPodWithTheLabelsThatAreAskedFor) {
  const auto selected = [](const std::string& selector, const std::string& ns) {
    return selected_by(parse_yaml(selector)->front(), ns);
  };
  const auto pod = selected("{matchLabels: {app: db}, matchExpressions: [{key: tier, operator: Exists}]}", "shop");
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->ns, "shop");
  EXPECT_EQ(pod->labels, (Labels{{"app", "db"}, {"tier", "x"}}));
  EXPECT_EQ(selected("{matchLabels: {'k8s:io.kubernetes.pod.namespace': ops}}", "")->ns, "ops");
  EXPECT_FALSE(selected("{matchLabels: {'reserved:host': ''}}", "shop"));
}

}  // namespace
}  // namespace sextant::audit::lint
