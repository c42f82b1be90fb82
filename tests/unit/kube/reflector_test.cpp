#include "agent/kube/reflector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kube/fake_api.h"
#include "tests/unit/kube/kube_run.h"

namespace sextant::kube {
namespace {

using namespace std::chrono_literals;
using test::FakeApi;
using test::Fault;
using test::pod_text;
using test::Request;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kPods = "/api/v1/pods";
const std::string kGroups = "/apis/cilium.io/v2/ciliumcidrgroups";
const std::string kOldGroups = "/apis/cilium.io/v2alpha1/ciliumcidrgroups";

Resource pods() {
  Resource resource{.title = "pods", .kind = "Pod", .plural = "pods", .versions = {"v1"}};
  resource.fields.keep({"metadata", "spec", "status"});
  return resource;
}

Resource cidr_groups() {
  Resource resource{.title = "groups",
                    .kind = "CiliumCIDRGroup",
                    .group = "cilium.io",
                    .plural = "ciliumcidrgroups",
                    .versions = {"v2", "v2alpha1"},
                    .is_custom = true};
  resource.fields.keep({"metadata", "spec"});
  return resource;
}

// A reflector on a fake API server, and what it has told: the world as somebody who only listens sees it.
class ReflectorTest : public testing::Test {
 protected:
  ~ReflectorTest() override {
    if (!reflector) return;
    reflector->stop();
    catalogue->stop();
    EXPECT_TRUE(test::run_until(io, [this] { return ended; }));
  }

  void start(Resource resource = pods(), Timing timing = test::kQuickTiming) {
    api.emplace(server.connection());
    api->patience = test::kQuickPatience;
    catalogue.emplace(io.get_executor(), *api);
    Feed feed{.put = [this](Document&& object) -> Result<> {
                const Name name = name_of(object);
                ++puts;
                told[name.to_string()] =
                    std::string(object.at({"metadata", "labels"}) ? object.at({"metadata", "labels"})->string_at("app")
                                                                  : object.string_at("apiVersion"));
                if (name.name == "unreadable") return failure("metadata.labels: wrong");
                return {};
              },
              .remove =
                  [this](const Name& name) {
                    ++removals;
                    told.erase(name.to_string());
                  }};
    reflector.emplace(io.get_executor(), std::move(resource), std::move(feed),
                      Reflector::Surroundings{.api = *api, .catalogue = *catalogue, .timing = timing, .seed = 7});
    boost::asio::co_spawn(io, reflector->run(), [this](std::exception_ptr thrown) {
      ended = true;
      if (thrown) std::rethrow_exception(thrown);
    });
  }

  bool becomes(const std::function<bool()>& holds) { return test::run_until(io, holds); }
  bool is_synced() const { return status().state == KindState::kSynced; }
  KindStatus status() const { return reflector->status(std::chrono::steady_clock::now()); }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, app] : told) all.push_back(name);
    return all;
  }
  // After whatever was done, what was told is what the server has.
  bool equals_after(const std::string& marker) {
    server.put(kPods, pod_text("shop", marker, "n1"));
    return becomes([&] { return told.contains("shop/" + marker) && is_synced(); });
  }

  boost::asio::io_context io{};
  FakeApi server{};
  std::optional<Api> api{};
  std::optional<Catalogue> catalogue{};
  std::optional<Reflector> reflector{};
  std::map<std::string, std::string> told{};
  int puts = 0, removals = 0;
  bool ended = false;
};

TEST_F(ReflectorTest, StreamsTheListAndFollowsTheChanges) {
  server.put(kPods, pod_text("shop", "web", "n1"));
  server.put(kPods, pod_text("shop", "db", "n1"));
  start();
  ASSERT_TRUE(becomes([this] { return is_synced(); }));
  EXPECT_THAT(names(), ElementsAre("shop/db", "shop/web"));
  server.remove(kPods, "shop", "db");
  server.put(kPods, pod_text("shop", "web", "n1", "2001:db8::1", R"("app":"other")"));
  ASSERT_TRUE(becomes([this] { return told["shop/web"] == "other"; }));
  EXPECT_THAT(names(), ElementsAre("shop/web"));
  EXPECT_EQ(server.count(kPods, true), 1U) << "one watch is list and watch";
  EXPECT_EQ(server.count(kPods, false), 0U);
}

TEST_F(ReflectorTest, ListsInPagesWhereListsAreNotStreamed) {
  server.set_streams_lists(false);
  for (int i = 0; i < 1201; ++i) server.put(kPods, pod_text("shop", "web-" + std::to_string(i), "n1"));
  start();
  ASSERT_TRUE(becomes([this] { return is_synced(); }));
  EXPECT_EQ(told.size(), 1201U);
  EXPECT_EQ(server.count(kPods, false), 3U) << "500 to a page";
  EXPECT_TRUE(becomes([this] { return server.count(kPods, true) == 2; })) << "the one that was refused, and the watch";
  server.put(kPods, pod_text("shop", "late", "n1"));
  EXPECT_TRUE(becomes([this] { return told.contains("shop/late"); }));
}

TEST_F(ReflectorTest, GoesOnFromItsVersionWhenAWatchHasEnded) {
  start();
  ASSERT_TRUE(equals_after("web"));
  server.bookmark();
  server.end_watches();
  ASSERT_TRUE(becomes([this] { return server.count(kPods, true) == 2; }));
  ASSERT_TRUE(equals_after("db"));
  EXPECT_EQ(status().lists, 1U);
  EXPECT_EQ(puts, 2) << "nothing is told twice";
}

TEST_F(ReflectorTest, AfterAnExpiredVersionOnlyTheDifferenceIsTold) {
  server.put(kPods, pod_text("shop", "stays", "n1"));
  server.put(kPods, pod_text("shop", "goes", "n1"));
  start();
  ASSERT_TRUE(becomes([this] { return is_synced(); }));
  server.set_down(true);
  server.cut_connections();
  server.remove(kPods, "shop", "goes");
  server.compact();
  server.set_down(false);
  ASSERT_TRUE(equals_after("comes"));
  EXPECT_THAT(names(), ElementsAre("shop/comes", "shop/stays"));
  EXPECT_EQ(puts, 3);
  EXPECT_EQ(removals, 1);
}

TEST_F(ReflectorTest, AListThatExpiresBetweenItsPagesIsAskedForWhole) {
  server.set_streams_lists(false);
  for (int i = 0; i < 600; ++i) server.put(kPods, pod_text("shop", "web-" + std::to_string(i), "n1"));
  bool expired = false;
  server.set_fault([&expired](const Request& request) -> std::optional<Fault> {
    if (request.parameter("continue").empty() || std::exchange(expired, true)) return std::nullopt;
    return Fault{.status = 410,
                 .text = test::status_text(410, "Expired", "The provided continue parameter is too old")};
  });
  start();
  ASSERT_TRUE(becomes([this] { return is_synced() && server.requests().back().is_watch(); }));
  EXPECT_EQ(told.size(), 600U);
  EXPECT_EQ(server.count(kPods, false), 3U) << "a page, one that was too old, and the whole";
}

TEST_F(ReflectorTest, KeepsWhatWasToldWhileTheServerIsAway) {
  start();
  ASSERT_TRUE(equals_after("web"));
  server.set_down(true);
  server.cut_connections();
  ASSERT_TRUE(becomes([this] { return status().state == KindState::kFailing; }));
  test::run_for(io, 200ms);
  EXPECT_THAT(names(), ElementsAre("shop/web"));
  EXPECT_TRUE(status().is_complete);
  EXPECT_GE(status().age, 200ms);
  EXPECT_THAT(status().error, HasSubstr("connect 127.0.0.1:"));
  server.set_down(false);
  ASSERT_TRUE(equals_after("db"));
  EXPECT_LT(status().age, 200ms);
  EXPECT_EQ(puts, 2);
}

TEST_F(ReflectorTest, AForbiddenKindIsToldByNameAndComesBackByItself) {
  bool forbidden = true;
  server.set_fault([&forbidden](const Request&) -> std::optional<Fault> {
    if (!forbidden) return std::nullopt;
    return Fault{.status = 403,
                 .text = test::status_text(403, "Forbidden", "pods is forbidden: cannot list resource pods")};
  });
  start();
  ASSERT_TRUE(becomes([this] { return status().state == KindState::kForbidden; }));
  EXPECT_THAT(status().error, HasSubstr("403 Forbidden: pods is forbidden"));
  EXPECT_FALSE(status().is_complete);
  server.set_fault({});
  EXPECT_TRUE(equals_after("web"));
}

TEST_F(ReflectorTest, ObeysRetryAfter) {
  int asked = 0;
  server.set_fault([&asked](const Request&) -> std::optional<Fault> {
    if (asked++ > 0) return std::nullopt;
    return Fault{.status = 429, .text = "slow down", .fields = "Retry-After: 1\r\n"};
  });
  const auto begun = std::chrono::steady_clock::now();
  start();
  ASSERT_TRUE(becomes([this] { return is_synced(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 1s);
}

TEST_F(ReflectorTest, BacksOffFromAServerThatFails) {
  server.set_fault([](const Request&) { return Fault{.status = 500, .text = "oops"}; });
  start();
  test::run_for(io, 500ms);
  const std::size_t asked = server.count(kPods, true);
  EXPECT_GE(asked, 4U);
  EXPECT_LE(asked, 30U) << "5, 10, 20, 40, 50, 50... ms and more";
  EXPECT_THAT(status().error, HasSubstr("500: oops"));
  server.set_fault({});
  EXPECT_TRUE(equals_after("web"));
}

TEST_F(ReflectorTest, AnsweringWatchesThatEndAtOnceAreNoReasonToHurry) {
  start();
  ASSERT_TRUE(becomes([this] { return is_synced(); }));
  server.set_fault([](const Request&) { return Fault{.status = 200, .fields = "X: y\r\n"}; });
  for (int i = 0; i < 50; ++i) {
    server.end_watches();
    test::run_for(io, 10ms);
  }
  EXPECT_LE(server.count(kPods, true), 30U);
}

struct Broken {
  std::string name;
  Fault::Body body;
  bool streams_lists;
};

class BrokenAnswerTest : public ReflectorTest, public testing::WithParamInterface<Broken> {};

TEST_P(BrokenAnswerTest, TheModelEqualsTheServerAfterwards) {
  server.set_streams_lists(GetParam().streams_lists);
  for (int i = 0; i < 20; ++i) server.put(kPods, pod_text("shop", "web-" + std::to_string(i), "n1"));
  std::atomic<int> broken = 0;
  server.set_fault([&broken](const Request& request) -> std::optional<Fault> {
    if (request.path != kPods || ++broken > 4) return std::nullopt;
    return Fault{.body = GetParam().body};
  });
  start();
  ASSERT_TRUE(becomes([&] { return broken > 4 && is_synced(); })) << status().error;
  server.remove(kPods, "shop", "web-0");
  ASSERT_TRUE(equals_after("last"));
  EXPECT_EQ(told.size(), 20U);
  EXPECT_FALSE(told.contains("shop/web-0"));
}

INSTANTIATE_TEST_SUITE_P(Answers, BrokenAnswerTest,
                         testing::Values(Broken{"TruncatedWatch", Fault::Body::kTruncated, true},
                                         Broken{"TruncatedList", Fault::Body::kTruncated, false},
                                         Broken{"GarbledWatch", Fault::Body::kGarbled, true},
                                         Broken{"GarbledList", Fault::Body::kGarbled, false},
                                         Broken{"SlowLoris", Fault::Body::kDripping, true},
                                         Broken{"SilentBody", Fault::Body::kSilent, true},
                                         Broken{"HalfOpen", Fault::Body::kNever, true},
                                         Broken{"Reset", Fault::Body::kReset, true}),
                         [](const auto& instance) { return instance.param.name; });

TEST_F(ReflectorTest, EventsThatComeTwiceAreToldOnce) {
  server.set_fault([](const Request&) { return Fault{.body = Fault::Body::kTwice}; });
  server.put(kPods, pod_text("shop", "early", "n1"));
  start();
  ASSERT_TRUE(equals_after("late"));
  server.remove(kPods, "shop", "early");
  ASSERT_TRUE(equals_after("last"));
  EXPECT_THAT(names(), ElementsAre("shop/last", "shop/late"));
  EXPECT_EQ(puts, 3);
  EXPECT_EQ(removals, 1);
  EXPECT_EQ(status().lists, 1U);
}

TEST_F(ReflectorTest, EventsOutOfOrderMakeANewList) {
  start();
  ASSERT_TRUE(becomes([this] { return is_synced(); }));
  server.set_fault([](const Request&) { return Fault{.body = Fault::Body::kReversed}; });
  server.end_watches();
  ASSERT_TRUE(becomes([this] { return server.count(kPods, true) == 2; }));
  // While nobody reads, both become ready together.
  for (int i = 0; i < 20; ++i) {
    server.put(kPods, pod_text("shop", "web", "n1", "2001:db8::1", R"("app":"a)" + std::to_string(i) + "\""));
    server.remove(kPods, "shop", "web");
  }
  server.put(kPods, pod_text("shop", "web", "n1", "2001:db8::1", R"("app":"last")"));
  test::run_for(io, 50ms);
  server.set_fault({});
  server.end_watches();
  ASSERT_TRUE(equals_after("marker"));
  EXPECT_EQ(told["shop/web"], "last");
}

// Initial events, the last of them the bookmark that ends them.
std::string initial_events(const std::vector<std::string>& events) {
  std::string text;
  for (const std::string& event : events) text += event + "\n";
  return text +
         R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"300","annotations":{"k8s.io/initial-events-end":"true"}}}})";
}

std::string event_of(const std::string& type, const std::string& name, int version) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"namespace":"shop","name":")" + name +
         R"(","resourceVersion":")" + std::to_string(version) + R"("}}})";
}

TEST_F(ReflectorTest, InitialEventsOutOfOrderMakeANewList) {
  const std::vector<std::vector<std::string>> disorders{
      {event_of("MODIFIED", "ghost", 202), event_of("ADDED", "ghost", 201)},
      {event_of("DELETED", "ghost", 202), event_of("ADDED", "ghost", 201)}};
  for (const auto& disorder : disorders) {
    server.set_fault([&](const Request& request) -> std::optional<Fault> {
      if (!request.streams_list()) return std::nullopt;
      return Fault{.text = initial_events(disorder)};
    });
    if (!reflector) start();
    server.end_watches();
    ASSERT_TRUE(becomes([this] { return status().error == "events out of order"; }));
    server.set_fault({});
    ASSERT_TRUE(equals_after("marker"));
    EXPECT_THAT(names(), ElementsAre("shop/marker"));
    server.compact();
  }
}

TEST_F(ReflectorTest, AnObjectMayChangeAndEndWithinTheInitialEvents) {
  server.set_fault([&](const Request& request) -> std::optional<Fault> {
    if (!request.streams_list()) return std::nullopt;
    return Fault{.text = initial_events({event_of("ADDED", "web", 250), event_of("ADDED", "db", 201),
                                         event_of("MODIFIED", "db", 260), event_of("DELETED", "db", 261)})};
  });
  start();
  ASSERT_TRUE(becomes([this] { return status().lists > 0; }));
  EXPECT_THAT(names(), ElementsAre("shop/web"));
}

TEST_F(ReflectorTest, AnObjectThatCannotBeReadIsAProblemUntilItChanges) {
  start();
  server.put(kPods, pod_text("shop", "unreadable", "n1"));
  ASSERT_TRUE(becomes([this] { return !status().problems.empty(); }));
  EXPECT_THAT(status().problems, ElementsAre("shop/unreadable: metadata.labels: wrong"));
  server.remove(kPods, "shop", "unreadable");
  ASSERT_TRUE(becomes([this] { return told.empty(); }));
  EXPECT_THAT(status().problems, IsEmpty());
}

TEST_F(ReflectorTest, AKindAppearsWithItsDefinitionAndGoesWithIt) {
  start(cidr_groups());
  ASSERT_TRUE(becomes([this] { return status().state == KindState::kAbsent; }));
  EXPECT_TRUE(status().is_complete);
  EXPECT_EQ(status().age, 0ms);
  server.serve(kGroups);
  catalogue->invalidate();
  reflector->wake();
  ASSERT_TRUE(becomes([this] { return is_synced(); }));
  server.put(kGroups, test::named_text("office"));
  ASSERT_TRUE(becomes([this] { return told.contains("office"); }));
  server.withdraw(kGroups);
  ASSERT_TRUE(becomes([this] { return status().state == KindState::kAbsent; }));
  EXPECT_THAT(told, IsEmpty());
}

TEST_F(ReflectorTest, AsksInTheBestVersionThatIsServed) {
  server.serve(kOldGroups);
  server.put(kOldGroups, test::named_text("office"));
  start(cidr_groups());
  ASSERT_TRUE(becomes([this] { return is_synced(); }));
  EXPECT_EQ(told["office"], "cilium.io/v2alpha1");
  // Cilium is upgraded: the same objects in another version.
  server.serve(kGroups);
  server.put(kGroups, test::named_text("office"));
  server.withdraw(kOldGroups);
  ASSERT_TRUE(becomes([this] { return told["office"] == "cilium.io/v2"; }));
}

TEST_F(ReflectorTest, OfAnObjectThatNeverEndsOnlySoMuchIsRead) {
  const std::string huge = pod_text("shop", "huge", "n1", std::string(kMaxHeaderBytes * 160, 'x'));
  start();
  ASSERT_TRUE(becomes([this] { return is_synced(); }));
  server.put(kPods, huge);
  ASSERT_TRUE(becomes([this] { return status().state == KindState::kFailing; }));
  EXPECT_THAT(status().error, HasSubstr("larger than 8 MiB"));
  server.remove(kPods, "shop", "huge");
  EXPECT_TRUE(equals_after("web"));
}

TEST_F(ReflectorTest, AThousandListsLeaveNothingBehind) {
  for (int i = 0; i < 5; ++i) server.put(kPods, pod_text("shop", "web-" + std::to_string(i), "n1"));
  Timing timing = test::kQuickTiming;
  timing.pace = {.first = 1ms, .longest = 1ms, .healthy = 1ms};
  server.set_fault([this](const Request& request) -> std::optional<Fault> {
    if (request.streams_list()) return std::nullopt;
    return Fault{.status = 500, .text = "list anew"};
  });
  start(pods(), timing);
  ASSERT_TRUE(test::run_until(
      io,
      [this] {
        server.end_watches();
        return status().lists >= 1000;
      },
      60s));
  EXPECT_EQ(puts, 5);
  EXPECT_EQ(reflector->ledger().size(), 5U);
}

}  // namespace
}  // namespace sextant::kube
