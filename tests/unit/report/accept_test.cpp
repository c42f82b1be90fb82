#include "agent/report/accept.h"

#include <array>

#include <gtest/gtest.h>

namespace sextant::report {
namespace {

constexpr std::array<std::string_view, 2> kOffers{"application/json", "application/x-protobuf"};

TEST(Accept, TheDefaultIsForThoseWhoDoNotMind) {
  for (const char* accept :
       {"", "*/*", "application/*", "text/html,*/*;q=0.8", "text/html", "application/json;q=0", ";;,,;q"}) {
    EXPECT_EQ(preferred(accept, kOffers), "application/json") << accept;
  }
}

TEST(Accept, TheHigherQualityWins) {
  EXPECT_EQ(preferred("application/x-protobuf", kOffers), "application/x-protobuf");
  EXPECT_EQ(preferred("Application/X-Protobuf ; Q=0.5", kOffers), "application/x-protobuf");
  EXPECT_EQ(preferred("application/json;q=0.4, application/x-protobuf;q=0.5", kOffers), "application/x-protobuf");
  EXPECT_EQ(preferred("application/json, application/x-protobuf;q=0.5", kOffers), "application/json");
  EXPECT_EQ(preferred("*/*;q=0.1, application/x-protobuf", kOffers), "application/x-protobuf");
  EXPECT_EQ(preferred("application/x-protobuf;q=0, */*", kOffers), "application/json");
}

TEST(Accept, PrometheusGetsOpenMetrics) {
  constexpr std::array<std::string_view, 2> kText{"text/plain", "application/openmetrics-text"};
  EXPECT_EQ(preferred("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                      kText),
            "application/openmetrics-text");
  EXPECT_EQ(preferred("text/plain;version=0.0.4", kText), "text/plain");
}

}  // namespace
}  // namespace sextant::report
