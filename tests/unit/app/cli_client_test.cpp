#include "agent/app/cli/client.h"

#include <filesystem>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "sextant/v1alpha1/status.pb.h"

namespace sextant::app::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Listens on a Unix socket, answers the first connection with fixed bytes whatever it asks, and holds it open until the
// peer leaves (or closes at once).
class RawServer {
 public:
  explicit RawServer(std::string answer, bool hold = false) : answer_(std::move(answer)), hold_(hold) {
    static int number = 0;
    path_ = (std::filesystem::temp_directory_path() /
             ("sextant_raw_" + std::to_string(::getpid()) + "_" + std::to_string(++number)))
                .string();
    fd_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_.get(), 4), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    ::shutdown(fd_.get(), SHUT_RDWR);  // wakes an accept that nobody came for
    thread_.join();
    std::filesystem::remove(path_);
  }

  const std::string& path() const { return path_; }
  Client client(ClientConfig config = {}) const {
    config.server.socket = path_;
    return Client(std::move(config));
  }

 private:
  void serve() {
    const UniqueFd peer(::accept(fd_.get(), nullptr, nullptr));
    if (!peer) return;
    std::string buffer(4096, '\0');
    if (::recv(peer.get(), buffer.data(), buffer.size(), 0) <= 0) return;
    if (::send(peer.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL) < 0) return;
    while (hold_ && ::recv(peer.get(), buffer.data(), buffer.size(), 0) > 0) {
    }
  }

  std::string answer_;
  bool hold_;
  std::string path_;
  UniqueFd fd_;
  std::thread thread_;
};

std::string http_answer(const std::string& status, const std::string& type, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string protobuf_answer(const std::string& body) { return http_answer("200 OK", "application/x-protobuf", body); }

TEST(Client, GivesTheBody) {
  const RawServer server(protobuf_answer("body"));
  EXPECT_EQ(server.client().get("/x").value(), "body");
}

TEST(Client, SaysThatThereIsNoSocketAndWhatHelps) {
  const auto answer = Client({.server = {.socket = "/nonexistent/s.sock"}}).get("/x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().what,
            "connect to unix:/nonexistent/s.sock: No such file or directory "
            "(is sextantd running on this node? --server or $SEXTANT_SERVER says where else)");
  EXPECT_EQ(answer.error().code, ENOENT);
}

TEST(Client, KnowsASocketThatADeadDaemonLeft) {
  const auto path = std::filesystem::temp_directory_path() / ("sextant_dead_" + std::to_string(::getpid()));
  {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  const auto answer = Client({.server = {.socket = path.string()}}).get("/x");
  std::filesystem::remove(path);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("Connection refused (sextantd is not running: only its socket is left)"));
}

TEST(Client, SaysWhoMayAskWhenItMayNot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can step down to try it";
  const RawServer server(protobuf_answer(""));
  ASSERT_EQ(::chmod(server.path().c_str(), 0600), 0);
  ASSERT_EQ(::seteuid(65534), 0);
  const auto answer = server.client().get("/x");
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("Permission denied (only root and the socket's group may ask: try sudo)"));
}

TEST(Client, SaysThatNobodyListensOnTcp) {
  const auto answer = Client({.server = {.host = "::1", .port = 1}}).get("/x");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what,
              HasSubstr("connect to http://[::1]:1: Connection refused (is sextantd running there?"));
}

TEST(Client, WaitsForAnAnswerOnlySoLong) {
  const RawServer server("", true);
  const auto answer = server.client({.timeout = 50ms}).get("/x");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("no answer within 50ms"));
}

TEST(Client, TakesAnAnswerUpToItsLimit) {
  const RawServer at_limit(protobuf_answer(std::string(100, 'x')));
  EXPECT_TRUE(at_limit.client({.max_answer_bytes = 100}).get("/x"));
  const RawServer beyond(protobuf_answer(std::string(101, 'x')));
  const auto answer = beyond.client({.max_answer_bytes = 100}).get("/x");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("the answer is longer than 100 bytes"));
}

TEST(Client, PassesOnWhatTheDaemonRefusesWith) {
  const RawServer server(http_answer("404 Not Found", "application/json", R"({"error":"no finding has the id 'x'"})"));
  EXPECT_EQ(server.client().get("/x").error().what, "no finding has the id 'x'");
  const RawServer watched(
      http_answer("503 Service Unavailable", "application/json", R"({"error":"too many watchers"})"));
  const auto ended =
      watched.client().watch("/x", [] { return Result<>(); }, [](const ServerEvent&) { return Result<>(); });
  EXPECT_EQ(ended.error().what, "too many watchers");
}

TEST(Client, SaysTheStatusWhenTheRefusalHasNoWords) {
  const RawServer server(http_answer("502 Bad Gateway", "text/html", "<html>"));
  EXPECT_THAT(server.client().get("/x").error().what, HasSubstr("HTTP 502 Bad Gateway"));
}

TEST(Client, KnowsThatSomethingElseAnswered) {
  const RawServer page(http_answer("200 OK", "text/html", "<html>"));
  EXPECT_THAT(page.client().get("/x").error().what, HasSubstr("the answer is none of sextantd's"));
  const RawServer no_http("220 mail.example ESMTP\r\n");
  EXPECT_FALSE(no_http.client().get("/x"));
  const RawServer silent("");
  EXPECT_THAT(silent.client().get("/x").error().what, HasSubstr("the daemon closed the connection"));
}

TEST(Client, KnowsAnAnswerCutOff) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(server.client().get("/x").error().what, HasSubstr("the daemon closed the connection"));
}

TEST(Client, RefusesAMessageThatDoesNotDecode) {
  const RawServer server(protobuf_answer("\xFF\xFF\xFF"));
  EXPECT_THAT(server.client().fetch<v1alpha1::Status>("/x").error().what, HasSubstr("not what this version"));
}

TEST(Client, AWatchEndsInSilence) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n:\n\n", true);
  bool opened = false;
  const auto ended = server.client({.silence = 50ms})
                         .watch(
                             "/x",
                             [&] {
                               opened = true;
                               return Result<>();
                             },
                             [](const ServerEvent&) { return Result<>(); });
  EXPECT_TRUE(opened);
  EXPECT_THAT(ended.error().what, HasSubstr("nothing heard for 50ms"));
}

TEST(Client, AWatchGivesEventsUntilACallbackEndsIt) {
  const std::string events = "event: opened\ndata: 1\n\nevent: opened\ndata: 2\n\n";
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + events,
                         true);
  std::vector<std::string> seen;
  const auto ended = server.client().watch(
      "/x", [] { return Result<>(); },
      [&](const ServerEvent& event) -> Result<> {
        seen.push_back(event.data);
        if (seen.size() == 2) return failure("enough");
        return {};
      });
  EXPECT_EQ(ended.error().what, "enough");
  EXPECT_THAT(seen, testing::ElementsAre("1", "2"));
}

TEST(Query, EncodesWhatHasMeaning) {
  Query query;
  EXPECT_EQ(query.text(), "");
  query.add("since", "2026-11-21T08:00:00+01:00");
  query.add("namespace", "a&b=c d/é");
  EXPECT_EQ(query.text(), "?since=2026-11-21T08%3A00%3A00%2B01%3A00&namespace=a%26b%3Dc%20d%2F%C3%A9");
}

}  // namespace
}  // namespace sextant::app::cli
