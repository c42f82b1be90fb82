// release-defect: policies with which the release does something else than its authors meant.
//
// Each known defect of the release is tried: the intents as the release has them against those with the defect mended.
// What differs is named with the rule that it comes from.
#include <algorithm>
#include <map>

#include "agent/audit/difference.h"
#include "agent/audit/lint/checks.h"
#include "agent/audit/lint/places.h"
#include "agent/audit/lint/stand_ins.h"
#include "agent/audit/texts.h"
#include "agent/policy/release.h"

namespace sextant::audit::lint {
namespace {

// What a defect does to what one rule says.
struct Effect {
  PolicyRef rule{};
  std::vector<const SubjectView*> subjects{};
  std::vector<std::shared_ptr<const SourceClass>> sources{};
  std::vector<std::string> ports{};
  Verdict is = Verdict::kUnknown;  // of the first difference
  Verdict meant = Verdict::kUnknown;
};

template <class T>
void add_once(std::vector<T>& to, const T& value) {
  if (std::ranges::find(to, value) == to.end()) to.push_back(value);
}

// The rules that a difference comes from: those that decide where it is, else where it would be mended, else whatever
// selects the subject.
std::vector<PolicyRef> origin_of(const VerdictChange& change, const EndpointIntent& meant, const SubjectView& subject) {
  const auto by_rule = [](const IntentCell& cell) {
    return (cell.because == Because::kRule || cell.because == Because::kDenyRule) && !cell.policies.empty();
  };
  if (by_rule(change.before)) return change.before.policies;
  if (by_rule(change.after)) return change.after.policies;
  if (!change.before.policies.empty()) return change.before.policies;
  if (meant.selecting.empty()) return subject.selecting;
  return meant.selecting;
}

class Effects {
 public:
  void add(const VerdictChange& change, const SubjectView& subject, const std::vector<PolicyRef>& rules) {
    for (const PolicyRef& rule : rules) {
      // One remark for each rule and for each way that it goes wrong.
      const std::string key = rule.to_string() + rule.rule + std::string(to_string(change.before.verdict)) +
                              std::string(to_string(change.after.verdict));
      Effect& effect = effects_[key];
      effect.rule = rule;
      effect.is = change.before.verdict;
      effect.meant = change.after.verdict;
      add_once(effect.subjects, &subject);
      for (const auto& source : change.sources) add_source(effect, source);
      add_once(effect.ports, port_words(change.protocol, change.first_port, change.last_port));
    }
  }
  const std::map<std::string, Effect>& all() const { return effects_; }

 private:
  static void add_source(Effect& effect, const std::shared_ptr<const SourceClass>& source) {
    const bool known = std::ranges::any_of(effect.sources, [&](const auto& s) { return s->name == source->name; });
    if (!known) effect.sources.push_back(source);
  }

  std::map<std::string, Effect> effects_{};
};

std::string ports_words(const std::vector<std::string>& ports) {
  constexpr std::size_t kShown = 3;
  const bool all = std::ranges::find(ports, "other protocols") != ports.end();
  return all ? "every port and protocol" : texts::list(ports, kShown);
}

// A source that shows it: a real one before a stand-in.
std::string example_of(const Effect& effect) {
  const auto real = std::ranges::find_if(effect.sources, [](const auto& source) { return !is_stand_in(*source); });
  return real == effect.sources.end() ? "" : ", for example from " + (*real)->sample.to_string();
}

// The internet first, stand-ins last: only a few are shown.
int importance(const SourceClass& source) {
  if (source.name == "world") return 0;
  if (is_stand_in(source)) return 3;
  return source.is_public ? 1 : 2;
}

std::string effect_words(const Effect& effect) {
  const auto verb = [](Verdict verdict) {
    return verdict == Verdict::kUnknown ? "left to chance" : reachable(verdict) ? "let in" : "denied";
  };
  auto sources = effect.sources;
  std::ranges::stable_sort(sources, {}, [](const auto& source) { return importance(*source); });
  return source_words(sources) + (sources.size() == 1 && sources[0]->name == "world" ? " is " : " are ") +
         verb(effect.is) + " to " + subject_words(effect.subjects) + " on " + ports_words(effect.ports) +
         example_of(effect) + ", and should be " + verb(effect.meant);
}

std::string fix_of(const policy::Defect& defect, policy::Release release) {
  const std::string mended = mended_in(defect, release);
  const std::string source = " (" + std::string(defect.source) + ")";
  if (mended.empty()) return "no release that mends it is known yet" + source;
  return "Cilium " + mended + " does not have it" + source;
}

// Policies that the defect rejects, or keeps from being rejected.
void say_rejections(const Tree& tree, const policy::Engine& mended, const policy::Defect& defect, Remarks& remarks) {
  const auto rejected = [](const policy::Engine& engine) {
    std::map<ObjectKey, std::string> all;
    for (const PolicyProblem& p : engine.problems()) {
      if (p.rejected) all[{.kind = p.policy.kind, .ns = p.policy.ns, .name = p.policy.name}] = p.reason;
    }
    return all;
  };
  const auto before = rejected(tree.engine());
  const auto after = rejected(mended);
  const policy::Release release = tree.options().release;
  for (const PolicyView& policy : tree.policies()) {
    const auto here = before.find(policy.key());
    if (here == before.end() || after.contains(policy.key())) continue;
    const std::string path = here->second.substr(0, here->second.find(": "));
    remarks.push_back({ReasonId::kDefect, policy.at(path, &nearest_part(*policy.body, path)),
                       std::string(defect.id) + ": " + std::string(defect.what), fix_of(defect, release)});
  }
}

void check(const Tree& tree, const policy::Defect& defect, Remarks& remarks) {
  const policy::Release release = tree.options().release;
  const auto mended = tree.engine_of(changed(release, defect.trait));
  say_rejections(tree, *mended, defect, remarks);
  const SourcePairs pairs(tree.engine(), *mended);
  Effects effects;
  for (const SubjectView& subject : tree.subjects()) {
    const auto is = tree.intent(subject);
    const auto meant = Tree::intent(*mended, subject);
    if (is == nullptr || meant == nullptr || same_verdicts(pairs, *is, *meant)) continue;
    for (const VerdictChange& change : compare(pairs, *is, *meant)) {
      effects.add(change, subject, origin_of(change, *meant, subject));
    }
  }
  for (const auto& [key, effect] : effects.all()) {
    remarks.push_back({ReasonId::kDefect, effect.rule,
                       std::string(defect.id) + ": " + std::string(defect.what) + "; here " + effect_words(effect),
                       fix_of(defect, release)});
  }
}

}  // namespace

void check_defects(const Tree& tree, Remarks& remarks) {
  for (const policy::Defect& defect : policy::defects()) {
    if (has(tree.options().release, defect)) check(tree, defect, remarks);
  }
}

}  // namespace sextant::audit::lint
