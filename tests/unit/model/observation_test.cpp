#include "agent/model/observation.h"

#include <set>

#include <gtest/gtest.h>

namespace sextant {
namespace {

TEST(PacketFate, HasANameOfItsOwnEach) {
  std::set<std::string_view> names;
  for (int i = 0; i < static_cast<int>(PacketFate::kCount); ++i) {
    const auto name = to_string(static_cast<PacketFate>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789"), std::string_view::npos) << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(PacketFate::kCount));
  EXPECT_EQ(to_string(PacketFate::kNotIpv6), "not_ipv6");
  EXPECT_EQ(to_string(PacketFate::kUnsupportedHeader), "unsupported_header");
  EXPECT_EQ(to_string(PacketFate::kNotPublic), "not_public");
}

TEST(Witness, HasTheNameOfTheApi) {
  EXPECT_EQ(to_string(Witness::kIntended), "intended");
  EXPECT_EQ(to_string(Witness::kUplink), "uplink");
  EXPECT_EQ(to_string(Witness::kProbed), "probed");
  EXPECT_EQ(to_string(Witness::kObserved), "observed");
  EXPECT_EQ(to_string(WitnessState::kAbsent), "absent");
  EXPECT_EQ(to_string(WitnessState::kBlind), "blind");
}

}  // namespace
}  // namespace sextant
