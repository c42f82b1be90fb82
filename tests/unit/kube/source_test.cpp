#include "agent/kube/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "tests/unit/kube/fake_api.h"
#include "tests/unit/kube/kube_run.h"

namespace sextant::kube {
namespace {

using namespace std::chrono_literals;
using test::FakeApi;
using test::Fault;
using test::named_text;
using test::pod_text;
using test::Request;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kPods = "/api/v1/pods";
const std::string kConfigMaps = "/api/v1/namespaces/kube-system/configmaps";
const std::string kPolicies = "/apis/cilium.io/v2/ciliumnetworkpolicies";
const std::string kDefinitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

class SourceTest : public testing::Test {
 protected:
  ~SourceTest() override {
    if (!source) return;
    cancel.emit(boost::asio::cancellation_type::terminal);
    EXPECT_TRUE(test::run_until(io, [this] { return ended; })) << "cancelled, it ends";
    EXPECT_EQ(fault, "");
  }

  void start() {
    Config config{.connection = server.connection(),
                  .node = "n1",
                  .spread = 0ms,
                  .patience = test::kQuickPatience,
                  .timing = test::kQuickTiming,
                  .pulse = {.look = 20ms, .silence = 50ms, .answer = 100ms}};
    auto opened = Source::open(io.get_executor(), std::move(config),
                               {.delta =
                                    [this](const Delta& delta) {
                                      world.apply(delta);
                                      ++deltas;
                                    },
                                .cilium = [this](const CiliumFacts& facts) { cilium = facts; },
                                .status = [this] { ++told_status; }});
    ASSERT_TRUE(opened) << opened.error().what;
    source.emplace(std::move(*opened));
    boost::asio::co_spawn(
        io, source->run(),
        boost::asio::bind_cancellation_slot(cancel.slot(), [this](std::exception_ptr thrown, Result<> result) {
          ended = true;
          if (thrown) std::rethrow_exception(thrown);
          if (!result) fault = result.error().what;
        }));
  }

  bool becomes(const std::function<bool()>& holds) { return test::run_until(io, holds); }
  KindStatus status(const std::string& resource) const {
    for (KindStatus& status : source->statuses())
      if (status.resource == resource) return status;
    return {};
  }

  boost::asio::io_context io{};
  boost::asio::cancellation_signal cancel{};
  FakeApi server{};
  World world{"n1"};
  CiliumFacts cilium{};
  std::optional<Source> source{};
  int deltas = 0, told_status = 0;
  bool ended = false;
  std::string fault{};
};

TEST_F(SourceTest, FillsTheModel) {
  server.put("/api/v1/namespaces", named_text("shop"));
  server.put(
      "/api/v1/nodes",
      R"({"metadata":{"name":"n1","resourceVersion":"@"},"spec":{"podCIDR":"2001:db8:1::/64"},"status":{"addresses":[{"type":"InternalIP","address":"2001:db8::10"}],"images":[{"names":["x"]}]}})");
  server.put(kPods, pod_text("shop", "web", "n1", "2001:db8:1::1"));
  server.put(kPods, pod_text("shop", "db", "n2", "2001:db8:2::1"));
  server.put(
      "/apis/networking.k8s.io/v1/networkpolicies",
      R"({"metadata":{"namespace":"shop","name":"deny","resourceVersion":"@","managedFields":[{"manager":"x"}]},"spec":{"podSelector":{},"ingress":[]}})");
  start();
  ASSERT_TRUE(becomes([this] { return source->is_settled(); }));
  EXPECT_EQ(world.nodes().at("n1").addresses.size(), 1U);
  EXPECT_EQ(world.namespaces().size(), 1U);
  const Pod* web = world.pod("shop", "web");
  ASSERT_NE(web, nullptr);
  EXPECT_EQ(web->uid, "shop-web");
  const Pod* db = world.pod("shop", "db");
  ASSERT_NE(db, nullptr);
  EXPECT_EQ(db->uid, "") << "of a peer no more than a policy sees of it";
  EXPECT_EQ(db->addresses.size(), 1U);
  ASSERT_EQ(world.policies().size(), 1U);
  const Document policy = world.policies().begin()->second.body->unpack();
  EXPECT_EQ(policy.string_at("apiVersion"), "networking.k8s.io/v1") << "items of a list do not say it themselves";
  EXPECT_NE(policy.at({"spec", "ingress"}), nullptr) << "an empty list is not a missing one";
  EXPECT_EQ(policy.at({"metadata", "managedFields"}), nullptr);
}

TEST_F(SourceTest, AsksOnceAKind) {
  start();
  ASSERT_TRUE(becomes([this] { return source->is_settled(); }));
  test::run_for(io, 300ms);
  std::map<std::string, int> asked;
  for (const Request& request : server.requests()) ++asked[request.path];
  EXPECT_EQ(asked.at(kPods), 2) << "this node's, and other nodes'";
  asked.erase(kPods);
  asked.erase("/livez");
  EXPECT_THAT(asked, testing::Each(testing::Pair(testing::_, testing::Le(1))));
}

TEST_F(SourceTest, APodMadeAnewOnAnotherNodeIsNotLost) {
  server.put(kPods, pod_text("shop", "db-0", "n1", "2001:db8:1::1"));
  start();
  ASSERT_TRUE(becomes([this] { return source->is_settled(); }));
  for (int i = 0; i < 30; ++i) {
    const std::string node = i % 2 == 0 ? "n2" : "n1";
    server.remove(kPods, "shop", "db-0");
    server.put(kPods, pod_text("shop", "db-0", node, "2001:db8:2::1"));
    ASSERT_TRUE(becomes([&] {
      const Pod* pod = world.pod("shop", "db-0");
      return pod != nullptr && pod->node_name == node;
    })) << i;
    test::run_for(io, 5ms);
    ASSERT_NE(world.pod("shop", "db-0"), nullptr) << i;
  }
}

TEST_F(SourceTest, AKindIsFoundWhenItsDefinitionAppears) {
  start();
  ASSERT_TRUE(becomes([this] { return source->is_settled(); }));
  EXPECT_EQ(status("ciliumnetworkpolicies.cilium.io").state, KindState::kAbsent);
  server.put(kDefinitions, named_text("ciliumnetworkpolicies.cilium.io"));
  test::run_for(io, 30ms);
  server.serve(kPolicies);
  server.put(
      kPolicies,
      R"({"apiVersion":"cilium.io/v2","kind":"CiliumNetworkPolicy","metadata":{"namespace":"shop","name":"db","resourceVersion":"@"},"spec":{}})");
  ASSERT_TRUE(becomes([this] { return world.policies().size() == 1; }));
  EXPECT_EQ(status("ciliumnetworkpolicies.cilium.io").state, KindState::kSynced);
}

TEST_F(SourceTest, TellsWhatTheClusterSaysOfItsCilium) {
  server.put(
      kConfigMaps,
      R"({"metadata":{"namespace":"kube-system","name":"cilium-config","resourceVersion":"@"},"data":{"enable-policy":"always"}})");
  server.put(
      kPods,
      R"({"metadata":{"namespace":"kube-system","name":"cilium-abc","resourceVersion":"@","labels":{"k8s-app":"cilium"}},"spec":{"nodeName":"n1","hostNetwork":true,"containers":[{"name":"cilium-agent","image":"quay.io/cilium/cilium:v1.19.3"}]}})");
  start();
  ASSERT_TRUE(becomes([this] { return cilium.has_config && !cilium.image.empty(); }));
  EXPECT_EQ(cilium.config.at("enable-policy"), "always");
  EXPECT_EQ(release_in_image(cilium.image), "1.19.3");
  server.remove(kPods, "kube-system", "cilium-abc");
  server.remove(kConfigMaps, "kube-system", "cilium-config");
  ASSERT_TRUE(becomes([this] { return !cilium.has_config && cilium.image.empty(); }));
}

TEST_F(SourceTest, AForbiddenKindLeavesTheOthersAtWork) {
  server.set_fault([](const Request& request) -> std::optional<Fault> {
    if (request.path != "/api/v1/services") return std::nullopt;
    return Fault{.status = 403, .text = test::status_text(403, "Forbidden", "services is forbidden")};
  });
  start();
  ASSERT_TRUE(
      becomes([this] { return status("services").state == KindState::kForbidden && status("pods").is_complete; }));
  EXPECT_FALSE(source->is_settled()) << "a server that has just started forbids what it will allow";
  EXPECT_FALSE(is_forbidden_for_good(status("services")));
  server.put(kPods, pod_text("shop", "web", "n1"));
  EXPECT_TRUE(becomes([this] { return world.pod("shop", "web") != nullptr; }));
}

TEST_F(SourceTest, NoticesAServerThatAcceptsAndHangs) {
  start();
  ASSERT_TRUE(becomes([this] { return source->is_settled(); }));
  server.set_fault([](const Request&) { return Fault{.body = Fault::Body::kNever}; });
  ASSERT_TRUE(becomes([this] { return status("pods").state == KindState::kFailing; }));
  EXPECT_TRUE(source->is_settled()) << "what was told stays";
  server.set_fault({});
  ASSERT_TRUE(becomes([this] { return status("pods").state == KindState::kSynced; }));
}

TEST_F(SourceTest, AnOutageTakesNothingAwayAndGivesNothingTwice) {
  for (int i = 0; i < 10; ++i) server.put(kPods, pod_text("shop", "web-" + std::to_string(i), "n1"));
  start();
  ASSERT_TRUE(becomes([this] { return source->is_settled(); }));
  const int before = deltas;
  server.set_down(true);
  server.cut_connections();
  ASSERT_TRUE(becomes([this] { return status("pods").state == KindState::kFailing; }));
  EXPECT_EQ(world.pods().size(), 10U);
  server.set_down(false);
  ASSERT_TRUE(becomes(
      [this] { return status("pods").state == KindState::kSynced && status("nodes").state == KindState::kSynced; }));
  EXPECT_EQ(deltas, before);
}

TEST_F(SourceTest, EndsAlsoWhileTheServerHangs) {
  server.set_fault([](const Request&) { return Fault{.body = Fault::Body::kNever}; });
  start();
  test::run_for(io, 50ms);
}

// How long after its start a node asks for the first time.
std::chrono::milliseconds first_request_of(const std::string& node, std::chrono::milliseconds spread) {
  boost::asio::io_context io;
  boost::asio::cancellation_signal cancel;
  const FakeApi server;
  auto source = *Source::open(io.get_executor(), {.connection = server.connection(), .node = node, .spread = spread},
                              {.delta = [](const Delta&) {}});
  bool ended = false;
  const auto begun = std::chrono::steady_clock::now();
  boost::asio::co_spawn(
      io, source.run(),
      boost::asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, const Result<>&) { ended = true; }));
  EXPECT_TRUE(test::run_until(io, [&] { return !server.requests().empty(); }));
  const auto took = std::chrono::steady_clock::now() - begun;
  cancel.emit(boost::asio::cancellation_type::terminal);
  EXPECT_TRUE(test::run_until(io, [&] { return ended; }));
  return std::chrono::duration_cast<std::chrono::milliseconds>(took);
}

TEST(Source, NodesBeginAtDifferentTimes) {
  std::vector<std::chrono::milliseconds> delays;
  for (const char* node : {"n1", "n2", "n3", "n4", "n5", "n6"}) delays.push_back(first_request_of(node, 1s));
  const auto [first, last] = std::ranges::minmax(delays);
  EXPECT_GT(last - first, 100ms);
  EXPECT_LT(first_request_of("n1", 0ms), 10s);
}

TEST(Source, RefusesACaThatIsNone) {
  boost::asio::io_context io;
  const auto opened = Source::open(io.get_executor(), {.connection = {.host = "::1", .ca = {.text = "none"}}}, {});
  EXPECT_THAT(opened.error().what, testing::StartsWith("TLS: CA: no certificate in PEM form"));
}

}  // namespace
}  // namespace sextant::kube
