#include "agent/model/observation.h"

#include <array>

namespace sextant {

std::string_view to_string(PacketFate fate) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(PacketFate::kCount)> kNames{
      "not_ipv6", "other_destination", "established",        "known_flow", "judged",
      "later_fragment", "malformed",   "unsupported_header", "not_public"};
  return kNames.at(static_cast<std::size_t>(fate));
}

std::string_view to_string(Witness witness) {
  static constexpr std::array<std::string_view, 8> kNames{"intended", "realized", "listening", "uplink",
                                                          "delivery", "death",    "probed",    "observed"};
  return kNames.at(static_cast<std::size_t>(witness));
}

std::string_view to_string(WitnessState state) {
  static constexpr std::array<std::string_view, 4> kNames{"absent", "starting", "sees", "blind"};
  return kNames.at(static_cast<std::size_t>(state));
}

}  // namespace sextant
