// What the server is as a whole: where it listens, how many it takes, how it ends, whom it tells.
#include "agent/report/api_server.h"

#include <gmock/gmock.h>

#include "http_client.h"
#include "running_server.h"

namespace sextant::report {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ApiServer, AnswersTheSameOnTheUnixSocketAndOnBothFamilies) {
  RunningServer server;
  const std::string request = get("/api/v1alpha1/findings");
  const std::string first = body_of(HttpClient(server.unix()).ask(request));
  EXPECT_THAT(first, HasSubstr("SXT001-6f1c2b9d"));
  EXPECT_EQ(body_of(HttpClient(server.v6()).ask(request)), first);
  EXPECT_EQ(body_of(HttpClient(server.v4()).ask(request)), first);
}

TEST(ApiServer, BindingSaysWhichAddressFailedAndWhy) {
  const FixedBackend backend;
  const auto error = [&](ApiConfig config) {
    const Result<ApiServer> server = ApiServer::bind(std::move(config), backend);
    return server ? std::string() : server.error().what;
  };
  RunningServer running;
  EXPECT_THAT(error({.socket = "", .listen = {running.v6()}}),
              HasSubstr(running.v6() + ": bind: Address already in use"));
  EXPECT_THAT(error({.socket = running.unix().substr(5), .listen = {}}), HasSubstr("another sextantd answers"));
  EXPECT_THAT(error({.socket = "", .listen = {"[::]:0"}}), HasSubstr("[::]:0: it would answer the internet"));
  EXPECT_EQ(error({.socket = "", .listen = {"[::]:0"}, .audience = {.allow_public = true}}), "");
}

TEST(ApiServer, BeingCancelledIsSuccessAndEndsEveryConnection) {
  RunningServer server;
  HttpClient idle(server.v6());
  HttpClient half(server.v4());
  half.send("GET / HT");
  HttpClient watcher(server.unix());
  watcher.send(get("/api/v1alpha1/watch"));
  watcher.read_until(": watching\n\n");
  const std::string path = server.unix().substr(5);
  EXPECT_TRUE(server.stop());
  EXPECT_TRUE(idle.closed_within(milliseconds(500)));
  EXPECT_TRUE(half.closed_within(milliseconds(500)));
  EXPECT_TRUE(watcher.closed_within(milliseconds(500)));
}

TEST(ApiServer, OneConnectionTooManyIs503AndALeavingOneMakesRoom) {
  RunningServer server([](ApiConfig& config) { config.max_connections = 2; });
  HttpClient first(server.v6());
  EXPECT_EQ(status_of(first.ask(get("/livez"))), 200);
  {
    HttpClient second(server.v6());
    EXPECT_EQ(status_of(second.ask(get("/livez"))), 200);
    HttpClient third(server.v6());
    const std::string answer = third.ask(get("/livez"));
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_THAT(body_of(answer), HasSubstr("too many connections"));
    // Each listener has a budget of its own: the operator still gets in.
    EXPECT_EQ(status_of(HttpClient(server.unix()).ask(get("/livez"))), 200);
  }
  metrics_with(server.unix(), "sextant_api_connections 2\n");  // the first here, and the scrape's own
  EXPECT_EQ(status_of(HttpClient(server.v6()).ask(get("/livez"))), 200);
  EXPECT_THAT(first.ask(get("/metrics")), HasSubstr("\nsextant_api_connections_refused_total "));
}

TEST(ApiServer, AFloodBeyondTheRefusalsIsClosedAndCounted) {
  RunningServer server([](ApiConfig& config) { config.max_connections = 1; });
  HttpClient first(server.v6());
  EXPECT_EQ(status_of(first.ask(get("/livez"))), 200);
  std::vector<HttpClient> flood;
  for (int i = 0; i < 40; ++i) flood.emplace_back(server.v6());
  EXPECT_TRUE(flood.back().closed_within(milliseconds(2000)));
  EXPECT_THAT(first.ask(get("/metrics")), HasSubstr("\nsextant_api_connections_refused_total 40\n"));
}

TEST(ApiServer, WatchersHearWhatOpensAndResolvesAndStatus) {
  RunningServer server;
  HttpClient watcher(server.v6());
  watcher.send(get("/api/v1alpha1/watch"));
  const std::string head = watcher.read_until(": watching\n\n");
  EXPECT_EQ(status_of(head), 200);
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, HasSubstr("X-Content-Type-Options: nosniff\r\n"));

  FindingChange change{.kind = FindingChange::Kind::kOpened, .finding = unintended_delivery()};
  server.publish(change);
  EXPECT_THAT(watcher.read_until("\n\n"),
              StartsWith("event: opened\ndata: {\"type\":\"opened\",\"finding\":{\"id\":\"SXT001-6f1c2b9d\""));
  change.kind = FindingChange::Kind::kResolved;
  server.publish(change);
  EXPECT_THAT(watcher.read_until("\n\n"), StartsWith("event: resolved\n"));
  server.on_server([&] { server.server().publish_status_changed(); });
  EXPECT_THAT(watcher.read_until("\n\n"),
              StartsWith("event: status\ndata: {\"type\":\"status\",\"finding\":null,\"status\":{\"node\":\"n1\""));
  EXPECT_THAT(HttpClient(server.unix()).ask(get("/metrics")),
              HasSubstr("sextant_findings_opened_total{code=\"SXT001\"} 1\n"));
}

TEST(ApiServer, AQuietWatchIsKeptAliveByComments) {
  RunningServer server([](ApiConfig& config) { config.heartbeat = milliseconds(20); });
  HttpClient watcher(server.unix());
  watcher.send(get("/api/v1alpha1/watch"));
  watcher.read_until(": watching\n\n");
  EXPECT_EQ(watcher.read_until("\n\n"), ": alive\n\n");
  EXPECT_EQ(watcher.read_until("\n\n"), ": alive\n\n");
}

TEST(ApiServer, AWatcherThatLeavesIsForgottenAtOnce) {
  RunningServer server;
  {
    HttpClient watcher(server.v6());
    watcher.send(get("/api/v1alpha1/watch"));
    watcher.read_until(": watching\n\n");
  }
  EXPECT_THAT(metrics_with(server.unix(), "sextant_api_watchers 0\n"), HasSubstr("sextant_api_watchers 0\n"));
}

TEST(ApiServer, OneWatcherTooManyIs503) {
  RunningServer server([](ApiConfig& config) { config.max_watchers = 1; });
  HttpClient first(server.v6());
  first.send(get("/api/v1alpha1/watch"));
  first.read_until(": watching\n\n");
  HttpClient second(server.v4());
  const std::string answer = second.ask(get("/api/v1alpha1/watch"));
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_THAT(body_of(answer), HasSubstr("too many watchers"));
}

TEST(ApiServer, AWatcherThatDoesNotReadIsClosedAndCountedAndTheOthersAreNot) {
  RunningServer server;
  HttpClient slow(server.v6(), 4096);
  slow.send(get("/api/v1alpha1/watch"));
  HttpClient quick(server.unix());
  quick.send(get("/api/v1alpha1/watch"));
  quick.read_until(": watching\n\n");

  FindingChange change{.kind = FindingChange::Kind::kUpdated, .finding = unintended_delivery()};
  change.finding.message = std::string(256U << 10U, 'm');
  std::string metrics;
  for (int i = 0; i < 200 && metrics.find("sextant_api_watchers_dropped_total 1\n") == std::string::npos; ++i) {
    server.publish(change);
    EXPECT_THAT(quick.read_until("\n\n"), StartsWith("event: updated"));
    metrics = HttpClient(server.unix()).ask(get("/metrics"));
  }
  EXPECT_THAT(metrics, HasSubstr("sextant_api_watchers_dropped_total 1\n"));
  EXPECT_TRUE(slow.closed_within(milliseconds(2000)));
}

}  // namespace
}  // namespace sextant::report
