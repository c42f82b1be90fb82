#include "agent/model/finding.h"

#include <gtest/gtest.h>

namespace sextant {
namespace {

TEST(Severity, ReadsWhatItPrints) {
  for (const Severity s : {Severity::kInfo, Severity::kWarning, Severity::kCritical}) {
    EXPECT_EQ(severity_from(to_string(s)), s);
  }
  EXPECT_EQ(to_string(Severity::kCritical), "critical");
  EXPECT_EQ(severity_from("Critical"), std::nullopt);
  EXPECT_EQ(severity_from(""), std::nullopt);
}

TEST(FindingState, IsOpenOrResolved) {
  EXPECT_EQ(to_string(FindingState::kOpen), "open");
  EXPECT_EQ(to_string(FindingState::kResolved), "resolved");
}

}  // namespace
}  // namespace sextant
