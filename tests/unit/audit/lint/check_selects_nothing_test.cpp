#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

const std::string kWebTemplate = R"(
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web}]}}
)";
const std::string kAllowWorld = "ingress: [{fromEntities: [world]}]";

TEST(SelectsNothing, IsSaidWhenThePodsOfTheNamespaceAreOthers) {
  EXPECT_THAT(remarks_of(ReasonId::kSelectsNothing, cnp(kAllowWorld) + kWebTemplate), SizeIs(1));
  EXPECT_THAT(remarks_of(ReasonId::kSelectsNothing, knp("ingress: []") + kWebTemplate), SizeIs(1));
}

TEST(SelectsNothing, IsNotSaidOfAPolicyThatSelectsAPodOrATemplate) {
  EXPECT_THAT(remarks_of(ReasonId::kSelectsNothing, cnp(kAllowWorld) + kDb + kWebTemplate), IsEmpty());
  std::string for_web = cnp(kAllowWorld);
  for_web.replace(for_web.find("app: db"), 7, "app: web");
  EXPECT_THAT(remarks_of(ReasonId::kSelectsNothing, for_web + kWebTemplate), IsEmpty());
}

TEST(SelectsNothing, IsSaidOfAPolicyForEgressOnly) {
  EXPECT_THAT(remarks_of(ReasonId::kSelectsNothing, cnp("egress: [{toEntities: [world]}]") + kDb), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kSelectsNothing, cnp("egress: [{toEntities: [world]}]") + kWebTemplate), SizeIs(1));
}

TEST(SelectsNothing, CannotBeToldWithoutPodsOfTheNamespace) {
  EXPECT_THAT(remarks_of(ReasonId::kSelectsNothing, cnp(kAllowWorld)), IsEmpty());
  std::string elsewhere = kWebTemplate;
  elsewhere.replace(elsewhere.find("namespace: shop"), 15, "namespace: blog");
  EXPECT_THAT(remarks_of(ReasonId::kSelectsNothing, cnp(kAllowWorld) + elsewhere), IsEmpty());
}

}  // namespace
}  // namespace sextant::audit::lint::testing
