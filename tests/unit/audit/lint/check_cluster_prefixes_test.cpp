#include "tests/unit/audit/lint/manifests.h"

namespace sextant::audit::lint::testing {
namespace {

std::vector<Remark> remarks(const std::string& prefix, const policy::Options& options = {}) {
  return remarks_of(ReasonId::kClusterPrefix, cnp("ingress: [{fromCIDR: ['" + prefix + "']}]") + kDb + kNode, options);
}

TEST(ClusterPrefix, IsOneInsideThePodsPrefix) {
  EXPECT_THAT(remarks("2001:db8:1::/64"), ElementsAre(message(HasSubstr("no pod is let in"))));
  EXPECT_THAT(remarks("2001:db8:1::5/128"), SizeIs(1));
  EXPECT_THAT(remarks("fd00:1::/64", {.cluster_networks = {*Prefix::parse("fd00::/16")}}), SizeIs(1));
}

TEST(ClusterPrefix, IsOneThatHoldsANode) {
  EXPECT_THAT(remarks("2001:db8:9::1/128"), ElementsAre(message(HasSubstr("is node n1"))));
  EXPECT_THAT(remarks("2001:db8:9::/64"), ElementsAre(message(HasSubstr("holds node n1"))));
  EXPECT_THAT(remarks("2001:db8:9::/64", {.policy_cidr_match_nodes = true}), IsEmpty());
}

TEST(ClusterPrefix, IsNoneOutsideNorAWideOne) {
  EXPECT_THAT(remarks("2001:db8:100::/48"), IsEmpty());
  EXPECT_THAT(remarks("2001:db8::/32"), IsEmpty());
  EXPECT_THAT(remarks("::/0"), IsEmpty());
}

TEST(ClusterPrefix, IsNoException) {
  EXPECT_THAT(remarks_of(ReasonId::kClusterPrefix,
                         cnp("ingress: [{fromCIDRSet: [{cidr: '::/0', except: ['2001:db8:1::/64']}]}]") + kDb + kNode),
              IsEmpty());
}

}  // namespace
}  // namespace sextant::audit::lint::testing
