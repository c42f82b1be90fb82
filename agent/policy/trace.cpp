#include "agent/policy/trace.h"

#include <algorithm>

#include "agent/policy/explain.h"
#include "agent/policy/rule_text.h"

namespace sextant::policy {
namespace {

enum class Nearness : std::uint8_t { kDecided, kOverruled, kPortMatches, kPeerMatches, kNeither };

struct Considered {
  RuleTrace trace{};
  Nearness nearness = Nearness::kNeither;
};

// What of an element the subject's items say.
struct Match {
  bool peer = false;
  bool port = false;
  const Item* item = nullptr;  // one that matches in both
};

Match match_of(const Question& question, const std::vector<bool>& concerned, const Entry& entry) {
  Match match{.port = entry.any_port};
  bool has_items = false;
  for (std::size_t i = 0; i < question.subject.items.size(); ++i) {
    const Item& item = question.subject.items[i];
    if (std::ranges::find(item.sources, &entry, &Written::entry) == item.sources.end()) continue;
    has_items = true;
    const bool covers = item.covers(question.protocol, question.port);
    match.peer = match.peer || concerned[i];
    match.port = match.port || covers;
    if (covers && concerned[i]) match.item = &item;
  }
  if (!has_items) {  // its ports are names that the endpoint does not have
    const LabelSet& source = question.identities.labels(question.peer.id);
    match.peer = entry.peers.everyone ||
                 std::ranges::any_of(entry.peers.selectors, [&](const Selector& s) { return s.matches(source); });
  }
  return match;
}

std::string_view action_text(Action action) {
  return action == Action::kDeny ? "denies" : action == Action::kPass ? "passes on to the next tier" : "allows";
}

// Why an item that matches does not decide; empty: it does.
std::string overruled(const Judgement& judgement, const Item& item, const Entry& entry) {
  const auto& deciders = judgement.decided_by;
  const bool decided = std::ranges::any_of(deciders, [&](const Item* decider) {
    return std::ranges::find(decider->sources, &entry, &Written::entry) != decider->sources.end();
  });
  if (deciders.empty() || decided || entry.action == Action::kPass) return {};
  const Item& decider = *deciders.front();
  if (decider.tier < item.tier) return "a rule of an earlier tier goes before it";
  if (item.tier < decider.tier) return "a Pass rule of its tier goes before it";
  if (decider.priority < item.priority) return "a rule of an earlier priority goes before it";
  if (decider.rank == kDenyRank) return "a deny rule goes before every allow of its tier";
  return "a rule that asks for the L7 proxy goes before it";
}

std::string mismatch(const Question& question, const Match& match, const Entry& entry) {
  const LabelSet& source = question.identities.labels(question.peer.id);
  std::string text;
  if (!match.peer) {
    const std::string excepted = exception_text(entry, source);
    text = !excepted.empty() ? excepted
                             : "the source (" + source_text(source, question.symbols) +
                                   ") is none of its peers: " + peers_text(entry, question.symbols);
  }
  if (!match.port) {
    text += (text.empty() ? "" : "; and ") + port_text(question.protocol, question.port) +
            " is not among its ports: " + ports_text(question.subject, entry);
  }
  return text;
}

Considered consider(const Question& question, const std::vector<bool>& concerned, const Policy& policy,
                    const Entry& entry) {
  const Match match = match_of(question, concerned, entry);
  Considered result{
      .trace = {.policy = policy.ref(&entry), .matched = match.item != nullptr, .deny = entry.action == Action::kDeny}};
  if (match.item != nullptr) {
    const std::string why_not = overruled(question.judgement, *match.item, entry);
    result.nearness = why_not.empty() ? Nearness::kDecided : Nearness::kOverruled;
    result.trace.detail = "matches, and " + std::string(action_text(entry.action));
    if (!why_not.empty()) result.trace.detail += "; but " + why_not;
    return result;
  }
  result.nearness = match.port ? Nearness::kPortMatches : match.peer ? Nearness::kPeerMatches : Nearness::kNeither;
  result.trace.detail =
      entry.peers.nobody ? "allows nobody: it only closes what no rule allows" : mismatch(question, match, entry);
  return result;
}

}  // namespace

std::vector<RuleTrace> trace(const Question& question) {
  const std::vector<bool> concerned = sight_of(question.subject, question.peer).concerned;
  std::vector<Considered> considered;
  for (const auto& [policy, entry] : question.subject.selecting)
    considered.push_back(consider(question, concerned, *policy, *entry));
  std::ranges::stable_sort(considered, {}, &Considered::nearness);
  std::vector<RuleTrace> traces;
  traces.reserve(considered.size());
  for (Considered& one : considered) traces.push_back(std::move(one.trace));
  return traces;
}

}  // namespace sextant::policy
