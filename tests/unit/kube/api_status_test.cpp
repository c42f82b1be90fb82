#include "agent/kube/api_status.h"

#include <gtest/gtest.h>

namespace sextant::kube {
namespace {

using namespace std::chrono_literals;

TEST(ApiStatus, IsReadFromAnAnswer) {
  const ApiStatus status = read_status(
      504,
      R"({"kind":"Status","message":"Too large resource version: 9, current: 2","reason":"Timeout","details":{"retryAfterSeconds":1},"code":504})");
  EXPECT_EQ(status.to_string(), "504 Timeout: Too large resource version: 9, current: 2");
  EXPECT_EQ(status.retry_after, 1s);
  EXPECT_FALSE(status.is_expired());
}

TEST(ApiStatus, OfWhatIsNoStatusTellsTheText) {
  EXPECT_EQ(read_status(404, "404 page not found\n").to_string(), "404: 404 page not found");
  EXPECT_EQ(read_status(502, "<html>\r\n\x1b[31mBad\x07gateway").message, "<html> [31mBad gateway");
  EXPECT_EQ(read_status(500, "").to_string(), "500");
  EXPECT_LE(read_status(500, std::string(100'000, 'x')).message.size(), 400U);
  EXPECT_EQ(read_status(500, R"({"kind":"Pod","message":"no"})").reason, "");
}

TEST(ApiStatus, IsExpiredInEitherShape) {
  EXPECT_TRUE(read_status(410, "").is_expired());
  const std::string event =
      R"_({"kind":"Status","message":"too old resource version: 255 (278)","reason":"Expired","code":410})_";
  EXPECT_TRUE(read_status(*parse_json(event)).is_expired());
  EXPECT_FALSE(read_status(*parse_json(R"({"code":500})")).is_expired());
}

}  // namespace
}  // namespace sextant::kube
