#include "agent/app/cli/batch/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/base/document.h"

namespace sextant::app::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::vector<Version> kTwo{{"1.17.0", policy::Release::k1_17_0}, {"1.20.2", policy::Release::k1_20_2}};

constexpr std::string_view kCluster = R"("cluster":{"name":"c1","families":"ipv6","node":"n1"})";
constexpr std::string_view kPod =
    R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"db","namespace":"shop"},"spec":{"nodeName":"n1"}})";
constexpr std::string_view kPolicy =
    R"({"apiVersion":"cilium.io/v2","kind":"CiliumNetworkPolicy","metadata":{"name":"db","namespace":"shop"},)"
    R"("spec":{"endpointSelector":{},"ingress":[{"fromCIDR":["2001:db8::/32"]}]}})";
constexpr std::string_view kEnds = R"("to":{"pod":"shop/db"},"from":{"address":"2001:db8::1"},)";

std::string objects(std::initializer_list<std::string_view> list) {
  std::string text;
  for (const std::string_view object : list) text += (text.empty() ? "" : ",") + std::string(object);
  return "\"objects\":[" + text + "]";
}
std::string scenario(const std::string& rest) {
  return "{\"id\":\"x\"," + std::string(kCluster) + "," + objects({kPod, kPolicy}) + "," + rest + "}";
}
std::string check(std::string_view rest = R"("protocol":"TCP","port":80)") {
  return "{" + std::string(kEnds) + std::string(rest) + "}";
}

Result<std::string> answered(std::string_view line, const std::vector<Version>& versions = kTwo) {
  ScenarioAnswerer answerer(versions);
  std::string out = "before\n";
  const auto done = answerer.answer(line, out);
  EXPECT_THAT(out, StartsWith("before\n"));
  if (!done) {
    EXPECT_EQ(out, "before\n");
    return Failure(done.error());
  }
  return out.substr(7);
}
std::string answer(std::string_view line) {
  const auto text = answered(line);
  return text ? *text : text.error().what;
}
std::string error_of(std::string_view line) {
  const auto text = answered(line);
  return text ? "no error: " + *text : text.error().what;
}

TEST(Answer, PutsVerdictsLastWhereThereAreNone) {
  EXPECT_EQ(answer(scenario("\"checks\":[" + check() + "]")),
            scenario("\"checks\":[" +
                     check(R"("protocol":"TCP","port":80,"verdict":{"1.17.0":"allow","1.20.2":"allow"})") + "]") +
                "\n");
}

TEST(Answer, ReplacesVerdictsWhereTheyStand) {
  EXPECT_EQ(answer(scenario(R"("checks":[)" +
                            check(R"("verdict":{"1.17.0":"deny","9":"x"},"protocol":"TCP","port":80)") + "]")),
            scenario(R"("checks":[)" +
                     check(R"("verdict":{"1.17.0":"allow","1.20.2":"allow"},"protocol":"TCP","port":80)") + "]") +
                "\n");
}

TEST(Answer, KeepsEverythingElseAsWritten) {
  const std::string checks = R"("checks" : [ {"note":"é \"x\"", "port": 80 , "protocol":"TCP", )" + std::string(kEnds) +
                             R"( "verdict" : {} , "more":[1,{"a":null}]} , )" + check() + R"( ], "trailer": 1.50)";
  const std::string expected =
      R"("checks" : [ {"note":"é \"x\"", "port": 80 , "protocol":"TCP", )" + std::string(kEnds) +
      R"( "verdict" : {"1.17.0":"allow","1.20.2":"allow"} , "more":[1,{"a":null}]} , )" +
      check(R"("protocol":"TCP","port":80,"verdict":{"1.17.0":"allow","1.20.2":"allow"})") + R"( ], "trailer": 1.50)";
  EXPECT_EQ(answer(scenario(checks)), scenario(expected) + "\n");
}

TEST(Answer, TakesTheMembersInAnyOrder) {
  const std::string checks = "\"checks\":[" + check() + "]";
  const std::string judged =
      "\"checks\":[" + check(R"("protocol":"TCP","port":80,"verdict":{"1.17.0":"allow","1.20.2":"allow"})") + "]";
  const std::string rest = "," + objects({kPod, kPolicy}) + "," + std::string(kCluster) + "}";
  EXPECT_EQ(answer("{" + checks + rest), "{" + judged + rest + "\n");
  EXPECT_EQ(answer("{\"invalid\":{\"1.17.0\":[\"CNP a/b: x\"]}," + checks + rest),
            "{\"invalid\":{}," + judged + rest + "\n");
}

TEST(Answer, ListsWhatEachReleaseRefuses) {
  constexpr std::string_view kRefused =
      R"({"apiVersion":"cilium.io/v2","kind":"CiliumNetworkPolicy","metadata":{"name":"bad","namespace":"shop"},)"
      R"("spec":{"endpointSelector":{},"ingress":[{"fromCIDR":["nonsense"]}]}})";
  const std::string line = "{" + std::string(kCluster) + "," + objects({kPod, kRefused}) + ",\"checks\":[]";
  EXPECT_THAT(answer(line + "}"), StartsWith(line + R"(,"invalid":{"1.17.0":["CNP shop/bad: )"));
  EXPECT_THAT(answer(line + R"(,"invalid":{"1.17.0":[]}})"),
              StartsWith(line + R"(,"invalid":{"1.17.0":["CNP shop/bad: )"));
  EXPECT_THAT(answer(line + "}"), HasSubstr(R"(],"1.20.2":["CNP shop/bad: )"));
}

TEST(Answer, SaysWhyAVerdictIsUnknown) {
  const std::string gone = R"({"to":{"pod":"shop/gone"},"from":{"address":"::1"},"protocol":"TCP","port":1)";
  EXPECT_THAT(answer(scenario("\"checks\":[" + gone + "}]")),
              HasSubstr(gone + R"(,"verdict":{"1.17.0":"unknown","1.20.2":"unknown"},"why":{"1.17.0":"there is no pod )"
                               R"(shop/gone","1.20.2":"there is no pod shop/gone"}})"));
  EXPECT_THAT(answer(scenario("\"checks\":[" + check(R"("why":{"1.17.0":"old"},"protocol":"TCP","port":80)") + "]")),
              HasSubstr(R"("why":{},"protocol":"TCP")"));
}

TEST(Answer, OfAnOptionThatIsNotKnownIsUnknown) {
  const std::string line =
      R"({"cluster":{"node":"n1","enable-magic":true},)" + objects({kPod}) + ",\"checks\":[" + check() + "]}";
  EXPECT_THAT(answer(line), HasSubstr(R"("verdict":{"1.17.0":"unknown","1.20.2":"unknown"},"why":{"1.17.0":)"
                                      R"("cluster.enable-magic is no option whose effect is known")"));
}

TEST(Answer, HasNoVerdictOfAReleaseThatLacksAnOption) {
  const std::string line = R"({"cluster":{"node":"n1","policy-default-local-cluster":true},)" +
                           objects({kPod, kPolicy}) + ",\"checks\":[" + check() + "]}";
  EXPECT_THAT(answer(line), HasSubstr(R"("verdict":{"1.20.2":"allow"}})"));
}

TEST(Answer, PrintsVersionsAsTheyWereGiven) {
  const std::vector<Version> versions{{"1.18.9", policy::Release::k1_18_6}};
  EXPECT_THAT(*answered(scenario("\"checks\":[" + check() + "]"), versions),
              HasSubstr(R"("verdict":{"1.18.9":"allow"})"));
}

TEST(Answer, OfItsOwnAnswerIsTheSame) {
  const std::string once =
      answer(scenario("\"checks\":[" + check() + "," + check(R"("protocol":"UDP","port":1)") + "]"));
  EXPECT_EQ(answer(once), once);
}

TEST(Answer, NamesWhatIsWrongWithALine) {
  EXPECT_EQ(error_of("{}"), "column 1: the scenario has no 'cluster'");
  EXPECT_EQ(error_of("{" + std::string(kCluster) + "}"), "column 1: the scenario has no 'objects'");
  EXPECT_EQ(error_of("{" + std::string(kCluster) + ",\"objects\":[]}"), "column 1: the scenario has no 'checks'");
  EXPECT_THAT(error_of(scenario("\"checks\":[],\"checks\":[]")), HasSubstr("duplicate key 'checks'"));
  EXPECT_THAT(error_of(scenario("\"checks\":[],\"objects\":[]")), HasSubstr("duplicate key 'objects'"));
  EXPECT_THAT(error_of(scenario("\"checks\":[]") + "x"), HasSubstr("more than one JSON value"));
  EXPECT_THAT(error_of(scenario("\"checks\":[" + check(R"("protocol":"TCP")") + "]")), HasSubstr("has no 'port'"));
  EXPECT_THAT(error_of(scenario(R"("checks":[{"to":{"pod":"a"},"from":{"node":"n1"},"protocol":"TCP","port":1}])")),
              HasSubstr("to: pod 'a' is not NAMESPACE/NAME"));
  EXPECT_THAT(error_of(R"({"cluster":{"a":1,"a":2},"objects":[],"checks":[]})"),
              HasSubstr("cluster: duplicate key 'a'"));
  EXPECT_THAT(error_of(R"({"cluster":{},"objects":[{"kind":"Pod"}],"checks":[]})"),
              HasSubstr("objects[0]: apiVersion"));
  EXPECT_THAT(error_of("{\"id\":\"\xff\"}"), HasSubstr("column 8: not UTF-8"));
}

}  // namespace
}  // namespace sextant::app::cli
