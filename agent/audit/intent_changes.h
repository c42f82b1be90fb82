// When did the intent of a row last change? Packets that came before the CNI could follow are not held against it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "agent/base/clock.h"
#include "agent/model/intent.h"

namespace sextant::audit {

// What matters to findings in a verdict: allowed by a rule is intent, allowed by default is none.
enum class Stance : std::uint8_t { kUnknown, kDenied, kAllowedByRule, kAllowedByDefault };
Stance stance_of(const IntentCell& cell);

class IntentChanges {
 public:
  // The endpoint's intent was `before` and is `after`. Ranges of ports whose stance differs are noted; a class that is
  // new is compared with the class that held its addresses.
  void note(const EndpointIntent& before, const EndpointIntent& after, Time now);
  void forget(const EndpointRef& endpoint) { changes_.erase(endpoint); }
  void prune(Time before);

  // std::nullopt: not since it was first seen, as far as remembered.
  std::optional<Time> last_change(const EndpointRef& endpoint, const std::string& source_class, Protocol protocol,
                                  std::uint16_t port) const;

 private:
  struct Range {
    std::string source_class{};
    Protocol protocol = Protocol::kTcp;
    std::uint16_t first_port = 0;
    std::uint16_t last_port = 0;
    auto operator<=>(const Range&) const = default;
  };
  std::map<EndpointRef, std::map<Range, Time>> changes_{};
};

// The row of `intent` whose class holds the address; std::nullopt when none does. Where classes overlap (a hole that is
// no hole in the list), the most specific prefix wins.
std::optional<IntentRow> row_holding(const EndpointIntent& intent, const IpAddress& address);

}  // namespace sextant::audit
