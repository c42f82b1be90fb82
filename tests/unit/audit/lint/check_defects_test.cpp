#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

using policy::Release;

const std::string kBlock = knp("ingress: [{from: [{ipBlock: {cidr: '2001:db8:100::/48'}}], ports: [{port: 5432}]}]");

TEST(Defects, IpBlockLetsTheNamespaceInBefore1195) {
  const auto remarks = remarks_of(ReasonId::kDefect, kBlock + kDb, of_release(Release::k1_19_3));
  ASSERT_THAT(remarks, SizeIs(1));
  EXPECT_THAT(remarks[0].message,
              AllOf(HasSubstr("CVE-2026-56743"), HasSubstr("pods of shop"), HasSubstr("let in to shop/db"),
                    HasSubstr("5432/TCP"), HasSubstr("should be denied")));
  EXPECT_THAT(remarks[0].fix, HasSubstr("1.19.5"));
  EXPECT_THAT(remarks[0].policy.rule, HasSubstr("spec.ingress[0]"));
}

TEST(Defects, AreNoneWhereThePatchOrTheReleaseMendedThem) {
  EXPECT_THAT(remarks_of(ReasonId::kDefect, kBlock + kDb, of_release(policy::release_from("1.19.5")->release)),
              IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kDefect, kBlock + kDb, of_release(Release::k1_20_2)), IsEmpty());
  EXPECT_THAT(remarks_of(ReasonId::kDefect, kBlock + kDb, of_release(Release::k1_17_0)), IsEmpty());
}

TEST(Defects, AreNoneWhereTheRuleLetsTheNamespaceInAnyway) {
  EXPECT_THAT(remarks_of(ReasonId::kDefect,
                         kBlock + knp("ingress: [{from: [{podSelector: {}}], ports: [{port: 5432}]}]", "own") + kDb,
                         of_release(Release::k1_19_3)),
              IsEmpty());
}

TEST(Defects, IpBlockIsRejectedIn118WithTheOption) {
  policy::Options options = of_release(Release::k1_18_6);
  EXPECT_THAT(remarks_of(ReasonId::kDefect, kBlock + kDb, options), IsEmpty());
  options.policy_default_local_cluster = true;
  EXPECT_THAT(remarks_of(ReasonId::kDefect, kBlock + kDb, options), Contains(message(HasSubstr("ipblock-rejected"))));
}

TEST(Defects, FromNodesMatchesMoreThanNodesIn1170) {
  policy::Options options = of_release(Release::k1_17_0);
  options.enable_node_selector_labels = true;
  const std::string nodes = cnp("ingress: [{fromNodes: [{}]}]") + kDb + kNode;
  EXPECT_THAT(remarks_of(ReasonId::kDefect, nodes, options),
              Contains(AllOf(message(AllOf(HasSubstr("CVE-2025-30163"), HasSubstr("the internet"))),
                             fix(HasSubstr("1.17.2")))));
  options.release = policy::release_from("1.17.2")->release;
  EXPECT_THAT(remarks_of(ReasonId::kDefect, nodes, options), IsEmpty());
}

TEST(Defects, NegativeSelectorsMatchAggregatesIn1202) {
  const std::string negative =
      cnp("ingress: [{fromEndpoints: [{matchExpressions: [{key: 'reserved:world', operator: DoesNotExist}]}]}, "
          "{fromCIDR: ['2001:db8:100::/48'], toPorts: [{ports: [{port: '80', protocol: TCP}]}]}]");
  EXPECT_THAT(remarks_of(ReasonId::kDefect, negative + kDb, of_release(Release::k1_20_2)),
              Contains(message(AllOf(HasSubstr("negative-selector-aggregates"), HasSubstr("2001:db8:100::/48")))));
  EXPECT_THAT(remarks_of(ReasonId::kDefect, negative + kDb, of_release(Release::k1_18_6)), IsEmpty());
}

TEST(Defects, APodLabelledHostIsOpenBefore120) {
  std::string pod = kDb;
  pod.replace(pod.find("app: db"), 7, "app: db, host: x");
  const std::string yaml = cnp("ingress: [{fromEndpoints: [{}]}]") + pod;
  EXPECT_THAT(remarks_of(ReasonId::kDefect, yaml, of_release(Release::k1_18_6)),
              Contains(message(HasSubstr("host-label"))));
  EXPECT_THAT(remarks_of(ReasonId::kDefect, yaml, of_release(Release::k1_20_2)), IsEmpty());
}

}  // namespace
}  // namespace sextant::audit::lint::testing
