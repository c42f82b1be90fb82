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
  for (const auto& [text, release] : {std::pair("1.17.1", Release::k1_17_0), std::pair("1.19.0", Release::k1_19_3),
                                      std::pair("1.20.2-dev", Release::k1_20_2), std::pair("1.20", Release::k1_20_2)}) {
    const Result<ReleaseChoice> choice = release_from(text);
    ASSERT_TRUE(choice) << text;
    EXPECT_EQ(choice->release, release) << text;
    EXPECT_FALSE(choice->exact) << text;
  }
}

TEST(Release, HasNoDefectThatItsPatchMended) {
  const Release before = release_from("1.19.4")->release;
  const Release after = release_from("1.19.5")->release;
  EXPECT_FALSE(has(before, Trait::kIpBlockExclusive));
  EXPECT_TRUE(has(after, Trait::kIpBlockExclusive));
  EXPECT_EQ(to_string(after), "1.19.3");
  EXPECT_FALSE(has(release_from("1.17.1")->release, Trait::kNodePeersOnly));
  EXPECT_TRUE(has(release_from("1.17.2")->release, Trait::kNodePeersOnly));
}

TEST(Release, WithATraitChangedDiffersInThatAlone) {
  const Release mended = changed(Release::k1_20_2, Trait::kAggregates);
  for (const Difference& difference : differences()) {
    const bool same = has(mended, difference.trait) == has(Release::k1_20_2, difference.trait);
    EXPECT_EQ(same, difference.trait != Trait::kAggregates) << difference.what;
  }
  EXPECT_EQ(changed(mended, Trait::kAggregates), Release::k1_20_2);
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

TEST(Defects, NameARelease) {
  for (const Defect& defect : defects()) {
    EXPECT_GT(std::ranges::count(defect.in, true), 0) << defect.id;
    EXPECT_FALSE(defect.what.empty() || defect.source.empty()) << defect.id;
  }
}

TEST(Defects, AreGoneWhereTheyAreMended) {
  const Defect& cve = defects().front();
  ASSERT_EQ(cve.id, "CVE-2026-56743");
  EXPECT_TRUE(has(Release::k1_19_3, cve));
  EXPECT_FALSE(has(changed(Release::k1_19_3, cve.trait), cve));
  EXPECT_FALSE(has(Release::k1_18_6, cve));
  EXPECT_FALSE(has(Release::k1_20_2, cve));
}

TEST(Defects, SayWhichReleaseMendsThem) {
  const auto named = [](std::string_view id) { return *std::ranges::find(defects(), id, &Defect::id); };
  EXPECT_EQ(mended_in(named("CVE-2026-56743"), Release::k1_19_3), "1.19.5");
  EXPECT_EQ(mended_in(named("CVE-2025-30163"), Release::k1_17_0), "1.17.2");
  EXPECT_EQ(mended_in(named("host-label"), Release::k1_17_0), "1.20.2");
  EXPECT_EQ(mended_in(named("negative-selector-aggregates"), Release::k1_20_2), "");
}

TEST(Differences, AreWhatCodeAsksFor) {
  EXPECT_FALSE(has(Release::k1_19_3, Trait::kAggregates));
  EXPECT_TRUE(has(Release::k1_20_2, Trait::kAggregates));
}

}  // namespace
}  // namespace sextant::policy
