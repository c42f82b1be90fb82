#include "agent/report/router.h"

#include <set>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

#include "fixed_backend.h"
#include "sextant/v1alpha1/finding.pb.h"
#include "sextant/v1alpha1/view.pb.h"

namespace sextant::report {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

class RouterTest : public testing::Test {
 protected:
  HttpResponse get(std::string target) { return router.handle({.method = Method::kGet, .target = std::move(target)}); }
  HttpResponse post(std::string target, std::string body, std::string type = "application/json") {
    return router.handle({.method = Method::kPost,
                          .target = std::move(target),
                          .content_type = std::move(type),
                          .body = std::move(body)});
  }
  static boost::json::value json(const HttpResponse& response) { return boost::json::parse(response.body); }
  static std::string error(const HttpResponse& response) { return std::string(json(response).at("error").as_string()); }

  FixedBackend backend;
  ServerCounters counters;
  ManualClock clock{at(std::chrono::hours{1})};
  Metrics metrics{backend, counters, 2000};
  Router router{backend, metrics, clock, {}};
};

TEST_F(RouterTest, AnswersEveryPathOfTheInterface) {
  for (const char* path : {"/", "/livez", "/readyz", "/metrics", "/api/v1alpha1/status", "/api/v1alpha1/findings",
                           "/api/v1alpha1/findings/SXT001-6f1c2b9d", "/api/v1alpha1/endpoints",
                           "/api/v1alpha1/exposure", "/api/v1alpha1/attempts", "/api/v1alpha1/watch"}) {
    EXPECT_EQ(get(path).status, 200U) << path;
  }
}

TEST_F(RouterTest, ListsStandUnderTheirNames) {
  EXPECT_EQ(json(get("/api/v1alpha1/findings")).at("findings").as_array().size(), 1U);
  EXPECT_EQ(json(get("/api/v1alpha1/endpoints")).at("endpoints").as_array().size(), 1U);
  EXPECT_EQ(json(get("/api/v1alpha1/exposure")).at("exposure").as_array().size(), 1U);
  EXPECT_EQ(json(get("/api/v1alpha1/attempts")).at("attempts").as_array().size(), 0U);
}

TEST_F(RouterTest, FindingsFollowTheirFilters) {
  Finding resolved = unintended_delivery();
  resolved.id = "SXT001-00000002";
  resolved.state = FindingState::kResolved;
  backend.recent.push_back(resolved);
  EXPECT_EQ(json(get("/api/v1alpha1/findings")).at("findings").as_array().size(), 1U);
  EXPECT_EQ(json(get("/api/v1alpha1/findings?all")).at("findings").as_array().size(), 2U);
  EXPECT_EQ(json(get("/api/v1alpha1/findings?all&severity=info")).at("findings").as_array().size(), 0U);
  backend.stored = std::vector<Finding>{resolved, unintended_delivery(), resolved};
  EXPECT_EQ(json(get("/api/v1alpha1/findings?since=2h")).at("findings").as_array().size(), 3U);
}

TEST_F(RouterTest, AStoreThatCannotBeReadIs503) {
  backend.stored = failure("read the store: disk I/O error");
  const HttpResponse response = get("/api/v1alpha1/findings?since=2h");
  EXPECT_EQ(response.status, 503U);
  EXPECT_THAT(error(response), HasSubstr("disk I/O error"));
  backend.attempts_view = failure("read the table");
  EXPECT_EQ(get("/api/v1alpha1/attempts").status, 503U);
}

TEST_F(RouterTest, OneFindingIsFoundByItsIdInTheStoreToo) {
  EXPECT_EQ(json(get("/api/v1alpha1/findings/SXT001-6f1c2b9d")).at("code"), "SXT001");
  Finding old = unintended_delivery();
  old.id = "SXT001-00000001";
  backend.stored = std::vector<Finding>{old};
  EXPECT_EQ(get("/api/v1alpha1/findings/SXT001-00000001").status, 200U);
  EXPECT_EQ(get("/api/v1alpha1/findings/SXT001-ffffffff").status, 404U);
  EXPECT_EQ(get("/api/v1alpha1/findings/").status, 404U);
}

TEST_F(RouterTest, AttemptsAreCutToTheTop) {
  for (std::uint16_t port = 1; port <= 5; ++port) {
    backend.attempts_view->attempts.push_back({.endpoint = db().ref, .port = port, .packets = port});
    backend.attempts_view->sources.push_back(
        {.prefix = net("2600::/48"), .endpoint = db().ref, .port = port, .estimate = port});
  }
  const auto answer = json(get("/api/v1alpha1/attempts?top=2&namespace=shop"));
  EXPECT_EQ(answer.at("attempts").as_array().size(), 2U);
  EXPECT_EQ(answer.at("attempts").at(0).at("packets"), 5);
  EXPECT_EQ(answer.at("sources").as_array().size(), 2U);
  EXPECT_EQ(json(get("/api/v1alpha1/attempts?top=9")).at("attempts").as_array().size(), 5U);
  EXPECT_EQ(json(get("/api/v1alpha1/attempts?endpoint=shop/web")).at("attempts").as_array().size(), 0U);
}

TEST_F(RouterTest, ReadinessNamesWhatIsMissing) {
  EXPECT_EQ(get("/readyz").status, 200U);
  backend.status_view.not_ready = {"witness death has not looked yet"};
  const HttpResponse response = get("/readyz");
  EXPECT_EQ(response.status, 503U);
  EXPECT_EQ(json(response).at("reasons").at(0), "witness death has not looked yet");
  EXPECT_EQ(get("/livez").status, 200U);
}

TEST_F(RouterTest, ProtobufOnRequest) {
  const HttpResponse response = router.handle({.target = "/api/v1alpha1/findings", .accept = "application/x-protobuf"});
  EXPECT_EQ(response.content_type, "application/x-protobuf");
  v1alpha1::FindingList list;
  ASSERT_TRUE(list.ParseFromString(response.body));
  EXPECT_EQ(list.findings(0).id(), "SXT001-6f1c2b9d");
}

TEST_F(RouterTest, ExplainsFromJsonAndFromProtobuf) {
  const HttpResponse from_json =
      post("/api/v1alpha1/explain", R"({"to":"shop/db","from":"2600::1","port":5432,"protocol":"TCP"})");
  EXPECT_EQ(from_json.status, 200U);
  EXPECT_EQ(json(from_json).at("verdict"), "deny");
  v1alpha1::ExplainRequest request;
  request.set_to("shop/db");
  request.set_from("2600::1");
  EXPECT_EQ(post("/api/v1alpha1/explain", request.SerializeAsString(), "application/x-protobuf").status, 200U);
}

TEST_F(RouterTest, ExplainRefusesWhatItCannotAnswer) {
  const auto status = [&](std::string body, std::string type = "application/json; charset=utf-8") {
    return post("/api/v1alpha1/explain", std::move(body), std::move(type)).status;
  };
  EXPECT_EQ(status("{"), 400U);
  EXPECT_EQ(status("{}"), 400U);
  EXPECT_EQ(status(R"({"to":"shop/db","from":"::1","port":65536})"), 400U);
  EXPECT_EQ(status("\xff\xff", "application/x-protobuf"), 400U);
  EXPECT_EQ(status(R"({"to":"shop/none","from":"::1"})"), 422U);
  // What a form of another site can post without asking first.
  EXPECT_EQ(status(R"({"to":"shop/db","from":"::1"})", "text/plain"), 415U);
}

TEST_F(RouterTest, NamesTheParameterThatIsWrong) {
  for (const char* target : {"/api/v1alpha1/findings?severity=x", "/api/v1alpha1/endpoints?x",
                             "/api/v1alpha1/exposure?x", "/api/v1alpha1/attempts?top=x", "/api/v1alpha1/status?x",
                             "/api/v1alpha1/watch?x", "/api/v1alpha1/findings/SXT001-6f1c2b9d?x"}) {
    const HttpResponse response = get(target);
    EXPECT_EQ(response.status, 400U) << target;
    EXPECT_THAT(error(response), HasSubstr("parameter '")) << target;
  }
  EXPECT_EQ(get("/%").status, 400U);
}

TEST_F(RouterTest, AnUnknownPathIs404AndAWrongMethod405WithAllow) {
  for (const char* path :
       {"/api", "/api/v1alpha1", "/api/v1alpha1/", "/livez/", "/index.html", "/api/v1alpha1/status/x"}) {
    EXPECT_EQ(get(path).status, 404U) << path;
  }
  const HttpResponse posted = post("/api/v1alpha1/findings", "");
  EXPECT_EQ(posted.status, 405U);
  EXPECT_THAT(posted.headers, Contains(Pair("Allow", "GET, HEAD")));
  const HttpResponse got = get("/api/v1alpha1/explain");
  EXPECT_EQ(got.status, 405U);
  EXPECT_THAT(got.headers, Contains(Pair("Allow", "POST")));
  EXPECT_EQ(router.handle({.method = Method::kHead, .target = "/livez"}).status, 200U);
}

TEST_F(RouterTest, WhatDoesNotExistYetSaysSo) {
  EXPECT_EQ(post("/api/v1alpha1/verify", "{}").status, 501U);
  const HttpResponse probe = post("/api/v1alpha1/probe", "{}");
  EXPECT_EQ(probe.status, 501U);
  EXPECT_THAT(error(probe), HasSubstr("probe"));
}

TEST_F(RouterTest, ARebindingNameIsRefusedWhereTheHostIsChecked) {
  const auto status = [&](bool checks, const char* host) {
    return router.handle({.target = "/livez", .host = host, .checks_host = checks}).status;
  };
  EXPECT_EQ(status(true, "evil.example:9713"), 421U);
  EXPECT_EQ(status(true, "localhost:9713"), 200U);
  EXPECT_EQ(status(false, "evil.example"), 200U);
}

TEST_F(RouterTest, WatchCarriesItsFilter) {
  const HttpResponse response = get("/api/v1alpha1/watch?severity=critical");
  ASSERT_TRUE(response.watch);
  EXPECT_EQ(response.watch->severities, std::set{Severity::kCritical});
  EXPECT_EQ(response.content_type, "text/event-stream");
}

TEST_F(RouterTest, MetricsComeInTheFormAskedFor) {
  EXPECT_EQ(get("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
  const HttpResponse open =
      router.handle({.target = "/metrics", .accept = "application/openmetrics-text;version=1.0.0"});
  EXPECT_THAT(open.content_type, HasSubstr("application/openmetrics-text; version=1.0.0"));
  EXPECT_TRUE(open.body.ends_with("# EOF\n"));
}

TEST_F(RouterTest, LintAnswersWhenTheBackendDoes) {
  backend.lint_view.reset();
  const HttpResponse response = get("/api/v1alpha1/lint?cilium=1.19.3&severity=warning");
  ASSERT_TRUE(response.later);
  std::optional<HttpResponse> outcome;
  response.later([&](HttpResponse given) { outcome = std::move(given); });
  EXPECT_FALSE(outcome);
  EXPECT_EQ(backend.lint_asked.cilium, "1.19.3");
  EXPECT_EQ(backend.lint_asked.least, Severity::kWarning);
  const PolicyRef policy{.ns = "shop", .name = "db", .rule = "spec", .origin = {.resource_version = "4711"}};
  backend.lint_done(LintView{.remarks = {{.code = "SXT012/selects-nothing",
                                          .severity = Severity::kWarning,
                                          .title = "selects nothing",
                                          .policy = policy,
                                          .message = "selects no pod",
                                          .fix = "remove it"}},
                             .policies = 12,
                             .silenced = 1,
                             .cilium_release = "1.19.3"});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, 200U);
  const auto report = json(*outcome);
  EXPECT_EQ(report.at("policies").as_int64(), 12);
  EXPECT_EQ(report.at("silenced").as_int64(), 1);
  EXPECT_EQ(report.at("ciliumRelease").as_string(), "1.19.3");
  const auto& remark = report.at("remarks").at(0);
  EXPECT_EQ(remark.at("code").as_string(), "SXT012/selects-nothing");
  EXPECT_EQ(remark.at("severity").as_string(), "warning");
  EXPECT_EQ(remark.at("title").as_string(), "selects nothing");
  EXPECT_EQ(remark.at("message").as_string(), "selects no pod");
  EXPECT_EQ(remark.at("fix").as_string(), "remove it");
  EXPECT_EQ(remark.at("policy").at("resourceVersion").as_string(), "4711");
}

TEST_F(RouterTest, LintThatCannotBeAnsweredSaysWhetherLaterItCan) {
  const auto outcome = [&](Error error) {
    backend.lint_view = Failure(std::move(error));
    HttpResponse given;
    get("/api/v1alpha1/lint").later([&](HttpResponse response) { given = std::move(response); });
    return given;
  };
  const HttpResponse later = outcome({.what = "the policies have not been read yet", .code = EAGAIN});
  EXPECT_EQ(later.status, 503U);
  EXPECT_EQ(error(later), "the policies have not been read yet");
  EXPECT_EQ(outcome({.what = "cilium: nothing is known of 0.1"}).status, 422U);
  EXPECT_EQ(get("/api/v1alpha1/lint?severity=critical").status, 400U);
  EXPECT_EQ(get("/api/v1alpha1/lint?since=1h").status, 400U);
}

}  // namespace
}  // namespace sextant::report
