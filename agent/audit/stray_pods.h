// Deliveries to addresses that no source describes, by the pod that received them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "agent/base/clock.h"
#include "agent/model/observation.h"

namespace sextant::audit {

struct StrayPod {
  StrayDelivery first{};  // its address names the finding
  StrayDelivery newest{};
  std::uint64_t fresh = 0;  // packets not judged yet

 private:
  friend class StrayPods;
  using Key = std::tuple<IpAddress, Protocol, std::uint16_t>;
  std::map<Key, std::uint64_t> counted{};
};

class StrayPods {
 public:
  // More pods than this, or more ports of one, find no room: they wait until quiet ones are forgotten.
  static constexpr std::size_t kMaxPods = 512;
  static constexpr std::size_t kMaxPortsOfPod = 256;

  // Deliveries outside pods are no business of this book. False: no room.
  bool merge(const StrayDelivery& stray);
  void judged(std::string_view uid);
  void prune(Time before);
  const std::map<std::string, StrayPod, std::less<>>& all() const { return pods_; }

 private:
  std::map<std::string, StrayPod, std::less<>> pods_{};
};

}  // namespace sextant::audit
