#include "agent/model/labels.h"

#include <gtest/gtest.h>

namespace sextant {
namespace {

TEST(Labels, AreSortedAndFound) {
  const Labels labels{{"team", "a"}, {"app", "web"}};
  EXPECT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels.begin()->first, "app");
  ASSERT_NE(labels.find("team"), labels.end());
  EXPECT_EQ(labels.find("team")->second, "a");
  EXPECT_EQ(labels.find("tea"), labels.end());
  EXPECT_EQ(labels.find("z"), labels.end());
  EXPECT_TRUE(labels.contains("app"));
}

TEST(Labels, OfWhichThereAreNoneAreEmpty) {
  EXPECT_TRUE(Labels().empty());
  EXPECT_EQ(Labels().begin(), Labels().end());
  EXPECT_FALSE(Labels().contains(""));
  EXPECT_EQ(Labels(), Labels(std::vector<Labels::value_type>{}));
}

TEST(Labels, KeepTheFirstOfAKey) {
  const Labels labels{{"a", "1"}, {"a", "2"}};
  EXPECT_EQ(labels.size(), 1U);
  EXPECT_EQ(labels.begin()->second, "1");
}

TEST(Labels, CompareByWhatTheySay) {
  EXPECT_EQ((Labels{{"a", "1"}, {"b", "2"}}), (Labels{{"b", "2"}, {"a", "1"}}));
  EXPECT_NE((Labels{{"a", "1"}}), (Labels{{"a", "2"}}));
  EXPECT_LT((Labels{{"a", "1"}}), (Labels{{"a", "2"}}));
  EXPECT_LT(Labels(), (Labels{{"a", "1"}}));
}

TEST(Labels, AreSharedByCopies) {
  const Labels labels{{"a", "1"}};
  EXPECT_TRUE(labels.is_alone());
  const Labels copy = labels;
  EXPECT_TRUE(copy.shares_with(labels));
  EXPECT_FALSE(labels.is_alone());
}

TEST(LabelPool, KeepsEqualSetsOnce) {
  LabelPool pool;
  const Labels first = pool.shared({{"a", "1"}});
  EXPECT_TRUE(pool.shared({{"a", "1"}}).shares_with(first));
  EXPECT_FALSE(pool.shared({{"a", "2"}}).shares_with(first));
  EXPECT_EQ(pool.size(), 2U);
  pool.shared({});
  EXPECT_EQ(pool.size(), 2U) << "none is no set";
}

TEST(LabelPool, ForgetsSetsThatNobodyHas) {
  LabelPool pool;
  const Labels kept = pool.shared({{"kept", "1"}});
  for (int i = 0; i < 10'000; ++i) {
    pool.shared({{"run", std::to_string(i)}});
    ASSERT_LT(pool.size(), 300U);
  }
  EXPECT_TRUE(pool.shared({{"kept", "1"}}).shares_with(kept));
}

TEST(LabelPool, HoldsAsManyAsThereAre) {
  LabelPool pool;
  std::vector<Labels> all;
  for (int i = 0; i < 1'000; ++i) all.push_back(pool.shared({{"run", std::to_string(i)}}));
  EXPECT_EQ(pool.size(), 1'000U);
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(pool.shared({{"run", std::to_string(i)}}).shares_with(all[i]));
}

}  // namespace
}  // namespace sextant
