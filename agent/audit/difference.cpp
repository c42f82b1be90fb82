#include "agent/audit/difference.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "agent/audit/exposure.h"

namespace sextant::audit {
namespace {

// What a change is like, sources and ports aside: pieces that agree in it are one change.
std::string likeness(const IntentCell& cell) {
  std::string text = std::string(to_string(cell.verdict)) + "|" + std::string(to_string(cell.because)) + "|" + cell.why;
  for (const PolicyRef& policy : cell.policies) text += "|" + policy.to_string() + " " + policy.rule;
  return text;
}

bool mergeable(const VerdictChange& a, const VerdictChange& b) {
  return a.protocol == b.protocol && a.last_port + 1U == b.first_port && a.sources == b.sources &&
         likeness(a.before) == likeness(b.before) && likeness(a.after) == likeness(b.after);
}

}  // namespace

SourcePairs::SourcePairs(const policy::Engine& before, const policy::Engine& after) {
  const std::vector<SourceRange>& old_ranges = before.sources();
  const std::vector<SourceRange>& new_ranges = after.sources();
  std::set<std::pair<ClassId, ClassId>> seen;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < old_ranges.size() && j < new_ranges.size()) {
    if (seen.emplace(old_ranges[i].source, new_ranges[j].source).second) {
      pairs_.push_back({before.source_class(old_ranges[i].source), after.source_class(new_ranges[j].source)});
    }
    // The range that ends first gives way; the last ones go on to the end of all addresses.
    const bool old_ends = i + 1 < old_ranges.size();
    const bool new_ends = j + 1 < new_ranges.size();
    if (!old_ends && !new_ends) break;
    const bool old_first = old_ends && (!new_ends || old_ranges[i + 1].first <= new_ranges[j + 1].first);
    const bool new_first = new_ends && (!old_ends || new_ranges[j + 1].first <= old_ranges[i + 1].first);
    i += old_first ? 1 : 0;
    j += new_first ? 1 : 0;
  }
}

std::shared_ptr<const SourceClass> common(const SourcePairs::Pair& pair) {
  const SourceClass& a = *pair.before;
  const SourceClass& b = *pair.after;
  if (a.prefixes == b.prefixes && a.except == b.except) return pair.after;
  SourceClass both;
  for (const Prefix& p : a.prefixes) {
    for (const Prefix& q : b.prefixes) {
      if (p.contains(q)) {
        both.prefixes.push_back(q);
      } else if (q.contains(p)) {
        both.prefixes.push_back(p);
      }
    }
  }
  for (const SourceClass* side : {&a, &b})
    both.except.insert(both.except.end(), side->except.begin(), side->except.end());
  both.prefixes = minimize(std::move(both.prefixes));
  both.except = minimize(std::move(both.except));
  std::erase_if(both.except, [&](const Prefix& hole) {
    return std::ranges::none_of(both.prefixes, [&](const Prefix& p) { return p.contains(hole); });
  });
  const SourceClass& narrower = a.name == "world" ? b : a;
  both.name = narrower.name;
  both.is_public = a.is_public && b.is_public;
  std::vector<Prefix> left;
  for (const Prefix& prefix : both.prefixes) {
    left = subtract(prefix, both.except);
    if (!left.empty()) break;
  }
  if (!left.empty()) {
    const Prefix& largest = *std::ranges::min_element(left, {}, &Prefix::length);
    both.sample = largest.length == 128 ? largest.address : largest.address.next();
  }
  return std::make_shared<const SourceClass>(std::move(both));
}

bool same_verdicts(const SourcePairs& pairs, const EndpointIntent& before, const EndpointIntent& after) {
  bool same = true;
  walk_distinct_cells(pairs, before, after, [&](const IntentCell& a, const IntentCell& b) {
    same = a.verdict == b.verdict;
    return same;
  });
  return same;
}

std::vector<VerdictChange> compare(const SourcePairs& pairs, const EndpointIntent& before,
                                   const EndpointIntent& after) {
  using Key = std::tuple<int, std::uint16_t, std::uint16_t, std::string, std::string>;
  std::map<Key, VerdictChange> changes;
  std::map<std::pair<ClassId, ClassId>, std::shared_ptr<const SourceClass>> commons;
  walk_cells(pairs, before, after,
             [&](const SourcePairs::Pair& pair, const IntentCell& a, const IntentCell& b, std::uint16_t first,
                 std::uint16_t last) {
               if (a.verdict == b.verdict) return true;
               auto& change = changes[{rank(a.protocol), first, last, likeness(a), likeness(b)}];
               if (change.sources.empty()) {
                 change = {.protocol = a.protocol, .first_port = first, .last_port = last, .before = a, .after = b};
               }
               auto& shared = commons[{pair.before->id, pair.after->id}];
               if (shared == nullptr) shared = common(pair);
               change.sources.push_back(shared);
               return true;
             });
  std::vector<VerdictChange> list;
  for (auto& [key, change] : changes) {
    const auto before_it = std::ranges::find_if(list, [&](const VerdictChange& c) { return mergeable(c, change); });
    if (before_it == list.end()) {
      list.push_back(std::move(change));
    } else {
      before_it->last_port = change.last_port;
    }
  }
  return list;
}

}  // namespace sextant::audit
