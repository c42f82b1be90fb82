// The classes as one node sees them, and what stays the same when they are cut anew.
#include "agent/policy/outlook.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::node;
using test::pod;
using test::Scene;

class OutlookTest : public testing::Test {
 protected:
  Outlook outlook(std::string_view on_node) {
    cluster_.forget();
    return make_outlook(std::make_shared<const Classes>(cluster_, scene_.world, scene_.options, symbols_, identities_,
                                                        known_, names_, on_node),
                        cluster_, on_node, ++serial_);
  }
  static std::size_t index(const Outlook& outlook, std::string_view name) {
    const SourceClasses& sources = *outlook.classes->sources();
    return static_cast<std::size_t>(std::ranges::find(sources, name, [](const auto& source) { return source->name; }) -
                                    sources.begin());
  }

  Scene scene_{{node("n1", "2001:db8::1"), node("n2", "2001:db8::2"), pod("shop/web", "app: web", "2001:db8:1::1")}};
  Symbols symbols_{};
  Identities identities_{};
  KnownPrefixes known_{};
  ClassNames names_{};
  Cluster cluster_{scene_.world, scene_.options, symbols_, identities_, known_};
  std::uint64_t serial_ = 0;
};

TEST_F(OutlookTest, KnowsWhoEachMemberIs) {
  const Outlook mine = outlook("n1");
  EXPECT_TRUE(mine.peers[index(mine, "host")].local_host);
  EXPECT_FALSE(mine.peers[index(mine, "remote-node")].local_host);
  EXPECT_TRUE(mine.peers[index(mine, "world")].outside);
}

TEST_F(OutlookTest, OfTheSameClassesIsEqual) {
  const Outlook before = outlook("n1");
  Outlook after = outlook("n1");
  after.compare_with(before);
  EXPECT_TRUE(after.equals(before));
}

TEST_F(OutlookTest, FindsWhatStayedTheSame) {
  const Outlook before = outlook("n1");
  known_.add_policy_prefix(Prefix::parse("2001:db8:9::/48").value());
  Outlook after = outlook("n1");
  after.compare_with(before);
  EXPECT_FALSE(after.equals(before));
  EXPECT_EQ(after.same_as[index(after, "2001:db8:9::/48")], Outlook::kNew);
  EXPECT_EQ(after.same_as[index(after, "host")], index(before, "host"));
  EXPECT_EQ(after.same_as[index(after, "world")], index(before, "world"));
}

TEST_F(OutlookTest, OfOnePlaceDiffersFromAnothers) {
  const Outlook one = outlook("n1");
  Outlook two = outlook("n2");
  two.compare_with(one);
  EXPECT_FALSE(two.equals(one));
  EXPECT_TRUE(two.peers[index(two, "host")].local_host);
  EXPECT_EQ(two.same_as[index(two, "world")], index(one, "world"));
}

}  // namespace
}  // namespace sextant::policy
