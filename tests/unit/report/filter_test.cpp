#include "agent/report/filter.h"

#include <gmock/gmock.h>

#include "values.h"

namespace sextant::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using std::chrono::hours;
using std::chrono::seconds;

FindingFilter filter(std::string_view query) {
  return finding_filter_from(parse_target("/?" + std::string(query)).value(), at()).value();
}
std::string error_of(std::string_view query) {
  const auto read = finding_filter_from(parse_target("/?" + std::string(query)).value(), at());
  return read ? std::string() : read.error().what;
}

TEST(FindingFilter, ShowsWhatIsOpen) {
  Finding finding = unintended_delivery();
  EXPECT_TRUE(filter("").shows(finding));
  finding.state = FindingState::kResolved;
  EXPECT_FALSE(filter("").shows(finding));
  EXPECT_FALSE(filter("all=false").shows(finding));
  EXPECT_TRUE(filter("all").shows(finding));
  EXPECT_TRUE(filter("all=true").shows(finding));
}

TEST(FindingFilter, SinceShowsResolvedOnesTooAndCountsTheResolution) {
  Finding finding = unintended_delivery();
  finding.state = FindingState::kResolved;
  finding.last_seen = at(-hours{3});
  finding.resolved_at = at(-hours{1});
  EXPECT_TRUE(filter("since=1h").shows(finding));
  EXPECT_FALSE(filter("since=3599s").shows(finding));
  finding.resolved_at.reset();
  EXPECT_FALSE(filter("since=1h").shows(finding));
  EXPECT_TRUE(filter("since=3h").shows(finding));
}

TEST(FindingFilter, TakesSeveralValues) {
  const Finding finding = unintended_delivery();
  EXPECT_TRUE(filter("severity=info,critical&code=SXT001,SXT002&namespace=shop").shows(finding));
  EXPECT_FALSE(filter("severity=info").shows(finding));
  EXPECT_FALSE(filter("code=SXT002").shows(finding));
  EXPECT_FALSE(filter("namespace=ops,").shows(finding));
  EXPECT_TRUE(filter("namespace=").shows(finding));
}

TEST(FindingFilter, NamesTheParameterThatIsWrong) {
  EXPECT_THAT(error_of("severity=urgent"), HasSubstr("'severity': 'urgent'"));
  EXPECT_THAT(error_of("all=perhaps"), HasSubstr("'all'"));
  EXPECT_THAT(error_of("since=yesterday"), HasSubstr("'since'"));
  EXPECT_THAT(error_of("code=1"), HasSubstr("'code'"));
  EXPECT_THAT(error_of("colour=red"), HasSubstr("'colour' is not known"));
  EXPECT_THAT(error_of("all&all"), HasSubstr("'all' is given twice"));
  EXPECT_THAT(watch_filter_from(parse_target("/?all").value()).error().what, HasSubstr("'all' is not known"));
}

TEST(TimeFrom, ReadsDurationsAndRfc3339) {
  EXPECT_EQ(time_from("90s", at()), at(-seconds{90}));
  EXPECT_EQ(time_from("10m", at()), at(-std::chrono::minutes{10}));
  EXPECT_EQ(time_from("7d", at()), at(-hours{7 * 24}));
  EXPECT_EQ(time_from("2026-11-21T08:00:00Z", {}), at());
  EXPECT_EQ(time_from("2026-11-21T08:00:00.999Z", {}), at());
  EXPECT_EQ(time_from("2026-11-21t09:30:00+01:30", {}), at());
  EXPECT_EQ(time_from("2026-11-21 07:00:00-01:00", {}), at());
}

TEST(TimeFrom, RefusesWhatIsNeither) {
  for (const char* text :
       {"", "s", "-1s", "1", "1w", "4294967296s", "1.5h", "2026-11-21", "2026-11-21T08:00:00", "2026-02-30T00:00:00Z",
        "2026-11-21T24:00:00Z", "2026-11-21T08:60:00Z", "2026-11-21T08:00:00+24:00", "2026-11-21T08:00:00Zx",
        "1969-12-31T00:00:00Z", "9999-01-01T00:00:00Z", "-026-11-21T08:00:00Z", "2026-11-21T08:00:00+01:000"}) {
    EXPECT_FALSE(time_from(text, at())) << text;
  }
}

TEST(EndpointFilter, ChoosesByNamespaceAndByName) {
  const auto shows = [](std::string_view query, const EndpointRef& ref) {
    return endpoint_filter_from(parse_target("/?" + std::string(query)).value()).value().shows(ref);
  };
  const EndpointRef node{.kind = EndpointKind::kNode, .ns = {}, .name = "n1"};
  EXPECT_TRUE(shows("", db().ref));
  EXPECT_TRUE(shows("namespace=ops,shop", db().ref));
  EXPECT_FALSE(shows("namespace=ops", db().ref));
  EXPECT_TRUE(shows("endpoint=shop/db", db().ref));
  EXPECT_TRUE(shows("endpoint=node/n1,shop/db", node));
  EXPECT_FALSE(shows("endpoint=shop/web", db().ref));
}

TEST(AttemptFilter, TopIsANumber) {
  const auto read = [](std::string_view query) {
    return attempt_filter_from(parse_target("/?" + std::string(query)).value());
  };
  EXPECT_EQ(read("")->top, 0U);
  EXPECT_EQ(read("top=5")->top, 5U);
  for (const char* query : {"top=", "top=-1", "top=x", "top=1x", "top=99999999999999999999999"}) {
    EXPECT_THAT(read(query).error().what, HasSubstr("'top'")) << query;
  }
}

}  // namespace
}  // namespace sextant::report
