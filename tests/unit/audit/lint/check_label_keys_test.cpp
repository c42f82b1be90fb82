#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

std::string from(const std::string& selector) { return cnp("ingress: [{fromEndpoints: [" + selector + "]}]"); }

TEST(FilteredLabel, IsOneThatNeverReachesAnIdentity) {
  EXPECT_THAT(remarks_of(ReasonId::kFilteredLabel, from("{matchLabels: {pod-template-hash: abc}}")),
              ElementsAre(message(HasSubstr("nobody is meant by it"))));
  EXPECT_THAT(
      remarks_of(ReasonId::kFilteredLabel,
                 from("{matchExpressions: [{key: 'k8s:statefulset.kubernetes.io/pod-name', operator: DoesNotExist}]}")),
      ElementsAre(message(HasSubstr("matches everything"))));
  std::string subject = cnp("ingress: [{fromEntities: [world]}]");
  subject.replace(subject.find("app: db"), 7, "kubernetes.io/hostname: n1");
  EXPECT_THAT(remarks_of(ReasonId::kFilteredLabel, subject), ElementsAre(message(HasSubstr("selects nothing by it"))));
  EXPECT_THAT(remarks_of(ReasonId::kFilteredLabel,
                         knp("ingress: [{from: [{podSelector: {matchLabels: {controller-revision-hash: x}}}]}]")),
              SizeIs(1));
}

TEST(FilteredLabel, IsNoneThatCiliumKeeps) {
  EXPECT_THAT(remarks_of(ReasonId::kFilteredLabel,
                         from("{matchLabels: {app.kubernetes.io/name: web, 'k8s:io.kubernetes.pod.namespace': blog}}")),
              IsEmpty());
  EXPECT_THAT(
      remarks_of(ReasonId::kFilteredLabel,
                 from("{matchLabels: {'k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name': blog}}")),
      IsEmpty());
  EXPECT_THAT(
      remarks_of(ReasonId::kFilteredLabel,
                 knp("ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: blog}}}]}]")),
      IsEmpty());
}

TEST(FilteredLabel, IsAReservedOneThatNobodyCarries) {
  EXPECT_THAT(remarks_of(ReasonId::kFilteredLabel, from("{matchLabels: {'reserved:internet': ''}}")), SizeIs(1));
  EXPECT_THAT(remarks_of(ReasonId::kFilteredLabel, from("{matchLabels: {'reserved:ingress': ''}}")), IsEmpty());
  const std::string world = from("{matchLabels: {'reserved:world': ''}}");
  EXPECT_THAT(remarks_of(ReasonId::kFilteredLabel, world), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kFilteredLabel, world, {.dual_stack = true}), SizeIs(1));
}

}  // namespace
}  // namespace sextant::audit::lint::testing
