// What one connection may do, and what it may not: HTTP over a real socket, each limit at its last good value and one
// beyond.
#include "agent/report/http_session.h"

#include <gmock/gmock.h>

#include "http_client.h"
#include "running_server.h"

namespace sextant::report {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

// `total` bytes from the request line to the empty line.
std::string header_of_size(std::size_t total) {
  const std::string start = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Padding: ";
  return start + std::string(total - start.size() - 4, 'p') + "\r\n\r\n";
}

TEST(HttpSession, EveryAnswerIsMarkedAgainstMisuseByBrowsers) {
  RunningServer server;
  for (const char* path : {"/", "/livez", "/metrics", "/api/v1alpha1/status", "/nothing"}) {
    const std::string answer = HttpClient(server.v6()).ask(get(path));
    for (const char* field :
         {"X-Content-Type-Options: nosniff\r\n", "X-Frame-Options: DENY\r\n", "Cache-Control: no-store\r\n",
          "Content-Security-Policy: default-src 'none'", "Referrer-Policy: no-referrer\r\n"}) {
      EXPECT_THAT(answer, HasSubstr(field)) << path;
    }
    EXPECT_THAT(answer, Not(HasSubstr("Access-Control-Allow-Origin")));
  }
}

TEST(HttpSession, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
  RunningServer server;
  HttpClient client(server.v6());
  client.send(get("/livez") + get("/nothing") + post("/api/v1alpha1/explain", R"({"to":"shop/db","from":"::1"})") +
              get("/readyz"));
  EXPECT_EQ(status_of(client.answer()), 200);
  EXPECT_EQ(status_of(client.answer()), 404);
  EXPECT_THAT(client.answer(), HasSubstr("\"verdict\":\"deny\""));
  EXPECT_EQ(status_of(client.answer()), 200);
}

TEST(HttpSession, ClosesWhenAskedToAndAfterHttp10) {
  RunningServer server;
  HttpClient asked(server.v6());
  EXPECT_THAT(asked.ask(get("/livez", "Connection: close\r\n")), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(asked.closed_within(milliseconds(1000)));
  HttpClient old(server.v6());
  EXPECT_EQ(status_of(old.ask("GET /livez HTTP/1.0\r\n\r\n")), 200);
  EXPECT_TRUE(old.closed_within(milliseconds(1000)));
}

TEST(HttpSession, HeadSaysTheLengthAndSendsNoBody) {
  RunningServer server;
  HttpClient client(server.v6());
  client.send("HEAD /api/v1alpha1/findings HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_EQ(status_of(head), 200);
  EXPECT_THAT(head, Not(HasSubstr("Content-Length: 0\r\n")));
  EXPECT_EQ(status_of(client.ask(get("/livez"))), 200) << "nothing of a body stood between";
  // A stream would never end: HEAD gets its head only.
  client.send("HEAD /api/v1alpha1/watch HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("text/event-stream"));
}

TEST(HttpSession, AHeaderMayBeAsLargeAsTheLimitAndOneByteMoreIs431) {
  RunningServer server([](ApiConfig& config) { config.max_header_bytes = 4096; });
  EXPECT_EQ(status_of(HttpClient(server.v6()).ask(header_of_size(4096))), 200);
  const std::string answer = HttpClient(server.v6()).ask(header_of_size(4097));
  EXPECT_EQ(status_of(answer), 431);
  EXPECT_THAT(body_of(answer), HasSubstr("\"error\""));
}

TEST(HttpSession, ATargetMayBeAsLongAsTheLimitAndOneByteMoreIs414) {
  RunningServer server([](ApiConfig& config) { config.max_target_bytes = 1000; });
  const auto status = [&](std::size_t size) {
    return status_of(HttpClient(server.v6()).ask(get("/" + std::string(size - 1, 'x'))));
  };
  EXPECT_EQ(status(1000), 404);
  EXPECT_EQ(status(1001), 414);
  EXPECT_EQ(status(100'000), 414);  // beyond the header's limit too
}

TEST(HttpSession, ABodyMayBeAsLargeAsTheLimitAndOneByteMoreIs413) {
  RunningServer server([](ApiConfig& config) { config.max_body_bytes = 1000; });
  const std::string json = R"({"to":"shop/db","from":"::1"})";
  const auto ask = [&](std::size_t size) {
    return HttpClient(server.v6()).ask(post("/api/v1alpha1/explain", json + std::string(size - json.size(), ' ')));
  };
  EXPECT_EQ(status_of(ask(1000)), 200);
  EXPECT_EQ(status_of(ask(1001)), 413);
  EXPECT_EQ(status_of(ask(10'000'000)), 413);
}

TEST(HttpSession, AChunkedBodyHasTheSameLimit) {
  RunningServer server([](ApiConfig& config) { config.max_body_bytes = 1000; });
  const auto ask = [&](std::size_t size) {
    const std::string json = R"({"to":"shop/db","from":"::1"})";
    char length[16];
    std::snprintf(length, sizeof length, "%zx", size);
    return HttpClient(server.v6())
        .ask(
            "POST /api/v1alpha1/explain HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            "application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
            std::string(length) + "\r\n" + json + std::string(size - json.size(), ' ') + "\r\n0\r\n\r\n");
  };
  EXPECT_EQ(status_of(ask(1000)), 200);
  EXPECT_EQ(status_of(ask(1001)), 413);
}

TEST(HttpSession, WhatIsNoHttpIs400) {
  RunningServer server;
  for (const char* bytes :
       {"hello\r\n\r\n", "GET /livez HTTP/2.0\r\nHost: a\r\n\r\n", "GET  /livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost : a\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        "POST /api/v1alpha1/explain HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST /api/v1alpha1/explain HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    EXPECT_EQ(status_of(HttpClient(server.v6()).ask(bytes)), 400) << bytes;
  }
}

TEST(HttpSession, ARequestNeedsOneHost) {
  RunningServer server;
  EXPECT_EQ(status_of(HttpClient(server.v6()).ask("GET /livez HTTP/1.1\r\n\r\n")), 400);
  EXPECT_EQ(status_of(HttpClient(server.v6()).ask("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")), 400);
}

TEST(HttpSession, ARebindingNameIsRefusedOnLoopbackAndNotOnTheUnixSocket) {
  RunningServer server([](ApiConfig& config) { config.hosts = {"sextant.example"}; });
  const auto status = [](const std::string& address, const std::string& host) {
    return status_of(HttpClient(address).ask("GET /livez HTTP/1.1\r\nHost: " + host + "\r\n\r\n"));
  };
  EXPECT_EQ(status(server.v6(), "evil.example"), 421);
  EXPECT_EQ(status(server.v4(), "evil.example:80"), 421);
  EXPECT_EQ(status(server.v6(), server.v6()), 200);
  EXPECT_EQ(status(server.v4(), "sextant.example"), 200);
  EXPECT_EQ(status(server.unix(), "evil.example"), 200);
}

TEST(HttpSession, AClientThatDripsItsRequestIsCutOffHoweverBusyItLooks) {
  RunningServer server([](ApiConfig& config) {
    config.request_timeout = milliseconds(200);
    config.idle_timeout = milliseconds(60'000);
  });
  HttpClient client(server.v6());
  client.send("GET /livez HTTP/1.1\r\n");
  const auto start = std::chrono::steady_clock::now();
  bool closed = false;
  while (!closed && std::chrono::steady_clock::now() - start < std::chrono::seconds(10)) {
    client.send("X");  // each byte comes well within the time
    closed = client.closed_within(milliseconds(20));
  }
  EXPECT_TRUE(closed);
  EXPECT_THAT(metrics_with(server.unix(), "sextant_api_timeouts_total 1\n"),
              HasSubstr("sextant_api_timeouts_total 1\n"));
}

TEST(HttpSession, AClientThatDripsItsBodyIsCutOff) {
  RunningServer server([](ApiConfig& config) { config.request_timeout = milliseconds(100); });
  HttpClient client(server.v6());
  client.send("POST /api/v1alpha1/explain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{");
  EXPECT_TRUE(client.closed_within(milliseconds(5000)));
}

TEST(HttpSession, AClientThatSaysNothingIsCutOff) {
  RunningServer server([](ApiConfig& config) { config.request_timeout = milliseconds(100); });
  EXPECT_TRUE(HttpClient(server.v6()).closed_within(milliseconds(5000)));
}

TEST(HttpSession, AnIdleConnectionIsClosedAndIsNoFault) {
  RunningServer server([](ApiConfig& config) { config.idle_timeout = milliseconds(100); });
  HttpClient client(server.v6());
  EXPECT_EQ(status_of(client.ask(get("/livez"))), 200);
  EXPECT_TRUE(client.closed_within(milliseconds(5000)));
  EXPECT_THAT(HttpClient(server.unix()).ask(get("/metrics")), HasSubstr("sextant_api_timeouts_total 0\n"));
}

TEST(HttpSession, AClientThatDoesNotReadItsAnswerIsCutOff) {
  RunningServer server([](ApiConfig& config) { config.idle_timeout = milliseconds(100); });
  server.on_server([&] { server.backend.recent[0].message = std::string(16U << 20U, 'm'); });
  HttpClient client(server.v6(), 4096);
  client.send(get("/api/v1alpha1/findings"));
  client.read_until("\r\n\r\n");  // the answer is made and on its way
  server.on_server([&] { server.backend.recent.clear(); });
  EXPECT_THAT(metrics_with(server.unix(), "sextant_api_timeouts_total 1\n"),
              HasSubstr("sextant_api_timeouts_total 1\n"));
}

TEST(HttpSession, TellsAClientThatWaitsToGoAhead) {
  RunningServer server;
  HttpClient client(server.v6());
  client.send(
      "POST /api/v1alpha1/explain HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 29\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(status_of(client.ask(R"({"to":"shop/db","from":"::1"})")), 200);
  EXPECT_EQ(status_of(HttpClient(server.v6()).ask(get("/livez", "Expect: magic\r\n"))), 417);
}

TEST(HttpSession, AClientThatStopsHalfWayHarmsNobody) {
  RunningServer server;
  for (const std::string& bytes : {std::string(), std::string("G"), get("/livez").substr(0, 30),
                                   post("/api/v1alpha1/explain", "{}").substr(0, 60)}) {
    HttpClient client(server.v6());
    client.send(bytes);
    client.finish_sending();
    EXPECT_TRUE(client.closed_within(milliseconds(5000))) << bytes;
  }
  EXPECT_EQ(status_of(HttpClient(server.v6()).ask(get("/livez"))), 200);
}

TEST(HttpSession, WhatTakesItsTimeHoldsNobodyUp) {
  RunningServer server;
  server.on_server([&] { server.backend.lint_view.reset(); });
  HttpClient patient(server.v6());
  patient.send(get("/api/v1alpha1/lint"));
  EXPECT_FALSE(patient.closed_within(milliseconds(50)));
  EXPECT_EQ(status_of(HttpClient(server.v6()).ask(get("/livez"))), 200);
  server.on_server([&] { server.backend.lint_done(LintView{.policies = 7}); });
  EXPECT_THAT(patient.answer(), HasSubstr("\"policies\":7"));
  EXPECT_EQ(status_of(patient.ask(get("/livez"))), 200) << "the connection goes on";
}

}  // namespace
}  // namespace sextant::report
