#include "agent/policy/release.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sextant::policy {
namespace {

TEST(Release, IsTakenAsWritten) {
  const Result<ReleaseChoice> choice = release_from("v1.18.6");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->release, Release::k1_18_6);
  EXPECT_TRUE(choice->exact);
}

TEST(Release, OfAnotherPatchIsTheKnownOneOfItsMinor) {
  for (const auto& [text, release] : {std::pair("1.17.9", Release::k1_17_0), std::pair("1.19.0", Release::k1_19_3),
                                      std::pair("1.20.2-dev", Release::k1_20_2), std::pair("1.20", Release::k1_20_2)}) {
    const Result<ReleaseChoice> choice = release_from(text);
    ASSERT_TRUE(choice) << text;
    EXPECT_EQ(choice->release, release) << text;
    EXPECT_FALSE(choice->exact) << text;
  }
}

TEST(Release, ThatIsNotKnownIsAnError) {
  for (const auto* text : {"", "1", "1.", "1.16.5", "1.21.0", "2.17.0", "1.19x", "latest", "1.-19"}) {
    EXPECT_FALSE(release_from(text)) << text;
  }
}

TEST(Differences, EachSaysWhatAndWhere) {
  for (const Difference& difference : differences()) {
    EXPECT_FALSE(difference.what.empty());
    EXPECT_NE(difference.source.find("pkg/"), std::string_view::npos) << difference.what;
  }
}

TEST(Differences, EachTellsReleasesApart) {
  for (const Difference& difference : differences()) {
    const auto holding = std::ranges::count(difference.holds, true);
    EXPECT_GT(holding, 0) << difference.what;
    EXPECT_LT(holding, 4) << difference.what;
  }
}

TEST(Differences, AreWhatCodeAsksFor) {
  EXPECT_FALSE(has(Release::k1_19_3, Trait::kAggregates));
  EXPECT_TRUE(has(Release::k1_20_2, Trait::kAggregates));
}

}  // namespace
}  // namespace sextant::policy
