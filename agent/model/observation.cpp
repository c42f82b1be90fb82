#include "agent/model/observation.h"

#include <array>

namespace sextant {

std::string_view to_string(PacketFate fate) {
  switch (fate) {
    case PacketFate::kNotIpv6:
      return "not_ipv6";
    case PacketFate::kOtherDestination:
      return "other_destination";
    case PacketFate::kEstablished:
      return "established";
    case PacketFate::kKnownFlow:
      return "known_flow";
    case PacketFate::kJudged:
      return "judged";
    case PacketFate::kLaterFragment:
      return "later_fragment";
    case PacketFate::kMalformed:
      return "malformed";
    case PacketFate::kUnsupportedHeader:
      return "unsupported_header";
    case PacketFate::kNotPublic:
      return "not_public";
    case PacketFate::kAnswer:
      return "answer";
    case PacketFate::kControl:
      return "control";
    case PacketFate::kCount:
      break;
  }
  return "";
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
