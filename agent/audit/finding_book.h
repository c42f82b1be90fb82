// The book of findings: when one opens, opens again, is told, and is closed. It knows nothing of what they mean.
//
// A rule says what holds now (Claim); the book makes openings of it. What is open stays open until resolve(): the
// auditor decides when evidence is gone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/audit/codes.h"
#include "agent/audit/config.h"
#include "agent/audit/finding_key.h"
#include "agent/base/clock.h"
#include "agent/model/finding.h"

namespace sextant::audit {

// Packets that disagreed: the evidence of observed findings.
struct PacketEvidence {
  Time last{};
  std::uint64_t fresh = 0;  // not claimed before
};

// What one rule says holds now. Without packets the evidence is a state, and holds until the rule says otherwise.
struct Claim {
  Code code{};
  EndpointDetail endpoint{};
  std::optional<Protocol> protocol{};
  std::optional<std::uint16_t> port{};
  std::optional<SourceDetail> source{};
  std::string message{};
  std::vector<Evidence> evidence{};
  std::vector<PolicyRef> policies{};
  std::string fix{};
  std::optional<PacketEvidence> packets{};
};

class FindingBook {
 public:
  explicit FindingBook(const Config& config) : config_(config) {}

  // Before anything else. Those of another node are left out.
  void restore(std::vector<Finding> findings);

  FindingKey key_of(const Claim& claim) const;
  // Opens the finding, opens it again, or brings an open one up to date. Packets that the finding already knows
  // (no newer than its lastSeen) neither count nor open it again.
  void hold(const Claim& claim, Time now);
  // No effect when it is not open.
  void resolve(const FindingKey& key, std::string why, Time now);
  // Findings whose evidence is a state, and that still hold: lastSeen moves without a word.
  void still_holds(std::string_view code, Time now);

  // nullptr: not open.
  const Finding* open(const FindingKey& key) const;
  std::vector<FindingKey> open_of(std::string_view code) const;
  // Opened in an earlier life of the process, and not yet confirmed by a claim of this one.
  bool unconfirmed(const FindingKey& key) const;

  // Since the last call, in the order it happened. Forgets resolved findings older than `again`.
  std::vector<FindingChange> changes(Time now);
  std::vector<Finding> all() const;  // open ones first, then by key
  // Findings that found no room since the last call.
  std::uint64_t take_refused() { return std::exchange(refused_, 0); }

 private:
  struct Entry {
    Finding finding{};
    Time told{};            // when the content was last told
    bool restored = false;  // and not confirmed yet
    bool changed = false;   // something that people act on
    bool drifted = false;   // lastSeen, count, wording
  };
  using Entries = std::map<FindingKey, Entry>;

  Finding described(const Claim& claim) const;
  Entries::iterator make_entry(const FindingKey& key);
  bool make_room(const FindingKey& key);
  void open_anew(Entry& entry, const Claim& claim, Time now);
  void bring_up_to_date(Entry& entry, const Claim& claim, Time now);
  std::string free_id(const FindingKey& key) const;
  void forget(Entries::iterator entry);

  const Config config_;
  Entries entries_{};
  std::map<std::string, FindingKey> key_of_id_{};
  std::vector<FindingChange> pending_{};
  std::uint64_t refused_ = 0;
};

}  // namespace sextant::audit
