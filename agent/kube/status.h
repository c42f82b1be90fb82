// What the Kubernetes source says about itself, kind by kind.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/model/objects.h"

namespace sextant::kube {

enum class KindState : std::uint8_t {
  kStarting,   // not asked yet
  kSynced,     // what was told is what the server has
  kAbsent,     // not served: its CRD is not installed
  kForbidden,  // RBAC
  kFailing     // no answer, or one that makes no sense
};
constexpr std::string_view to_string(KindState state) {
  constexpr std::string_view kNames[]{"starting", "synced", "absent", "forbidden", "failing"};
  return kNames[static_cast<std::size_t>(state)];
}

// Requests by verb ("list", "watch", "get") and HTTP status; 0: no answer.
using RequestCounts = std::map<std::pair<std::string, unsigned>, std::uint64_t>;

struct KindStatus {
  std::string resource{};  // "pods of other nodes"
  std::optional<ObjectKind> object_kind{};
  KindState state = KindState::kStarting;
  std::chrono::milliseconds state_for{};  // how long it has been so
  bool is_complete = false;               // it was known whole at least once (absent counts)
  std::string error{};                    // why forbidden or failing
  std::chrono::milliseconds age{};        // since it was last known to be true
  std::size_t objects = 0;
  std::uint64_t checksum = 0;           // of their names and versions (Ledger::checksum)
  std::vector<std::string> problems{};  // objects that cannot be read: "shop/web: field: cause"
  RequestCounts requests{};
  std::uint64_t lists = 0;  // that came to their end
};

// RBAC says no, and goes on doing so: a server that has just started may not know its rules yet.
constexpr std::chrono::seconds kForbiddenHold{20};
constexpr bool is_forbidden_for_good(const KindStatus& status) {
  return status.state == KindState::kForbidden && status.state_for >= kForbiddenHold;
}

}  // namespace sextant::kube
