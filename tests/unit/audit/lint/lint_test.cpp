#include "agent/audit/lint/lint.h"

#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

TEST(Lint, SaysNothingOfAPolicyThatIsAsItShouldBe) {
  const Report report =
      report_of(cnp("ingress:\n"
                    "  - {fromCIDR: ['2001:db8:100::/48'], toPorts: [{ports: [{port: '5432', protocol: TCP}]}]}\n"
                    "  - {fromEntities: [world], icmps: [{fields: [{family: IPv6, type: PacketTooBig}]}]}") +
                kDb + kNode);
  EXPECT_THAT(report.remarks, IsEmpty());
  EXPECT_EQ(report.policies, 1U);
}

TEST(Lint, NamesFileAndLineOfTheRule) {
  const auto remarks = report_of(
                           "apiVersion: cilium.io/v2\n"
                           "kind: CiliumNetworkPolicy\n"
                           "metadata: {name: db, namespace: shop}\n"
                           "spec:\n"
                           "  endpointSelector: {}\n"
                           "  ingress:\n"
                           "  - fromEntities: [cluster]\n")
                           .remarks;
  ASSERT_THAT(remarks, SizeIs(1));
  EXPECT_EQ(remarks[0].policy.origin.to_string(), "policies.yaml:7");
}

TEST(Lint, IsSilencedByAnAnnotationForThatReasonAlone) {
  std::string yaml = cnp("ingress: [{fromEntities: [cluster]}, {fromCIDR: ['2001:db8::1/32']}]");
  EXPECT_THAT(report_of(yaml).remarks, Contains(Field(&Remark::reason, ReasonId::kRemoteClients)));
  yaml.replace(yaml.find(", namespace"), 0,
               ", annotations: {sextant.dev/lint-ignore: 'one-family, SXT012/remote-clients'}");
  const Report report = report_of(yaml);
  EXPECT_THAT(report.remarks, Not(Contains(Field(&Remark::reason, ReasonId::kRemoteClients))));
  EXPECT_THAT(report.remarks, Contains(Field(&Remark::reason, ReasonId::kHostBits)));
  EXPECT_EQ(report.silenced, 1U);
}

TEST(Lint, SurvivesPoliciesThatAreNotEvenMaps) {
  for (const std::string spec :
       {"spec: 7", "spec: []", "spec: {ingress: 7}", "spec: {ingress: [7]}", "specs: [7, null]",
        "spec: {endpointSelector: [], ingress: [{fromEndpoints: {}}, {fromCIDR: x}, {toPorts: 8}]}",
        "spec: {endpointSelector: {matchLabels: 3, matchExpressions: [3]}, ingress: [{fromCIDRSet: [3]}]}"}) {
    const Report report =
        report_of("apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a, namespace: b}\n" + spec);
    EXPECT_THAT(report.remarks, Not(IsEmpty())) << spec;
  }
}

TEST(Reasons, HaveWordsOfTheirOwn) {
  std::set<std::string_view> words;
  for (const Reason& reason : reasons()) {
    EXPECT_TRUE(words.insert(reason.word).second) << reason.word;
    EXPECT_FALSE(reason.help.empty() || reason.title.empty()) << reason.word;
    EXPECT_EQ(code_of(reason), "SXT012/" + std::string(reason.word));
  }
}

}  // namespace
}  // namespace sextant::audit::lint::testing
