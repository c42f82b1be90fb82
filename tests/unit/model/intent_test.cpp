#include "agent/model/intent.h"

#include <gtest/gtest.h>

namespace sextant {
namespace {

IntentCell cell(Protocol protocol, std::uint16_t first, std::uint16_t last, Verdict verdict) {
  return {.protocol = protocol, .first_port = first, .last_port = last, .verdict = verdict};
}

IntentRow sample_row() {
  return {.source = std::make_shared<SourceClass>(SourceClass{.id = 7}),
          .cells = {cell(Protocol::kAny, 0, 65535, Verdict::kAuth), cell(Protocol::kTcp, 0, 442, Verdict::kDeny),
                    cell(Protocol::kTcp, 443, 443, Verdict::kAllow), cell(Protocol::kTcp, 444, 65535, Verdict::kDeny),
                    cell(Protocol::kUdp, 0, 65535, Verdict::kRedirect)}};
}

TEST(IntentRow, FindsTheCellOfAPort) {
  const IntentRow row = sample_row();
  EXPECT_EQ(row.cell(Protocol::kTcp, 0).last_port, 442);
  EXPECT_EQ(row.cell(Protocol::kTcp, 442).verdict, Verdict::kDeny);
  EXPECT_EQ(row.cell(Protocol::kTcp, 443).verdict, Verdict::kAllow);
  EXPECT_EQ(row.cell(Protocol::kTcp, 444).first_port, 444);
  EXPECT_EQ(row.cell(Protocol::kTcp, 65535).verdict, Verdict::kDeny);
  EXPECT_EQ(row.cell(Protocol::kUdp, 53).verdict, Verdict::kRedirect);
}

TEST(IntentRow, TakesOtherProtocolsForAny) {
  const IntentRow row = sample_row();
  EXPECT_EQ(row.cell(Protocol::kGre, 0).verdict, Verdict::kAuth);
  EXPECT_EQ(row.cell(static_cast<Protocol>(200), 0).verdict, Verdict::kAuth);
  EXPECT_EQ(row.cell(Protocol::kAny, 0).verdict, Verdict::kAuth);
}

TEST(IntentRow, WithoutACellIsUnknownAndNeverAllowed) {
  EXPECT_EQ(IntentRow{}.cell(Protocol::kTcp, 443).verdict, Verdict::kUnknown);
  EXPECT_FALSE(IntentRow{}.cell(Protocol::kTcp, 443).why.empty());
  const IntentRow gap{.cells = {cell(Protocol::kTcp, 10, 20, Verdict::kAllow)}};
  EXPECT_EQ(gap.cell(Protocol::kTcp, 9).verdict, Verdict::kUnknown);
  EXPECT_EQ(gap.cell(Protocol::kTcp, 21).verdict, Verdict::kUnknown);
  EXPECT_EQ(gap.cell(Protocol::kUdp, 15).verdict, Verdict::kUnknown);
}

std::shared_ptr<const SourceClass> source(ClassId id, std::string name) {
  return std::make_shared<const SourceClass>(SourceClass{.id = id, .name = std::move(name)});
}

TEST(EndpointIntent, FindsTheRowOfAClass) {
  const EndpointIntent intent{.rows = {{.source = source(9, "")}, sample_row(), {.source = source(3, "z")}}};
  ASSERT_TRUE(intent.row(7).has_value());
  EXPECT_EQ(intent.row(7)->cells.size(), 5U);
  EXPECT_EQ(intent.row(3)->source->name, "z");
  EXPECT_FALSE(intent.row(8).has_value());
  EXPECT_FALSE(intent.row(10).has_value());
  EXPECT_FALSE(EndpointIntent{}.row(7).has_value());
}

TEST(SourceClasses, AreFoundByIdInWhateverOrderTheyAre) {
  const SourceClasses classes({source(5, "a"), source(2, "b"), source(9, "c")});
  EXPECT_EQ(classes.find(5), 0U);
  EXPECT_EQ(classes.find(2), 1U);
  EXPECT_EQ(classes.find(9), 2U);
  EXPECT_EQ(classes.find(1), std::nullopt);
  EXPECT_EQ(classes.find(10), std::nullopt);
  EXPECT_EQ(classes.by_id(), (std::vector<std::uint32_t>{1, 0, 2}));
}

TEST(IntentRows, KeepRowsThatShareTheirCellsAsOneListOfCells) {
  const SharedCells open{cell(Protocol::kAny, 0, 65535, Verdict::kAllow)};
  const SharedCells closed{cell(Protocol::kAny, 0, 65535, Verdict::kDeny)};
  const IntentRows rows{{.source = source(1, "a"), .cells = open},
                        {.source = source(2, "b"), .cells = closed},
                        {.source = source(3, "c"), .cells = open}};
  EXPECT_EQ(rows.cells().size(), 2U);
  EXPECT_EQ(rows.cells_of(), (std::vector<std::uint32_t>{0, 1, 0}));
  std::string names;
  for (const IntentRow& row : rows) names += row.source->name + (row.cells.shares_with(open) ? "+" : "-");
  EXPECT_EQ(names, "a+b-c+");
  const IntentRows copy = rows;
  EXPECT_EQ(copy.identity(), rows.identity());
  const IntentRows none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.begin(), none.end());
}

TEST(PolicyRef, IsTheSameWhereverItWasWritten) {
  PolicyRef one{.ns = "shop", .name = "db", .rule = "spec.ingress[0]", .origin = {.file = "a.yaml"}};
  PolicyRef two = one;
  two.origin.file = "b.yaml";
  EXPECT_EQ(one, two);
  two.rule = "spec.ingress[1]";
  EXPECT_NE(one, two);
  EXPECT_EQ(one.to_string(), "CiliumNetworkPolicy shop/db");
}

TEST(Because, TellsIntentFromDefault) {
  EXPECT_EQ(to_string(Because::kRule), "rule");
  EXPECT_EQ(to_string(Because::kDenyRule), "deny rule");
  EXPECT_EQ(to_string(Because::kUnknown), "unknown");
  EXPECT_TRUE(by_default(Because::kDefaultAllow));
  EXPECT_TRUE(by_default(Because::kNotEnforced));
  EXPECT_FALSE(by_default(Because::kRule));
  EXPECT_FALSE(by_default(Because::kDefaultDeny));
}

TEST(SharedList, HoldsOneListForAllItsCopies) {
  const SharedPolicies list{{.name = "a"}, {.name = "b"}};
  const SharedPolicies copy = list;
  EXPECT_TRUE(copy.shares_with(list));
  EXPECT_EQ(copy.identity(), list.identity());
  EXPECT_EQ(copy[1].name, "b");
  const SharedPolicies equal{{.name = "a"}, {.name = "b"}};
  EXPECT_FALSE(equal.shares_with(list));
  EXPECT_EQ(equal, list);
  EXPECT_NE(SharedPolicies{{.name = "a"}}, list);
}

TEST(SharedList, IsEmptyUnlessGivenSomething) {
  const SharedPolicies none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.size(), 0u);
  EXPECT_EQ(none.begin(), none.end());
  EXPECT_EQ(none, SharedPolicies(std::vector<PolicyRef>{}));
  EXPECT_EQ(none.identity(), nullptr);
}

TEST(PortMapOfClass, HoldsEachClassOnceInOrder) {
  PortMapOfClass maps{{7, 1}, {3, 2}};
  maps.set(5, 3);
  maps.set(7, 4);
  maps.set(9, 5);
  EXPECT_EQ(std::vector(maps.begin(), maps.end()),
            (std::vector<PortMapOfClass::Entry>{{3, 2}, {5, 3}, {7, 4}, {9, 5}}));
  EXPECT_EQ(maps.size(), 4U);
  EXPECT_EQ(maps.find(5), 3U);
  EXPECT_EQ(maps.find(4), std::nullopt);
  EXPECT_EQ(maps.find(10), std::nullopt);
  EXPECT_TRUE(PortMapOfClass().empty());
}

TEST(KernelPolicy, AClassWithoutAPortMapOfItsOwnHasTheDefault) {
  const KernelPolicy policy{.default_port_map = 6, .port_map_of_class = {{3, 2}}};
  EXPECT_EQ(policy.port_map(3), 2U);
  EXPECT_EQ(policy.port_map(4), 6U);
}

}  // namespace
}  // namespace sextant
