#include "agent/datapath/roster.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sextant::datapath {
namespace {

EndpointRef pod(const std::string& name) { return {.kind = EndpointKind::kPod, .ns = "shop", .name = name}; }

TEST(Roster, KeepsTheSeatOfWhoStays) {
  Roster roster(4);
  EXPECT_TRUE(roster.assign(std::vector{pod("a"), pod("b")}).empty());
  const Seat before = *roster.find(pod("b"));
  EXPECT_TRUE(roster.assign(std::vector{pod("b"), pod("c")}).empty());
  EXPECT_EQ(roster.find(pod("b"))->id, before.id);
  EXPECT_EQ(roster.find(pod("b"))->slot, before.slot);
  EXPECT_EQ(roster.find(pod("a")), nullptr);
}

TEST(Roster, NeverUsesAnIdAgain) {
  Roster roster(1);
  std::set<std::uint32_t> ids;
  for (int i = 0; i < 100; ++i) {
    roster.assign(std::vector{pod(std::to_string(i % 3))});
    roster.release();
    roster.assign(std::vector<EndpointRef>());
    roster.release();
    roster.assign(std::vector{pod(std::to_string(i % 3))});
    EXPECT_TRUE(ids.insert(roster.find(pod(std::to_string(i % 3)))->id).second);
    roster.assign(std::vector<EndpointRef>());
    roster.release();
  }
}

TEST(Roster, NamesWhoLeftUntilTheRelease) {
  Roster roster(2);
  roster.assign(std::vector{pod("a")});
  const std::uint32_t id = roster.find(pod("a"))->id;
  roster.assign(std::vector<EndpointRef>());
  ASSERT_EQ(roster.departed().size(), 1U);
  EXPECT_EQ(*roster.find(id), pod("a"));
  roster.release();
  EXPECT_EQ(roster.find(id), nullptr);
  EXPECT_TRUE(roster.departed().empty());
}

TEST(Roster, DoesNotReuseASlotBeforeTheRelease) {
  Roster roster(1);
  roster.assign(std::vector{pod("a")});
  const std::uint16_t slot = roster.find(pod("a"))->slot;
  EXPECT_TRUE(roster.assign(std::vector{pod("b")}).empty());
  EXPECT_NE(roster.find(pod("b"))->slot, slot);
  EXPECT_EQ(roster.assign(std::vector{pod("c")}), std::vector{pod("c")});
  roster.release();
  EXPECT_TRUE(roster.assign(std::vector{pod("c")}).empty());
}

TEST(Roster, HasRoomWhenAllAreReplacedEvenAfterTooManyWereNamed) {
  Roster roster(2);
  EXPECT_EQ(roster.assign(std::vector{pod("a"), pod("b"), pod("c")}), std::vector{pod("c")});
  roster.release();
  EXPECT_TRUE(roster.assign(std::vector{pod("d"), pod("e")}).empty());
  roster.release();
  EXPECT_TRUE(roster.assign(std::vector{pod("f"), pod("g")}).empty());
}

TEST(Roster, SaysWhoIsBeyondTheLimit) {
  Roster roster(2);
  EXPECT_EQ(roster.assign(std::vector{pod("a"), pod("b"), pod("c")}), std::vector{pod("c")});
  EXPECT_EQ(roster.find(pod("c")), nullptr);
  EXPECT_EQ(roster.seats().size(), 2U);
}

TEST(Roster, GivesDifferentEndpointsDifferentSlots) {
  Roster roster(100);
  std::vector<EndpointRef> endpoints;
  for (int i = 0; i < 100; ++i) endpoints.push_back(pod(std::to_string(i)));
  EXPECT_TRUE(roster.assign(endpoints).empty());
  std::set<std::uint16_t> slots;
  for (const auto& [endpoint, seat] : roster.seats()) slots.insert(seat.slot);
  EXPECT_EQ(slots.size(), 100U);
  EXPECT_LT(*slots.rbegin(), 200U);
}

TEST(Roster, TakesAnEndpointThatIsNamedTwiceOnce) {
  Roster roster(2);
  EXPECT_TRUE(roster.assign(std::vector{pod("a"), pod("a"), pod("b")}).empty());
  EXPECT_EQ(roster.seats().size(), 2U);
}

}  // namespace
}  // namespace sextant::datapath
