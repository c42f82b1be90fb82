#include "agent/audit/intent_changes.h"

#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

EndpointIntent intent(std::vector<std::pair<std::shared_ptr<const SourceClass>, std::vector<IntentCell>>> rows) {
  std::vector<IntentRow> made;
  for (auto& [source, cells] : rows) made.push_back({.source = std::move(source), .cells = std::move(cells)});
  std::ranges::sort(made, {}, [](const IntentRow& r) { return r.source->name; });
  return {.endpoint = kDb, .rows = std::move(made)};
}

struct IntentChangesTest : ::testing::Test {
  std::shared_ptr<const SourceClass> world = source_class(1, "world", {prefix("2000::/3")}, {}, "2600::1");
  EndpointIntent closed_db = intent({{world, closed(cnp("db"))}});
  EndpointIntent open_db = intent({{world, only_tcp(5432, cnp("db"))}});
  IntentChanges changes;

  std::optional<Time> changed(std::uint16_t port, Protocol protocol = Protocol::kTcp,
                              const std::string& name = "world") {
    return changes.last_change(kDb, name, protocol, port);
  }
};

TEST_F(IntentChangesTest, NoteExactlyThePortsWhoseStanceChanged) {
  changes.note(closed_db, open_db, kStart);
  EXPECT_EQ(changed(5432), kStart);
  EXPECT_EQ(changed(5431), std::nullopt);
  EXPECT_EQ(changed(5433), std::nullopt);
  EXPECT_EQ(changed(5432, Protocol::kUdp), std::nullopt);
  EXPECT_EQ(changed(5432, Protocol::kTcp, "elsewhere"), std::nullopt);
}

TEST_F(IntentChangesTest, RememberTheLatest) {
  changes.note(closed_db, open_db, kStart);
  changes.note(open_db, closed_db, kStart + seconds(5));
  EXPECT_EQ(changed(5432), kStart + seconds(5));
}

TEST_F(IntentChangesTest, AnotherReasonForTheSameStanceIsNone) {
  changes.note(closed_db, intent({{world, everything(Verdict::kDeny, Because::kDenyRule)}}), kStart);
  EXPECT_EQ(changed(5432), std::nullopt);
}

TEST_F(IntentChangesTest, FromDefaultAllowToARuleIsOne) {
  changes.note(intent({{world, open_by_default()}}), open_db, kStart);
  EXPECT_EQ(changed(5432), kStart);
}

TEST_F(IntentChangesTest, CoverProtocolsWithoutCellsOfTheirOwn) {
  changes.note(intent({{world, open_by_default()}}), closed_db, kStart);
  EXPECT_EQ(changed(0, Protocol::kGre), kStart);
}

TEST_F(IntentChangesTest, AProtocolThatGetsCellsOfItsOwnIsComparedWithThoseItShared) {
  auto cells = closed(cnp("db"));
  cells.insert(std::ranges::find(cells, Protocol::kIcmpv6, &IntentCell::protocol),
               cell(Protocol::kGre, 0, 65535, Verdict::kAllow, Because::kRule));
  changes.note(closed_db, intent({{world, cells}}), kStart);
  EXPECT_EQ(changed(0, Protocol::kGre), kStart);
  EXPECT_EQ(changed(0, Protocol::kEsp), std::nullopt);
  EXPECT_EQ(changed(5432), std::nullopt);
}

TEST_F(IntentChangesTest, AClassUnderANewIdIsTheClassOfThatName) {
  const auto anew = source_class(7, "world", {prefix("2000::/3")}, {prefix("2600::/16")}, "2000::1");
  changes.note(closed_db, intent({{anew, closed(cnp("db"))}}), kStart);
  EXPECT_EQ(changed(5432), std::nullopt);
  changes.note(closed_db, intent({{anew, only_tcp(5432, cnp("db"))}}), kStart);
  EXPECT_EQ(changed(5432), kStart);
}

TEST_F(IntentChangesTest, AClassCutOutOfAnotherIsComparedWithIt) {
  const auto cut = source_class(8, "2600::/16", {prefix("2600::/16")}, {}, "2600::1");
  changes.note(closed_db, intent({{world, closed(cnp("db"))}, {cut, only_tcp(5432, cnp("db"))}}), kStart);
  EXPECT_EQ(changed(5432, Protocol::kTcp, "2600::/16"), kStart);
  EXPECT_EQ(changed(5432), std::nullopt);
}

TEST_F(IntentChangesTest, AreForgottenWhenOld) {
  changes.note(closed_db, open_db, kStart);
  changes.prune(kStart);
  EXPECT_EQ(changed(5432), kStart);
  changes.prune(kStart + seconds(1));
  EXPECT_EQ(changed(5432), std::nullopt);
}

TEST_F(IntentChangesTest, OfAnEndpointAreForgottenWithIt) {
  changes.note(closed_db, open_db, kStart);
  changes.forget(kDb);
  EXPECT_EQ(changed(5432), std::nullopt);
}

TEST(RowHolding, PrefersTheMostSpecificClass) {
  const auto world = source_class(1, "world", {prefix("2000::/3")}, {prefix("2001:db8::/48")}, "2600::1");
  const auto wide = source_class(2, "2600::/16", {prefix("2600::/16")}, {}, "2600::1");
  const EndpointIntent both = intent({{world, {}}, {wide, {}}});
  EXPECT_EQ(row_holding(both, ip("2600::9"))->source, wide);
  EXPECT_EQ(row_holding(both, ip("2a00::9"))->source, world);
  EXPECT_FALSE(row_holding(both, ip("2001:db8::9")).has_value());
  EXPECT_FALSE(row_holding(both, ip("fd00::1")).has_value());
}

}  // namespace
}  // namespace sextant::audit::testing
