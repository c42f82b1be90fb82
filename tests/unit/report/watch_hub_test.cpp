#include "agent/report/watch_hub.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

#include "values.h"

namespace sextant::report {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

FindingChange opened(std::string message = {}) {
  FindingChange change{.kind = FindingChange::Kind::kOpened, .finding = unintended_delivery()};
  change.finding.message = std::move(message);
  return change;
}

TEST(WatchHub, AnEventIsOneServerSentEventWithOneLineOfJson) {
  ServerCounters counters;
  WatchHub hub(1U << 20U, counters);
  int woken = 0;
  WatchHub::Watcher watcher(hub, {}, [&] { ++woken; });
  hub.publish(opened("two\nlines"));
  const WatchHub::Event event = watcher.take();
  ASSERT_TRUE(event);
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(*event, StartsWith("event: opened\ndata: {"));
  EXPECT_TRUE(event->ends_with("}\n\n"));
  EXPECT_EQ(std::ranges::count(*event, '\n'), 3);
  const auto json = boost::json::parse(event->substr(std::string("event: opened\ndata: ").size()));
  EXPECT_EQ(json.at("type"), "opened");
  EXPECT_EQ(json.at("finding").at("message"), "two\nlines");
  EXPECT_TRUE(json.at("status").is_null());
  EXPECT_EQ(watcher.take(), nullptr);
}

TEST(WatchHub, AWatcherHearsWhatItsFilterConcernsAndEveryStatus) {
  ServerCounters counters;
  WatchHub hub(1U << 20U, counters);
  WatchHub::Watcher watcher(hub, {.codes = {"SXT005"}}, [] {});
  hub.publish(opened());
  EXPECT_EQ(watcher.take(), nullptr);
  hub.publish(StatusView{.node = "n1"});
  EXPECT_THAT(*watcher.take(), StartsWith("event: status\n"));
}

TEST(WatchHub, AWatcherThatLagsIsLostAndCountedOnceTheOthersAreNot) {
  ServerCounters counters;
  WatchHub hub(4096, counters);
  WatchHub::Watcher slow(hub, {}, [] {});
  WatchHub::Watcher quick(hub, {}, [] {});
  for (int i = 0; i < 100; ++i) {
    hub.publish(opened());
    EXPECT_TRUE(quick.take());
  }
  EXPECT_TRUE(slow.lost());
  EXPECT_EQ(slow.take(), nullptr);
  EXPECT_FALSE(quick.lost());
  EXPECT_EQ(counters.watchers_dropped, 1U);
}

TEST(WatchHub, TheBacklogHoldsWhatItSaysAndNotOneByteMore) {
  ServerCounters counters;
  std::size_t size = 0;
  {
    WatchHub hub(1U << 20U, counters);
    WatchHub::Watcher watcher(hub, {}, [] {});
    hub.publish(opened());
    size = watcher.take()->size();
  }
  WatchHub hub(2 * size, counters);
  WatchHub::Watcher watcher(hub, {}, [] {});
  hub.publish(opened());
  hub.publish(opened());
  EXPECT_FALSE(watcher.lost());
  watcher.take();
  hub.publish(opened("a"));
  EXPECT_TRUE(watcher.lost());
}

TEST(WatchHub, CountsItsWatchers) {
  ServerCounters counters;
  WatchHub hub(1024, counters);
  {
    WatchHub::Watcher one(hub, {}, [] {});
    WatchHub::Watcher two(hub, {}, [] {});
    EXPECT_EQ(counters.watchers, 2U);
  }
  EXPECT_EQ(counters.watchers, 0U);
}

}  // namespace
}  // namespace sextant::report
