#include "agent/report/json.h"

#include <gmock/gmock.h>

#include "agent/base/document.h"
#include "sextant/v1alpha1/finding.pb.h"
#include "sextant/v1alpha1/status.pb.h"
#include "sextant/v1alpha1/view.pb.h"

namespace sextant::report {
namespace {

using testing::HasSubstr;

TEST(Json, NamesFieldsInLowerCamelCaseAndInTheOrderOfTheSchema) {
  v1alpha1::Source source;
  source.set_class_("world");
  source.add_prefixes("2000::/3");
  EXPECT_EQ(to_json(source), R"({"class":"world","prefixes":["2000::/3"],"exceptPrefixes":[],"sample":null})");
}

TEST(Json, PrintsWhatIsAbsentAsNullAndWhatIsEmptyAsEmpty) {
  const v1alpha1::EndpointRow row;
  EXPECT_EQ(to_json(row), R"({"endpoint":null,"protocol":"","port":0,"endPort":0,"source":null,"intended":null,)"
                          R"("realized":null,"listening":null,"observed":null,"probed":null,"node":null})");
  EXPECT_EQ(to_json(v1alpha1::EndpointRowList()), R"({"endpoints":[]})");
}

TEST(Json, PrintsCountsAsNumbersEvenBeyondWhatADoubleHolds) {
  v1alpha1::MapUse use;
  use.set_entries(18'446'744'073'709'551'615U);
  EXPECT_THAT(to_json(use), HasSubstr(R"("entries":18446744073709551615)"));
}

TEST(Json, PrintsTimesInUtcWithAtMostMilliseconds) {
  v1alpha1::Observed observed;
  observed.mutable_last_seen()->set_seconds(1'795'248'000);
  EXPECT_THAT(to_json(observed), HasSubstr(R"("lastSeen":"2026-11-21T08:00:00Z")"));
  observed.mutable_last_seen()->set_nanos(50'999'999);
  EXPECT_THAT(to_json(observed), HasSubstr(R"("lastSeen":"2026-11-21T08:00:00.050Z")"));
}

TEST(Json, SortsTheKeysOfMaps) {
  v1alpha1::Status status;
  for (const char* kind : {"Service", "Node", "Pod", "Namespace"}) (*status.mutable_objects())[kind] = 1;
  EXPECT_THAT(to_json(status), HasSubstr(R"("objects":{"Namespace":1,"Node":1,"Pod":1,"Service":1})"));
}

TEST(Json, EscapesWhatStringsMayHold) {
  v1alpha1::ErrorMessage message;
  message.set_error("\"\\\n\x01</script>");
  const std::string text = to_json(message);
  v1alpha1::ErrorMessage back;
  ASSERT_TRUE(from_json(text, back));
  EXPECT_EQ(back.error(), message.error());
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST(Json, IsTheSameWhicheverWayItIsPrinted) {
  v1alpha1::Finding finding;
  finding.set_message("\"quoted\"");
  finding.add_evidence()->set_witness("intended");
  finding.add_evidence()->set_witness("observed");
  finding.mutable_first_seen()->set_seconds(1);
  EXPECT_EQ(to_json(finding), to_json(json_value(finding), JsonStyle::kCompact));
  v1alpha1::Status status;
  (*status.mutable_objects())["Pod"] = 3;
  status.add_uplinks("eth0");
  EXPECT_EQ(to_json(status), to_json(json_value(status), JsonStyle::kCompact));
  EXPECT_EQ(to_json(finding.first_seen()), "\"1970-01-01T00:00:01Z\"");
}

TEST(Json, IndentsForPeople) {
  v1alpha1::FindingList list;
  list.add_findings()->set_id("a");
  const std::string text = to_json(list, JsonStyle::kPretty);
  EXPECT_THAT(text, HasSubstr("{\n  \"findings\": [\n    {\n      \"id\": \"a\",\n"));
  EXPECT_THAT(text, HasSubstr("      \"evidence\": [],\n"));
  EXPECT_EQ(text.back(), '\n');
  EXPECT_TRUE(parse_json(text));
}

TEST(Json, ReadsBackWhatItPrinted) {
  v1alpha1::Finding finding;
  finding.set_id("SXT001-6f1c2b9d");
  finding.set_port(443);
  finding.set_count(18'446'744'073'709'551'615U);
  finding.mutable_first_seen()->set_seconds(1'795'248'000);
  finding.mutable_source()->add_prefixes("2000::/3");
  v1alpha1::Finding back;
  ASSERT_TRUE(from_json(to_json(finding), back));
  EXPECT_EQ(back.SerializeAsString(), finding.SerializeAsString());
}

TEST(Json, RefusesWhatItCannotRead) {
  v1alpha1::ExplainRequest request;
  const auto why = [&](std::string_view text) {
    const Result<> read = from_json(text, request);
    return read ? std::string() : read.error().what;
  };
  EXPECT_THAT(why("{"), HasSubstr("no JSON"));
  EXPECT_THAT(why("{'to': 'a'}"), HasSubstr("no JSON"));
  EXPECT_THAT(why("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(why(R"({"too": "a"})"), HasSubstr("too"));
  EXPECT_THAT(why(R"({"port": "x"})"), HasSubstr("port"));
  EXPECT_THAT(why(R"({"port": -1})"), HasSubstr("port"));
  const std::string deep = std::string(R"({"to":)") + std::string(33, '[') + std::string(33, ']') + "}";
  EXPECT_THAT(why(deep), HasSubstr("no JSON"));
}

}  // namespace
}  // namespace sextant::report
