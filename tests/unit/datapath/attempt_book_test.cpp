#include "agent/datapath/attempt_book.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sextant::datapath {
namespace {

Time at(int second) { return Time(std::chrono::seconds(second)); }

AttemptCount attempt(const std::string& pod, std::uint16_t port, std::uint64_t packets, int second) {
  return {.endpoint = {.kind = EndpointKind::kPod, .ns = "shop", .name = pod},
          .protocol = Protocol::kTcp,
          .port = port,
          .verdict = Verdict::kDeny,
          .packets = packets,
          .last_seen = at(second)};
}

std::uint64_t sum(const AttemptBook& book) {
  std::uint64_t packets = 0;
  for (const AttemptCount& count : book.list()) packets += count.packets;
  return packets;
}

bool everybody(const EndpointRef&) { return true; }

TEST(AttemptBook, AddsUpOneCellAndKeepsTheLaterTime) {
  AttemptBook book(10);
  book.add(attempt("db", 80, 2, 7));
  book.add(attempt("db", 80, 3, 5));
  ASSERT_EQ(book.list().size(), 1U);
  EXPECT_EQ(book.list().front().packets, 5U);
  EXPECT_EQ(book.list().front().last_seen, at(7));
}

TEST(AttemptBook, TellsCellsApartByEverythingButTheirCounts) {
  AttemptBook book(10);
  AttemptCount other = attempt("db", 80, 1, 1);
  book.add(other);
  other.verdict = Verdict::kAllow;
  book.add(other);
  other.protocol = Protocol::kUdp;
  book.add(other);
  other.port_known = false;
  book.add(other);
  other.endpoint.name = "web";
  book.add(other);
  EXPECT_EQ(book.list().size(), 5U);
}

TEST(AttemptBook, FoldsNothingAtItsLimit) {
  AttemptBook book(3);
  for (std::uint16_t port = 1; port <= 3; ++port) book.add(attempt("db", port, 1, port));
  book.fold(everybody);
  EXPECT_EQ(book.list().size(), 3U);
}

TEST(AttemptBook, FoldsTheQuietestBeyondItsLimitAndLosesNoPacket) {
  AttemptBook book(3);
  for (std::uint16_t port = 1; port <= 5; ++port) book.add(attempt("db", port, 10, port));
  book.fold(everybody);
  const auto list = book.list();
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(sum(book), 50U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(list[i].port, i + 3);
  EXPECT_FALSE(list[3].port_known);
  EXPECT_EQ(list[3].packets, 20U);
  EXPECT_EQ(list[3].last_seen, at(2));
}

TEST(AttemptBook, ForgetsOnlyEndpointsThatAreGoneAndTheQuietestOfThem) {
  AttemptBook book(10 * AttemptBook::kGone);
  book.add(attempt("here", 80, 1, 0));
  for (std::size_t i = 0; i < AttemptBook::kGone + 1; ++i) {
    book.add(attempt("gone" + std::to_string(i), 80, 1, static_cast<int>(i + 1)));
  }
  book.fold([](const EndpointRef& endpoint) { return endpoint.name == "here"; });
  const auto list = book.list();
  EXPECT_EQ(list.size(), AttemptBook::kGone + 1);
  const auto has = [&](const std::string& name) {
    return std::ranges::any_of(list, [&](const AttemptCount& count) { return count.endpoint.name == name; });
  };
  EXPECT_TRUE(has("here"));
  EXPECT_FALSE(has("gone0"));
  EXPECT_TRUE(has("gone1"));
}

}  // namespace
}  // namespace sextant::datapath
