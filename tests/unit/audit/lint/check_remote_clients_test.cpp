#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

std::string service(const std::string& rest) {
  return "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {selector: {app: db}, "
         "ports: "
         "[{port: 80}], " +
         rest + "}\n";
}
const std::string kCluster = cnp("ingress: [{fromEntities: [cluster]}]");

TEST(RemoteClients, ComeThroughOtherNodesToAServiceOfThePod) {
  EXPECT_THAT(remarks_of(ReasonId::kRemoteClients, kCluster + kDb + service("type: LoadBalancer")),
              ElementsAre(message(HasSubstr("service shop/db"))));
  EXPECT_THAT(remarks_of(ReasonId::kRemoteClients,
                         cnp("ingress: [{fromEntities: [remote-node]}]") + kDb + service("type: NodePort")),
              SizeIs(1));
}

TEST(RemoteClients, DoNotComeWhereEveryServiceKeepsThemOut) {
  EXPECT_THAT(remarks_of(ReasonId::kRemoteClients, kCluster + kDb + service("type: ClusterIP")), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kRemoteClients,
                         kCluster + kDb + service("type: LoadBalancer, externalTrafficPolicy: Local")),
              IsEmpty());
}

TEST(RemoteClients, MayComeWhereNoServiceIsKnown) {
  EXPECT_THAT(remarks_of(ReasonId::kRemoteClients, kCluster + kDb), SizeIs(1));
}

TEST(RemoteClients, AreNotMeantByDenialsAndByRulesForEveryone) {
  EXPECT_THAT(remarks_of(ReasonId::kRemoteClients, cnp("ingressDeny: [{fromEntities: [remote-node]}]") + kDb),
              IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kRemoteClients, cnp("ingress: [{fromEntities: [cluster, world]}]") + kDb),
              IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kRemoteClients, cnp("ingress: [{fromEntities: [host]}]") + kDb), IsEmpty());
}

}  // namespace
}  // namespace sextant::audit::lint::testing
