#include "agent/policy/merge.h"

#include <algorithm>
#include <compare>
#include <map>
#include <set>

#include "agent/policy/release.h"

namespace sextant::policy {
namespace {

// What Cilium keeps one filter for.
struct FilterKey {
  Tier tier = Tier::kNormal;
  Protocol protocol = Protocol::kAny;
  std::string name{};
  std::uint16_t port = 0;
  std::uint16_t end_port = 0;
  auto operator<=>(const FilterKey&) const = default;
};

FilterKey key_of(const RawItem& raw) {
  FilterKey key{.tier = raw.item.tier, .protocol = raw.item.protocol};
  if (raw.port == nullptr) return key;
  key.name = raw.port->name;
  if (key.name.empty()) {
    key.port = raw.port->merge_key;
    key.end_port = raw.port->end_port;
  }
  return key;
}

// The filter's part for one selector.
struct Part {
  std::size_t order = 0;  // of the first rule that it comes from
  Item item{};
  Redirect redirect{};
  bool everyone = false;
};

struct Filter {
  const Item* range = nullptr;          // the first item's: later ones that merge into it lose their own
  std::string parser{};                 // of the whole filter (Trait::kParserConflictAcrossPeers)
  std::map<std::string, Part> parts{};  // by the selector's text; "" is everyone
};

// Whether one L7 protocol can take the place of another, and which (pkg/policy/l4.go:L7ParserType.Merge).
std::optional<std::string> merged_parser(const std::string& a, const std::string& b) {
  const auto gives_way = [](const std::string& from, const std::string& to) {
    return from.empty() || (from == "tls" && !to.empty() && to != "dns" && to != "crd");
  };
  if (a == b || gives_way(b, a)) return a;
  if (gives_way(a, b)) return b;
  return std::nullopt;
}

std::string_view name_of(AuthMode mode) {
  switch (mode) {
    case AuthMode::kUnset:
      return "none";
    case AuthMode::kDisabled:
      return "disabled";
    case AuthMode::kRequired:
      return "required";
    case AuthMode::kAlwaysFail:
      return "test-always-fail";
  }
  return "";
}

class Merger {
 public:
  Merger(Release release, const Identities& identities) : release_(release), identities_(identities) {}

  void add(const RawItem& raw) {
    Filter& filter = filters_[key_of(raw)];
    if (filter.range == nullptr) filter.range = &raw.item;
    check_order(*filter.range, raw.item);
    if (has(release_, Trait::kParserConflictAcrossPeers) && raw.item.rank != kDenyRank) {
      const auto parser = merged_parser(filter.parser, raw.redirect->parser);
      if (!parser) conflict("L7 protocols " + filter.parser + " and " + raw.redirect->parser);
      filter.parser = parser.value_or("");
    }
    if (raw.item.peers == nullptr) {
      add_part(filter, "", raw, nullptr);
      return;
    }
    for (const Selector& selector : raw.item.peers->selectors()) add_part(filter, selector.text, raw, &selector);
  }

  std::string finish(std::vector<Item>& merged) {
    std::vector<Part*> written;
    for (auto& [key, filter] : filters_) {
      const bool has_port = !key.name.empty() || key.port != 0;
      const auto everyone = filter.parts.find("");
      for (auto& [text, part] : filter.parts) {
        if (has_port && everyone != filter.parts.end() && !part.everyone) {
          if (left_out(everyone->second, part)) continue;
          inherit(everyone->second, part);
        }
        part.item.first_port = filter.range->first_port;
        part.item.last_port = filter.range->last_port;
        written.push_back(&part);
      }
    }
    std::ranges::sort(written, {}, &Part::order);
    for (Part* part : written) merged.push_back(std::move(part->item));
    return broken_;
  }

 private:
  void conflict(const std::string& what) {
    if (broken_.empty())
      broken_ =
          "Cilium cannot compute the policy of this endpoint, which keeps what was in force: rules on one port ask "
          "for " +
          what;
  }

  // Of two ranges under one key that which comes first counts.
  void check_order(const Item& first, const Item& item) {
    if (has(release_, Trait::kRulesAreOrdered) || first.sources.empty() || item.sources.empty()) return;
    const bool same = first.first_port == item.first_port && first.last_port == item.last_port;
    if (same || first.sources.front().policy == item.sources.front().policy || !broken_.empty()) return;
    broken_ = "two policies give a port different ranges, and the release leaves it to chance which counts";
  }

  void add_part(Filter& filter, const std::string& text, const RawItem& raw, const Selector* selector) {
    const auto [at, added] = filter.parts.try_emplace(text);
    Part& part = at->second;
    if (added) {
      part.order = ++parts_;
      replace(part, raw, selector);
      return;
    }
    const auto before = std::pair(raw.item.priority, -int{raw.item.rank == kDenyRank});
    const auto now = std::pair(part.item.priority, -int{part.item.rank == kDenyRank});
    if (before > now) return;
    if (before < now) {
      replace(part, raw, selector);
      return;
    }
    part.item.sources.insert(part.item.sources.end(), raw.item.sources.begin(), raw.item.sources.end());
    if (raw.item.rank != kDenyRank) join(part, raw);
  }

  void replace(Part& part, const RawItem& raw, const Selector* selector) {
    part.item = raw.item;
    part.redirect = *raw.redirect;
    part.everyone = selector == nullptr;
    part.item.peers =
        selector == nullptr ? nullptr : std::make_shared<const Matcher>(std::vector{*selector}, identities_);
  }

  void join(Part& part, const RawItem& raw) {
    const auto parser = merged_parser(part.redirect.parser, raw.redirect->parser);
    if (!parser) conflict("L7 protocols " + part.redirect.parser + " and " + raw.redirect->parser);
    if (parser && *parser != part.redirect.parser) {
      part.redirect.parser = *parser;
      part.item.rank = raw.item.rank;
    }
    if (part.item.auth == AuthMode::kUnset) {
      part.item.auth = raw.item.auth;
    } else if (raw.item.auth != AuthMode::kUnset && raw.item.auth != part.item.auth) {
      conflict("authentication " + std::string(name_of(part.item.auth)) + " and " +
               std::string(name_of(raw.item.auth)));
    }
    part.redirect.server_names = part.redirect.server_names || raw.redirect->server_names;
    part.redirect.terminates_tls = part.redirect.terminates_tls || raw.redirect->terminates_tls;
    // Server names that go before the L7 rules pass.
    if (part.redirect.server_names && part.redirect.has_rules && !part.redirect.terminates_tls) {
      conflict("server names and L7 rules without terminating TLS");
    }
    part.redirect.has_rules = part.redirect.has_rules || raw.redirect->has_rules;
  }

  // Whether a peer's entry is not written, since the one for everyone on the same port says the same.
  bool left_out(const Part& everyone, const Part& part) const {
    if (!has(release_, Trait::kWildcardRedirectInherited)) {
      return part.item.rank == everyone.item.rank && part.item.auth == everyone.item.auth;
    }
    if (everyone.item.rank == kDenyRank) return true;
    if (part.item.rank == kDenyRank || part.item.auth != everyone.item.auth) return false;
    return part.item.rank == kAllowRank || everyone.item.rank != kAllowRank;
  }

  void inherit(const Part& everyone, Part& part) const {
    if (has(release_, Trait::kWildcardRedirectInherited) && part.item.rank == kAllowRank &&
        everyone.item.rank != kDenyRank) {
      part.item.rank = everyone.item.rank;
    }
  }

  Release release_;
  const Identities& identities_;
  std::map<FilterKey, Filter> filters_{};
  std::size_t parts_ = 0;
  std::string broken_{};
};

}  // namespace

bool needs_merging(const std::vector<RawItem>& items, bool authenticates) {
  std::set<std::string_view> parsers;
  bool odd = false;
  for (const RawItem& raw : items) {
    if (raw.redirect->any()) parsers.insert(raw.redirect->parser);
    if (raw.port == nullptr) continue;
    const bool named_range = !raw.port->name.empty() && raw.port->end_port != 0;
    odd = odd || named_range || raw.port->merge_key != raw.port->port;
  }
  return authenticates || odd || parsers.size() > 1;
}

std::string merge_items(const std::vector<RawItem>& items, Release release, const Identities& identities,
                        std::vector<Item>& merged) {
  Merger merger(release, identities);
  for (const RawItem& raw : items) {
    if (raw.item.uncertain) {
      merged.push_back(raw.item);
    } else {
      merger.add(raw);
    }
  }
  return merger.finish(merged);
}

}  // namespace sextant::policy
