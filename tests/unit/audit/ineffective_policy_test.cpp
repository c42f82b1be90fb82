// SXT012, through the auditor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::SizeIs;

struct IneffectivePolicy : Watch, ::testing::Test {
  IneffectivePolicy() { started(); }
  std::vector<FindingChange> look_again() {
    auditor->on_intent(now);
    return settle();
  }
};

TEST_F(IneffectivePolicy, IsOneThatIsRefused) {
  PolicyRef where = cnp("db");
  where.origin = {.file = "db.yaml", .line = 3};
  problems = {{.policy = where, .rejected = true, .reason = "'x' is no CIDR"}};
  const auto changes = look_again();
  ASSERT_THAT(opened(changes), SizeIs(1));
  const Finding& f = changes[0].finding;
  EXPECT_EQ(f.code, "SXT012");
  EXPECT_EQ(f.severity, Severity::kInfo);
  EXPECT_EQ(f.endpoint.ref,
            (EndpointRef{.kind = EndpointKind::kPolicy, .ns = "shop", .name = "CiliumNetworkPolicy/db"}));
  EXPECT_EQ(f.message, "CiliumNetworkPolicy shop/db is refused and has no effect: 'x' is no CIDR");
  EXPECT_EQ(f.evidence.at(0).detail, "'x' is no CIDR (db.yaml:3)");
}

TEST_F(IneffectivePolicy, IsOneThatCannotBeComputedInFull) {
  problems = {{.policy = cnp("db"), .rejected = false, .reason = "fromGroups is not supported"}};
  look_again();
  EXPECT_EQ(open().at(0).message, "CiliumNetworkPolicy shop/db cannot be judged in full: fromGroups is not supported");
}

TEST_F(IneffectivePolicy, IsOneFindingPerObjectWithARefusalFirst) {
  problems = {{.policy = cnp("db"), .rejected = false, .reason = "a"},
              {.policy = cnp("db"), .rejected = true, .reason = "b"}};
  look_again();
  ASSERT_THAT(open(), SizeIs(1));
  EXPECT_THAT(open().at(0).evidence, SizeIs(2));
  EXPECT_EQ(open().at(0).message, "CiliumNetworkPolicy shop/db is refused and has no effect: b");
}

TEST_F(IneffectivePolicy, TellsPoliciesOfTwoKindsApart) {
  PolicyRef other = cnp("db");
  other.kind = ObjectKind::kNetworkPolicy;
  problems = {{.policy = cnp("db"), .rejected = true, .reason = "a"},
              {.policy = other, .rejected = true, .reason = "a"}};
  look_again();
  ASSERT_THAT(open(), SizeIs(2));
  EXPECT_NE(open().at(0).id, open().at(1).id);
}

TEST_F(IneffectivePolicy, ResolvesWhenMendedOrRemoved) {
  problems = {{.policy = cnp("db"), .rejected = true, .reason = "a"},
              {.policy = cnp("web"), .rejected = true, .reason = "a"}};
  world.apply(Object(PolicyObject{.ns = "shop", .name = "db", .body = std::make_shared<PackedDocument>()}));
  look_again();
  problems.clear();
  const auto changes = look_again();
  ASSERT_THAT(resolved(changes), SizeIs(2));
  EXPECT_EQ(changes[0].finding.resolution, "the policy was mended");
  EXPECT_EQ(changes[1].finding.resolution, "the policy was removed");
}

// What lint says of a policy that Cilium takes.
struct PolicyWithoutEffect : Watch, ::testing::Test {
  PolicyWithoutEffect() {
    Lookups all = lookups();
    all.void_policies = [this] { return remarks; };
    auditor.emplace(world, std::move(all), config);
    look();
    static_cast<void>(settle());
  }
  std::vector<FindingChange> look_again() {
    auditor->on_intent(now);
    return settle();
  }

  std::vector<lint::Remark> remarks{};
};

TEST_F(PolicyWithoutEffect, IsToldWithLintsReasonAndFix) {
  PolicyRef where = cnp("db");
  where.origin = {.file = "db.yaml", .line = 3};
  remarks = {{lint::ReasonId::kSelectsNothing, where, "selects no pod", "compare its labels"}};
  world.apply(Object(PolicyObject{.ns = "shop", .name = "db", .body = std::make_shared<PackedDocument>()}));
  const auto changes = look_again();
  ASSERT_THAT(opened(changes), SizeIs(1));
  const Finding& f = changes[0].finding;
  EXPECT_EQ(f.code, "SXT012");
  EXPECT_EQ(f.severity, Severity::kInfo);
  EXPECT_EQ(f.endpoint.ref.name, "CiliumNetworkPolicy/db");
  EXPECT_EQ(f.message, "CiliumNetworkPolicy shop/db selects no pod");
  EXPECT_EQ(f.evidence.at(0).detail, "SXT012/selects-nothing: selects nothing (db.yaml:3)");
  EXPECT_EQ(f.fix, "# compare its labels\n");
  remarks.clear();
  EXPECT_EQ(look_again().at(0).finding.resolution, "the policy has an effect again");
}

TEST_F(PolicyWithoutEffect, ThatIsRefusedIsOneFinding) {
  problems = {{.policy = cnp("db"), .rejected = true, .reason = "a"}};
  remarks = {{lint::ReasonId::kSelectsNothing, cnp("db"), "selects no pod", "compare its labels"}};
  look_again();
  ASSERT_THAT(open("SXT012"), SizeIs(1));
  EXPECT_THAT(open("SXT012").at(0).message, ::testing::HasSubstr("is refused"));
}

}  // namespace
}  // namespace sextant::audit::testing
