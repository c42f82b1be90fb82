// shadowed, redundant, overruled: rules that could go without any verdict changing.
//
// A rule is tried by taking it out, over every source, port and subject that the engine tells apart, stand-ins
// included. Of two rules that say the same only one is named, so that all that are named can be removed together. Not
// judged: rules with L7 rules or authentication, and those beside L7 rules on the same port (requests would change, not
// verdicts); rules that match nobody who is known.
#include <algorithm>
#include <optional>
#include <set>

#include "agent/audit/lint/checks.h"
#include "agent/audit/lint/variant.h"
#include "agent/audit/texts.h"

namespace sextant::audit::lint {
namespace {

bool is_of(const PolicyRef& ref, const PolicyView& policy, const RuleView& rule) {
  if (ObjectKey{.kind = ref.kind, .ns = ref.ns, .name = ref.name} != policy.key()) return false;
  return ref.rule == rule.where || ref.rule.starts_with(rule.where + ".");
}

bool has_requests_or_authentication(const Document& rule) {
  if (rule.get("authentication") != nullptr) return true;
  const Document* to_ports = rule.get("toPorts");
  return to_ports != nullptr && std::ranges::any_of(to_ports->items, [](const Document& item) {
           return std::ranges::any_of(item.members, [](const auto& member) { return member.first != "ports"; });
         });
}

// A world that policies are put into and taken out of, with its engine.
class Bench {
 public:
  Bench(const World& world, const policy::Options& options)
      : world_(std::make_unique<World>(world)), engine_(std::make_unique<policy::Engine>(*world_, options)) {}

  void apply(const Delta& delta) {
    world_->apply(delta);
    engine_->on(delta);
  }
  void clear_policies() {
    std::vector<ObjectKey> keys;
    for (const auto& [key, object] : world_->policies()) {
      if (key.kind != ObjectKind::kCiliumCidrGroup) keys.push_back(key);
    }
    for (ObjectKey& key : keys) apply(Removed{.key = std::move(key)});
  }
  const World& world() const { return *world_; }
  const policy::Engine& engine() const { return *engine_; }

 private:
  std::unique_ptr<World> world_;
  std::unique_ptr<policy::Engine> engine_;
};

// The pairs of two engines, made anew when one has cut the addresses anew: most rules name no prefix.
class LastPairs {
 public:
  const SourcePairs& of(const policy::Engine& before, const policy::Engine& after) {
    before.sources();  // brings the partitions up to date
    after.sources();
    const std::pair cut{before.work().partitions, after.work().partitions};
    if (!pairs_ || cut != cut_) pairs_.emplace(before, after);
    cut_ = cut;
    return *pairs_;
  }

 private:
  std::optional<SourcePairs> pairs_{};
  std::pair<std::uint64_t, std::uint64_t> cut_{};
};

// What the others do with the traffic that a rule is about.
struct Others {
  bool matched = false;  // there is such traffic
  bool open = false;     // some of it gets in
  bool denied = false;   // some of it is denied
  bool unclear = false;  // some of it is unknown, or goes through the proxy
  std::vector<PolicyRef> policies{};
  std::vector<PolicyRef> denying{};  // those of them that deny
};

class Trial {
 public:
  explicit Trial(const Tree& tree)
      : tree_(tree), less_(tree.world(), tree.options()), alone_(tree.world(), tree.options()) {
    alone_.clear_policies();
  }

  std::optional<Others> is_void(const PolicyView& policy, const SpecView& spec, const RuleView& rule) {
    const auto subjects = tree_.selected_by(policy, spec);
    if (subjects.empty() || spec.node || has_requests_or_authentication(*rule.document)) return std::nullopt;
    if (decides_alone(policy, rule, subjects)) return std::nullopt;
    // The object as it is by now: rules that were found void are out of it.
    const PolicyObject before = less_.world().policies().at(policy.key());
    const auto changed = without_rule(before, rule);
    if (!changed) return std::nullopt;
    less_.apply(Object(*changed));
    if (same_without(subjects)) {
      Others others = others_of(policy, spec, rule, subjects);
      const bool counts = others.matched && !others.unclear && (!rule.deny || others.open);
      if (counts) return others;
    }
    less_.apply(Object(before));
    return std::nullopt;
  }

 private:
  // The cheap test that clears most rules: something gets in by this rule only.
  bool decides_alone(const PolicyView& policy, const RuleView& rule,
                     const std::vector<const SubjectView*>& subjects) const {
    if (rule.deny) return false;
    for (const SubjectView* subject : subjects) {
      const auto intent = tree_.intent(*subject);
      if (intent == nullptr || !intent->enforced) continue;
      for (const IntentRow& row : intent->rows) {
        for (const IntentCell& cell : row.cells) {
          if (cell.because != Because::kRule || !reachable(cell.verdict) || cell.policies.empty()) continue;
          if (std::ranges::all_of(cell.policies, [&](const PolicyRef& ref) { return is_of(ref, policy, rule); }))
            return true;
        }
      }
    }
    return false;
  }

  bool same_without(const std::vector<const SubjectView*>& subjects) {
    const SourcePairs& pairs = less_pairs_.of(tree_.engine(), less_.engine());
    return std::ranges::all_of(subjects, [&](const SubjectView* subject) {
      const auto with = tree_.intent(*subject);
      const auto without = Tree::intent(less_.engine(), *subject);
      return with != nullptr && without != nullptr && same_verdicts(pairs, *with, *without) &&
             same_for_others(*subject, *with);
    });
  }

  // Sources without an address: Cilium's own endpoints, and the local node.
  bool same_for_others(const SubjectView& subject, const EndpointIntent& intent) const {
    using Kind = policy::Peer::Kind;
    const policy::Peer peers[] = {{.kind = Kind::kHealth},
                                  {.kind = Kind::kIngress},
                                  {.kind = Kind::kInit},
                                  {.kind = Kind::kUnmanaged},
                                  {.kind = Kind::kNode, .name = tree_.world().local_node()}};
    std::set<std::pair<Protocol, std::uint16_t>> edges;
    for (const IntentRow& row : intent.rows) {
      for (const IntentCell& cell : row.cells) edges.emplace(cell.protocol, cell.first_port);
    }
    for (const policy::Peer& peer : peers) {
      for (const auto& [protocol, port] : edges) {
        const auto with = tree_.engine().decide(subject.asked, peer, protocol, port);
        const auto without = less_.engine().decide(subject.asked, peer, protocol, port);
        if (with && without && with->verdict != without->verdict) return false;
      }
    }
    return true;
  }

  Others others_of(const PolicyView& policy, const SpecView& spec, const RuleView& rule,
                   const std::vector<const SubjectView*>& subjects) {
    Others others;
    const auto only = only_rule(*policy.object, spec, rule);
    alone_.apply(Object(*only));
    const SourcePairs& pairs = alone_pairs_.of(alone_.engine(), tree_.engine());
    const Because matching = rule.deny ? Because::kDenyRule : Because::kRule;
    for (const SubjectView* subject : subjects) {
      const auto own = Tree::intent(alone_.engine(), *subject);
      const auto all = tree_.intent(*subject);
      walk_distinct_cells(pairs, *own, *all, [&](const IntentCell& mine, const IntentCell& cell) {
        if (mine.because == matching) add(others, policy, rule, cell);
        return true;
      });
    }
    alone_.apply(Removed{.key = policy.key()});
    return others;
  }

  static void add(Others& others, const PolicyView& policy, const RuleView& rule, const IntentCell& cell) {
    others.matched = true;
    others.unclear |=
        cell.verdict == Verdict::kUnknown || cell.verdict == Verdict::kRedirect || cell.verdict == Verdict::kAuth;
    others.open |= reachable(cell.verdict);
    others.denied |= cell.verdict == Verdict::kDeny;
    for (const PolicyRef& ref : cell.policies) {
      if (is_of(ref, policy, rule)) continue;
      for (auto* list : {&others.policies, cell.because == Because::kDenyRule ? &others.denying : nullptr}) {
        if (list != nullptr && std::ranges::find(*list, ref) == list->end()) list->push_back(ref);
      }
    }
  }

  const Tree& tree_;
  Bench less_;   // without the rules found void so far
  Bench alone_;  // one rule at a time
  LastPairs less_pairs_{};
  LastPairs alone_pairs_{};
};

std::string others_words(const std::vector<PolicyRef>& others) {
  std::vector<std::string> words;
  for (const PolicyRef& ref : others) {
    const std::string place = ref.origin.to_string();
    words.push_back(ref.to_string() + " " + ref.rule + (place.empty() ? "" : " (" + place + ")"));
  }
  return words.empty() ? "others" : texts::list(words, 2);
}

Remark remark_of(const PolicyView& policy, const RuleView& rule, const Others& others) {
  const PolicyRef place = policy.at(rule.where, rule.document);
  if (rule.deny) {
    return {ReasonId::kOverruled, place, "what it denies is let in all the same, by " + others_words(others.policies),
            "say it in a policy of the same tier or a higher one"};
  }
  if (others.denied) {
    const std::string rest = others.open ? ", and the rest is let in by others already" : "";
    return shadowed(place, others.denying, rest);
  }
  return {ReasonId::kRedundant, place,
          "changes nothing: what it allows is let in already by " + others_words(others.policies),
          "remove it, or make the other narrower: as it is, this rule limits nobody"};
}

}  // namespace

Remark shadowed(const PolicyRef& place, const std::vector<PolicyRef>& by, const std::string& rest) {
  return {ReasonId::kShadowed, place,
          "lets nobody in: what it allows is denied by " + others_words(by) + rest + "; a deny wins over any allow",
          "make the deny narrower, or remove this " + std::string(place.rule.empty() ? "policy" : "rule")};
}

void check_void_rules(const Tree& tree, Remarks& remarks) {
  std::optional<Trial> trial;
  for (auto policy = tree.policies().rbegin(); policy != tree.policies().rend(); ++policy) {
    if (tree.is_rejected(*policy)) continue;
    for (auto spec = policy->specs.rbegin(); spec != policy->specs.rend(); ++spec) {
      for (auto rule = spec->rules.rbegin(); rule != spec->rules.rend(); ++rule) {
        if (rule->document->members.empty()) continue;  // only asks for default deny
        if (!trial) trial.emplace(tree);
        if (const auto others = trial->is_void(*policy, *spec, *rule)) {
          remarks.push_back(remark_of(*policy, *rule, *others));
        }
      }
    }
  }
}

}  // namespace sextant::audit::lint
