#include "agent/report/attempt_series.h"

#include <gmock/gmock.h>

#include "values.h"

namespace sextant::report {
namespace {

using testing::ElementsAre;
using testing::Pair;

AttemptCount count(std::string pod, std::uint16_t port, std::uint64_t packets) {
  return {.endpoint = {.kind = EndpointKind::kPod, .ns = "shop", .name = std::move(pod)},
          .protocol = Protocol::kTcp,
          .port = port,
          .verdict = Verdict::kDeny,
          .packets = packets};
}
std::string by_first_letter(const EndpointRef& ref) {
  return ref.name[0] == 'x' ? "" : std::string("Deployment/") + ref.name[0];
}

std::vector<std::uint64_t> values(const AttemptSeries& series) {
  std::vector<std::uint64_t> out;
  for (const auto& [key, value] : series.totals()) out.push_back(value);
  return out;
}

TEST(AttemptSeries, SumsThePodsOfAWorkload) {
  AttemptSeries series(10);
  EXPECT_EQ(series.update({count("a1", 80, 3), count("a2", 80, 4), count("x", 80, 1)}, by_first_letter), 0U);
  ASSERT_EQ(series.totals().size(), 2U);
  EXPECT_EQ(series.totals().begin()->first.workload, "Deployment/a");
  EXPECT_EQ(series.totals().rbegin()->first.workload, "Pod/x");
  EXPECT_THAT(values(series), ElementsAre(7, 1));
}

TEST(AttemptSeries, NeverFallsWhenAPodGoesOrBeginsAnew) {
  AttemptSeries series(10);
  series.update({count("a1", 80, 10), count("a2", 80, 5)}, by_first_letter);
  series.update({count("a1", 80, 12)}, by_first_letter);
  EXPECT_THAT(values(series), ElementsAre(17));
  series.update({count("a1", 80, 1), count("a2", 80, 2)}, by_first_letter);
  EXPECT_THAT(values(series), ElementsAre(20));
  series.update({}, by_first_letter);
  EXPECT_THAT(values(series), ElementsAre(20));
}

TEST(AttemptSeries, FurtherPortsAreASeriesWithoutPort) {
  AttemptSeries series(10);
  AttemptCount further = count("a1", 7, 2);
  further.port_known = false;
  series.update({count("a1", 0, 1), further}, by_first_letter);
  ASSERT_EQ(series.totals().size(), 2U);
  EXPECT_EQ(series.totals().begin()->first.port, "");
}

TEST(AttemptSeries, HoldsItsLimitAndSaysWhatItLeftOut) {
  AttemptSeries series(3);
  EXPECT_EQ(series.update({count("a", 1, 1), count("a", 2, 1), count("a", 3, 1)}, by_first_letter), 0U);
  EXPECT_EQ(series.update({count("a", 1, 1), count("a", 2, 1), count("a", 3, 1), count("a", 4, 9)}, by_first_letter),
            1U);
  EXPECT_EQ(series.totals().size(), 3U);
  EXPECT_THAT(values(series), ElementsAre(1, 1, 1));
}

TEST(AttemptSeries, SeriesWithoutRowsMakeRoom) {
  AttemptSeries series(2);
  series.update({count("a", 1, 1), count("b", 1, 1)}, by_first_letter);
  EXPECT_EQ(series.update({count("b", 1, 2), count("c", 1, 5)}, by_first_letter), 0U);
  EXPECT_THAT(values(series), ElementsAre(2, 5));
}

}  // namespace
}  // namespace sextant::report
