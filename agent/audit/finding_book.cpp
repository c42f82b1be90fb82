#include "agent/audit/finding_book.h"

#include <algorithm>
#include <utility>

namespace sextant::audit {
namespace {

constexpr std::chrono::seconds kDriftInterval{10};

// What a person would act on. Wording may carry numbers that move with every packet, and is left out.
bool same_matter(const Finding& a, const Finding& b) {
  const auto same_verdict = [](const Evidence& x, const Evidence& y) {
    return x.witness == y.witness && x.verdict == y.verdict;
  };
  return a.severity == b.severity && a.endpoint == b.endpoint && a.policies == b.policies && a.fix == b.fix &&
         std::ranges::equal(a.evidence, b.evidence, same_verdict);
}

bool same_wording(const Finding& a, const Finding& b) {
  return a.message == b.message && a.evidence == b.evidence && a.source == b.source;
}

// Takes over what the claim says; what the book keeps (id, times, counts) stays.
void describe(Finding& finding, Finding&& described) {
  finding.name = std::move(described.name);
  finding.severity = described.severity;
  finding.endpoint = std::move(described.endpoint);
  finding.source = std::move(described.source);
  finding.message = std::move(described.message);
  finding.evidence = std::move(described.evidence);
  finding.policies = std::move(described.policies);
  finding.fix = std::move(described.fix);
  finding.runbook = std::move(described.runbook);
}

}  // namespace

void FindingBook::restore(std::vector<Finding> findings) {
  for (Finding& finding : findings) {
    if (finding.node != config_.node) continue;
    FindingKey key = audit::key_of(finding);
    key_of_id_.emplace(finding.id, key);
    entries_.insert_or_assign(std::move(key), Entry{.finding = std::move(finding), .restored = true});
  }
}

FindingKey FindingBook::key_of(const Claim& claim) const {
  return {.code = std::string(claim.code.id),
          .node = config_.node,
          .endpoint = claim.endpoint.ref,
          .protocol = claim.protocol,
          .port = claim.port,
          .source_class = claim.source ? claim.source->source_class : std::string()};
}

Finding FindingBook::described(const Claim& claim) const {
  const auto severity = config_.severities.find(claim.code.id);
  return {.code = std::string(claim.code.id),
          .name = std::string(claim.code.name),
          .severity = severity == config_.severities.end() ? claim.code.severity : severity->second,
          .node = config_.node,
          .endpoint = claim.endpoint,
          .protocol = claim.protocol,
          .port = claim.port,
          .source = claim.source,
          .message = claim.message,
          .evidence = claim.evidence,
          .policies = claim.policies,
          .fix = claim.fix,
          .runbook = config_.runbook_base + std::string(claim.code.id) + ".md"};
}

void FindingBook::hold(const Claim& claim, Time now) {
  const FindingKey key = key_of(claim);
  auto entry = entries_.find(key);
  if (entry != entries_.end() && entry->second.finding.state == FindingState::kOpen) {
    bring_up_to_date(entry->second, claim, now);
    return;
  }
  const bool known_packets =
      entry != entries_.end() && claim.packets && claim.packets->last <= entry->second.finding.last_seen;
  if (known_packets) return;
  if (entry == entries_.end()) entry = make_entry(key);
  if (entry == entries_.end()) return;
  open_anew(entry->second, claim, now);
}

FindingBook::Entries::iterator FindingBook::make_entry(const FindingKey& key) {
  if (!make_room(key)) {
    ++refused_;
    return entries_.end();
  }
  Entry entry;
  entry.finding.id = free_id(key);
  entry.finding.state = FindingState::kResolved;
  entry.finding.openings = 0;
  key_of_id_.emplace(entry.finding.id, key);
  return entries_.emplace(key, std::move(entry)).first;
}

bool FindingBook::make_room(const FindingKey& key) {
  if (entries_.size() < config_.max_findings || key.code == kBlindSpot.id) return true;
  auto oldest = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->second.finding.state == FindingState::kOpen) continue;
    if (oldest == entries_.end() || entry->second.finding.resolved_at < oldest->second.finding.resolved_at)
      oldest = entry;
  }
  if (oldest == entries_.end()) return false;
  forget(oldest);
  return true;
}

std::string FindingBook::free_id(const FindingKey& key) const {
  for (unsigned attempt = 0;; ++attempt) {
    std::string id = finding_id(key, attempt);
    const auto holder = key_of_id_.find(id);
    if (holder == key_of_id_.end() || holder->second == key) return id;
  }
}

void FindingBook::open_anew(Entry& entry, const Claim& claim, Time now) {
  const Finding& finding = entry.finding;
  const bool again = finding.resolved_at && now - *finding.resolved_at <= config_.again;
  const Time seen = claim.packets ? claim.packets->last : now;
  Finding opened = described(claim);
  opened.id = finding.id;
  opened.first_seen = again ? finding.first_seen : seen;
  opened.last_seen = seen;
  opened.count = (again ? finding.count : 0) + (claim.packets ? std::max<std::uint64_t>(claim.packets->fresh, 1) : 1);
  opened.openings = (again ? finding.openings : 0) + 1;
  entry = Entry{.finding = std::move(opened), .told = now};
  pending_.push_back({.kind = FindingChange::Kind::kOpened, .finding = entry.finding});
}

void FindingBook::bring_up_to_date(Entry& entry, const Claim& claim, Time now) {
  Finding& finding = entry.finding;
  entry.restored = false;
  Finding latest = described(claim);
  entry.changed |= !same_matter(finding, latest);
  entry.drifted |= !same_wording(finding, latest);
  describe(finding, std::move(latest));
  if (!claim.packets) {
    finding.last_seen = now;
  } else if (claim.packets->last > finding.last_seen) {
    finding.last_seen = claim.packets->last;
    finding.count += claim.packets->fresh;
    entry.drifted = true;
  }
}

void FindingBook::resolve(const FindingKey& key, std::string why, Time now) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end() || entry->second.finding.state != FindingState::kOpen) return;
  Finding& finding = entry->second.finding;
  finding.state = FindingState::kResolved;
  finding.resolved_at = now;
  finding.resolution = std::move(why);
  entry->second.changed = entry->second.drifted = entry->second.restored = false;
  pending_.push_back({.kind = FindingChange::Kind::kResolved, .finding = finding});
}

void FindingBook::still_holds(std::string_view code, Time now) {
  for (auto& [key, entry] : entries_) {
    if (key.code == code && entry.finding.state == FindingState::kOpen) entry.finding.last_seen = now;
  }
}

const Finding* FindingBook::open(const FindingKey& key) const {
  const auto entry = entries_.find(key);
  if (entry == entries_.end() || entry->second.finding.state != FindingState::kOpen) return nullptr;
  return &entry->second.finding;
}

std::vector<FindingKey> FindingBook::open_of(std::string_view code) const {
  std::vector<FindingKey> keys;
  for (const auto& [key, entry] : entries_) {
    if (key.code == code && entry.finding.state == FindingState::kOpen) keys.push_back(key);
  }
  return keys;
}

bool FindingBook::unconfirmed(const FindingKey& key) const {
  const auto entry = entries_.find(key);
  return entry != entries_.end() && entry->second.restored;
}

std::vector<FindingChange> FindingBook::changes(Time now) {
  for (auto& [key, entry] : entries_) {
    const bool due = entry.drifted && now - entry.told >= kDriftInterval;
    if (entry.finding.state != FindingState::kOpen || (!entry.changed && !due)) continue;
    entry.changed = entry.drifted = false;
    entry.told = now;
    pending_.push_back({.kind = FindingChange::Kind::kUpdated, .finding = entry.finding});
  }
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto here = entry++;
    const auto& resolved_at = here->second.finding.resolved_at;
    if (resolved_at && now - *resolved_at > config_.again) forget(here);
  }
  return std::exchange(pending_, {});
}

void FindingBook::forget(Entries::iterator entry) {
  key_of_id_.erase(entry->second.finding.id);
  entries_.erase(entry);
}

std::vector<Finding> FindingBook::all() const {
  std::vector<Finding> findings;
  findings.reserve(entries_.size());
  for (const auto state : {FindingState::kOpen, FindingState::kResolved}) {
    for (const auto& [key, entry] : entries_) {
      if (entry.finding.state == state) findings.push_back(entry.finding);
    }
  }
  return findings;
}

}  // namespace sextant::audit
