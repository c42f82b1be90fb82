// Channel, and the TLS below it.
#include "agent/kube/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kube/fake_api.h"
#include "tests/unit/kube/kube_run.h"
#include "tests/unit/kube/temp_files.h"

namespace sextant::kube {
namespace {

using namespace std::chrono_literals;
using test::FakeApi;
using test::Fault;
using test::Request;
using testing::HasSubstr;

// The answer's status, or why there is none.
std::string outcome(boost::asio::io_context& io, Channel& channel, const std::string& path = "/livez") {
  const auto answer = test::result_of(io, channel.get(path));
  if (!answer) return answer.error().what;
  const auto body = test::result_of(io, channel.read_all(1U << 20U, std::chrono::steady_clock::now() + 1s));
  return body ? std::to_string(answer->status) : body.error().what;
}

std::string outcome(const Connection& connection) {
  boost::asio::io_context io;
  Api api(connection);
  api.patience = test::kQuickPatience;
  Channel channel(io.get_executor(), api);
  return outcome(io, channel);
}

TEST(Channel, VerifiesTheServersAddress) {
  const FakeApi v4;
  EXPECT_EQ(outcome(v4.connection()), "200");
  const FakeApi v6("IP:::1", 1h, "::1");
  EXPECT_EQ(outcome(v6.connection()), "200");
  const FakeApi other("IP:192.0.2.1");
  EXPECT_THAT(outcome(other.connection()), HasSubstr("IP address mismatch"));
}

TEST(Channel, VerifiesTheServersName) {
  const FakeApi server("DNS:kubernetes.default.svc");
  Connection connection = server.connection();
  EXPECT_THAT(outcome(connection), HasSubstr("IP address mismatch"));
  connection.server_name = "kubernetes.default.svc";
  EXPECT_EQ(outcome(connection), "200");
  connection.server_name = "default.svc";
  EXPECT_THAT(outcome(connection), HasSubstr("ostname mismatch"));
}

TEST(Channel, TrustsTheCaThatIsGivenAndNoOther) {
  const FakeApi server;
  Connection connection = server.connection();
  connection.ca.text = test::TestCa("another").pem();
  EXPECT_THAT(outcome(connection), HasSubstr("the server's certificate: "));
  connection.ca = {};
  EXPECT_THAT(outcome(connection), HasSubstr("the server's certificate: ")) << "the system's";
}

TEST(Channel, TakesNoCertificateThatHasExpired) {
  const FakeApi server("IP:127.0.0.1", -1h);
  EXPECT_THAT(outcome(server.connection()), HasSubstr("certificate has expired"));
}

TEST(Channel, ShowsItsClientCertificate) {
  const FakeApi server;
  Connection connection = server.connection();
  const test::Identity identity = server.ca().issue("");
  connection.token = {};
  EXPECT_EQ(outcome(connection), "401");
  connection.client_certificate.text = identity.certificate;
  connection.client_key.text = identity.key;
  EXPECT_EQ(outcome(connection), "200");
  EXPECT_TRUE(server.requests().back().has_client_certificate);
}

TEST(Channel, SaysThatItsOwnCertificateIsNotValidAnyMore) {
  const FakeApi server;
  Connection connection = server.connection();
  const test::Identity identity = server.ca().issue("", -1h);
  connection.client_certificate.text = identity.certificate;
  connection.client_key.text = identity.key;
  EXPECT_THAT(outcome(connection), HasSubstr("the client certificate has expired: 20"));
}

TEST(Channel, ConnectsAnewAfterARefusalForItsCertificateMayHaveBeenRenewed) {
  FakeApi server;
  boost::asio::io_context io;
  Api api(server.connection());
  Channel channel(io.get_executor(), api);
  server.set_fault([](const Request&) { return Fault{.status = 401, .text = "Unauthorized"}; });
  EXPECT_EQ(outcome(io, channel), "401");
  server.set_fault({});
  EXPECT_EQ(outcome(io, channel), "200");
  EXPECT_EQ(outcome(io, channel), "200");
  std::vector<std::uint64_t> connections;
  for (const Request& request : server.requests()) connections.push_back(request.connection);
  EXPECT_THAT(connections, testing::ElementsAre(1, 2, 2));
}

TEST(Channel, ReadsARefusedTokenAgainAtOnce) {
  FakeApi server;
  server.set_tokens({"new"});
  const test::TempFiles files;
  Connection connection = server.connection();
  connection.token = {.file = files.write("token", "old")};
  boost::asio::io_context io;
  Api api(connection);
  Channel channel(io.get_executor(), api);
  EXPECT_EQ(outcome(io, channel), "401");
  files.write("token", "new");
  EXPECT_EQ(outcome(io, channel), "200");
}

TEST(Channel, KeepsItsConnectionAndMakesAnotherWhenTheServerHasClosedIt) {
  FakeApi server;
  boost::asio::io_context io;
  Api api(server.connection());
  Channel channel(io.get_executor(), api);
  EXPECT_EQ(outcome(io, channel), "200");
  EXPECT_EQ(outcome(io, channel), "200");
  EXPECT_EQ(server.requests().back().connection, 1U);
  server.cut_connections();
  EXPECT_EQ(outcome(io, channel), "200");
  EXPECT_EQ(server.requests().back().connection, 2U);
}

TEST(Channel, WaitsForNothingForEver) {
  for (const auto body : {Fault::Body::kNever, Fault::Body::kSilent, Fault::Body::kReset}) {
    FakeApi server;
    server.set_fault([body](const Request&) { return Fault{.body = body}; });
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THAT(outcome(server.connection()),
                testing::AnyOf(HasSubstr("no answer in time"), HasSubstr("closed the connection")));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  }
}

TEST(Channel, ReadsAHeaderUpToItsLimit) {
  FakeApi server;
  std::size_t size = 0;
  server.set_fault([&size](const Request&) { return Fault{.fields = "X: " + std::string(size, 'x') + "\r\n"}; });
  size = kMaxHeaderBytes - 200;
  EXPECT_EQ(outcome(server.connection()), "200");
  size = kMaxHeaderBytes + 1;
  EXPECT_THAT(outcome(server.connection()), HasSubstr("GET /livez: "));
}

TEST(Channel, ReadsABodyUpToItsLimit) {
  FakeApi server;
  std::size_t size = 1000;
  server.set_fault([&size](const Request&) { return Fault{.status = 500, .text = std::string(size, 'x')}; });
  boost::asio::io_context io;
  Api api(server.connection());
  Channel channel(io.get_executor(), api);
  for (const bool fits : {true, false}) {
    ASSERT_TRUE(test::result_of(io, channel.get("/livez")));
    EXPECT_EQ(test::result_of(io, channel.read_all(1000, std::chrono::steady_clock::now() + 1s)).has_value(), fits);
    ++size;
  }
}

TEST(Channel, IsInterruptedWhateverItWaitsFor) {
  FakeApi server;
  server.set_fault([](const Request&) { return Fault{.body = Fault::Body::kNever}; });
  boost::asio::io_context io;
  Api api(server.connection());
  Channel channel(io.get_executor(), api);
  boost::asio::steady_timer timer(io, 50ms);
  timer.async_wait([&](auto) { channel.interrupt("enough"); });
  EXPECT_EQ(outcome(io, channel), "GET /livez: enough");
  server.set_fault({});
  EXPECT_EQ(outcome(io, channel), "200");
}

TEST(Channel, SaysWhereItCouldNotConnect) {
  Connection connection{.host = "127.0.0.1", .port = 1, .token = {.text = "x"}};
  EXPECT_EQ(outcome(connection), "connect 127.0.0.1:1: Connection refused");
  connection.host = "name.invalid";
  EXPECT_THAT(outcome(connection), testing::StartsWith("connect name.invalid:1: "));
}

}  // namespace
}  // namespace sextant::kube
