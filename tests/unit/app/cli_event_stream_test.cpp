#include "agent/app/cli/event_stream.h"

#include <gtest/gtest.h>

namespace sextant::app::cli {
namespace {

TEST(EventParser, ReadsTypeAndData) {
  EventParser parser;
  const auto events = parser.feed("event: opened\ndata: {\"a\":1}\n\nevent: resolved\ndata: x\n\n").value();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].type, "opened");
  EXPECT_EQ(events[0].data, "{\"a\":1}");
  EXPECT_EQ(events[1].type, "resolved");
}

TEST(EventParser, TakesBytesHoweverTheyAreCut) {
  const std::string text = ": hello\r\n\r\nevent: opened\r\ndata: one\rdata: two\n\n\rid: 7\ndata\n\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EventParser parser;
    auto events = parser.feed(text.substr(0, cut)).value();
    const auto rest = parser.feed(text.substr(cut)).value();
    events.insert(events.end(), rest.begin(), rest.end());
    ASSERT_EQ(events.size(), 2U) << cut;
    EXPECT_EQ(events[0].type, "opened");
    EXPECT_EQ(events[0].data, "one\ntwo");
    EXPECT_EQ(events[1].type, "message");
    EXPECT_EQ(events[1].data, "");
  }
}

TEST(EventParser, IgnoresHeartbeats) {
  EventParser parser;
  EXPECT_TRUE(parser.feed(":\n\n: still here\n\nevent: opened\n\n").value().empty());
}

TEST(EventParser, EndsAtItsLimit) {
  const std::string data(kMaxEventBytes - 6, 'x');
  EventParser within;
  EXPECT_EQ(within.feed("data: " + data + "\n\n").value().size(), 1U);
  EventParser beyond;
  EXPECT_FALSE(beyond.feed("data: " + data + "y\n\n"));
  EventParser in_lines;
  EXPECT_FALSE(in_lines.feed("data: " + data + "\ndata: more\n\n"));
}

}  // namespace
}  // namespace sextant::app::cli
