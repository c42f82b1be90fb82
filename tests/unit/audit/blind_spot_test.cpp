// SXT010, through the auditor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

struct BlindSpots : Watch, ::testing::Test {
  BlindSpots() { started(); }
  std::vector<FindingChange> tell(std::vector<BlindSpot> spots) {
    auditor->on_blind_spots(std::move(spots), now);
    return settle();
  }
};

TEST_F(BlindSpots, AreFindingsOfSextantItself) {
  const auto changes = tell({{.what = "manifest policies/db.yaml", .why = "policies/db.yaml:12: bad indentation"}});
  ASSERT_THAT(opened(changes), SizeIs(1));
  const Finding& f = changes[0].finding;
  EXPECT_EQ(f.code, "SXT010");
  EXPECT_EQ(f.severity, Severity::kWarning);
  EXPECT_EQ(f.endpoint.ref, (EndpointRef{.kind = EndpointKind::kSextant, .name = "manifest policies/db.yaml"}));
  EXPECT_EQ(f.message, "Sextant is blind (manifest policies/db.yaml): policies/db.yaml:12: bad indentation");
  EXPECT_EQ(f.evidence.at(0).verdict, Verdict::kUnknown);
}

TEST_F(BlindSpots, AreOneFindingEachAndKeepItWhenTheReasonChanges) {
  tell({{.what = "witness death", .why = "a"}, {.what = "events uplink", .why = "3 lost"}});
  ASSERT_THAT(open(), SizeIs(2));
  const auto changes = tell({{.what = "witness death", .why = "a"}, {.what = "events uplink", .why = "4 lost"}});
  EXPECT_THAT(changes, IsEmpty()) << "wording is told at most once in 10 s";
  EXPECT_THAT(updated(after(seconds(10))), SizeIs(1));
}

TEST_F(BlindSpots, NameTheWitnessThatIsBlind) {
  tell({{.what = "witness death", .why = "tp_btf is missing"}});
  EXPECT_EQ(open().at(0).evidence.at(0).witness, Witness::kDeath);
}

TEST_F(BlindSpots, ResolveWhenSextantSeesAgain) {
  tell({{.what = "witness death", .why = "a"}, {.what = "events uplink", .why = "3 lost"}});
  const auto changes = tell({{.what = "witness death", .why = "a"}});
  ASSERT_THAT(resolved(changes), SizeIs(1));
  EXPECT_EQ(changes[0].finding.endpoint.ref.name, "events uplink");
  EXPECT_EQ(changes[0].finding.resolution, "Sextant sees again");
}

TEST_F(BlindSpots, AreKnownBeforeThePoliciesAre) {
  start();
  auditor->on_blind_spots({{.what = "witness death", .why = "a"}}, now);
  EXPECT_THAT(opened(settle()), SizeIs(1));
  EXPECT_THAT(resolved(tell({})), SizeIs(1));
}

}  // namespace
}  // namespace sextant::audit::testing
