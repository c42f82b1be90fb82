#include "agent/policy/peers.h"

#include <algorithm>
#include <array>

#include "agent/policy/entities.h"
#include "agent/policy/l7.h"
#include "agent/policy/release.h"

namespace sextant::policy {
namespace {

bool is_v6_text(std::string_view text) { return text.find(':') != std::string_view::npos; }

// netip.ParsePrefix takes no "+8", no "08", and no zone.
bool plain_length(std::string_view text) {
  const std::string_view length = text.substr(text.rfind('/') + 1);
  return !length.empty() && std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; }) &&
         (length == "0" || length.front() != '0');
}

// A prefix as Go's netip keeps it: an IPv4-mapped one ("::ffff:10.0.0.0/104") stays one of IPv6, and no packet comes
// from there.
struct Cidr {
  IpAddress address{};  // with its host bits
  Prefix prefix{};
  bool v6 = false;

  bool mapped() const { return v6 && prefix.is_v4(); }
  bool holds(const Cidr& other) const { return v6 == other.v6 && prefix.contains(other.address); }
};

// With "/LENGTH". nullopt: netip.ParsePrefix refuses it.
std::optional<Cidr> parse_prefix(std::string_view text) {
  if (text.find('/') == std::string_view::npos || !plain_length(text)) return std::nullopt;
  const Result<Prefix> prefix = Prefix::parse(text);
  if (!prefix) return std::nullopt;
  const Result<IpAddress> address = IpAddress::parse(text.substr(0, text.find('/')));
  return Cidr{.address = *address, .prefix = *prefix, .v6 = is_v6_text(text)};
}

std::optional<Cidr> parse_prefix_or_address(std::string_view text) {
  if (text.find('/') != std::string_view::npos) return parse_prefix(text);
  const Result<IpAddress> address = IpAddress::parse(text.substr(0, text.find('%')));
  if (!address) return std::nullopt;
  return Cidr{.address = *address, .prefix = Prefix::of(*address), .v6 = is_v6_text(text)};
}

// Builds the selectors of prefixes, which each release does in its own way (pkg/policy/api/cidr.go,
// pkg/labels/cidr.go).
class PrefixSelectors {
 public:
  explicit PrefixSelectors(const PeerContext& context)
      : reader_(context.selectors), dual_stack_(context.dual_stack), nodes_too_(context.cidr_match_nodes) {}

  // Makes `selector` one of those that select by address.
  void mark(Selector& selector) const {
    selector.by_prefix = has(reader_.release(), Trait::kCidrSelectors);
    selector.world_only = has(reader_.release(), Trait::kCidrNeedsWorldOrNode);
    selector.nodes_too = nodes_too_;
  }

  void add_list(const std::vector<std::string>& texts, std::vector<Selector>& selectors) const {
    bool all_v4 = false, all_v6 = false;
    for (const std::string& text : texts) {
      const std::optional<Cidr> cidr = parse_prefix_or_address(text);
      if (!cidr) continue;  // rejected already
      all_v4 = all_v4 || text == "0.0.0.0/0";
      all_v6 = all_v6 || text == "::/0";
      Selector& selector = selectors.emplace_back();
      mark(selector);
      selector.require(requirement(*cidr, Operator::kExists));
      selector.text = "cidr:" + (modern() || cidr->mapped() ? text : cidr->prefix.to_string());
    }
    if (modern()) return;
    if (dual_stack_) {
      if (all_v4 && all_v6) add_world("world", selectors);
      if (all_v4) add_world("world-ipv4", selectors);
      if (all_v6) add_world("world-ipv6", selectors);
    } else if (all_v6) {
      add_world("world", selectors);
    }
  }

  // An element of fromCIDRSet with a cidr.
  void add_rule(const Cidr& cidr, std::string_view text, const std::vector<Cidr>& except,
                const std::vector<std::string>& except_texts, std::vector<Selector>& selectors) const {
    const std::optional<std::string_view> world = world_of_rule(text);
    const bool zero_prefixes = has(reader_.release(), Trait::kZeroPrefixSetSelectsPrefixes);
    const auto add = [&](Requirement main) {
      Selector& selector = selectors.emplace_back();
      mark(selector);
      selector.require(std::move(main));
      add_except(selector, except);
      if (modern()) selector.text = "cidr:" + std::string(text) + text_of(except_texts);
    };
    if (!world || zero_prefixes) add(requirement(cidr, Operator::kExists));
    if (world) add(reader_.exists(kReserved, *world));
  }

  void add_except(Selector& selector, const std::vector<Cidr>& except) const {
    for (const Cidr& cidr : except) selector.require(requirement(cidr, Operator::kDoesNotExist));
  }

 private:
  bool modern() const { return has(reader_.release(), Trait::kZeroPrefixIsWorld); }

  static std::string text_of(const std::vector<std::string>& except) {
    std::string text;
    for (const std::string& one : except) text += "-" + one;
    return text;
  }

  void add_world(std::string_view key, std::vector<Selector>& selectors) const {
    selectors.emplace_back().require(reader_.equals(kReserved, key, ""));
  }

  Requirement requirement(const Cidr& cidr, Operator op) const {
    const Prefix& prefix = cidr.prefix;
    if (cidr.mapped()) {  // a label that nobody has
      return {.op = op, .source = kCidr, .key = reader_.symbols().intern("::ffff:" + prefix.to_string())};
    }
    if (modern() && is_zero_prefix(prefix)) {
      Requirement world = reader_.exists(kReserved, prefix.is_v4() ? "world-ipv4"
                                                    : dual_stack_  ? "world-ipv6"
                                                                   : "world");
      world.op = op;
      return world;
    }
    return {.op = op, .source = kCidr, .key = reader_.symbols().intern(prefix.to_string()), .prefix = prefix};
  }

  // The world label that stands for a zero prefix beside or instead of the prefix; before 1.19 only.
  std::optional<std::string_view> world_of_rule(std::string_view text) const {
    if (modern()) return std::nullopt;
    const bool zero = has(reader_.release(), Trait::kZeroPrefixSetBySuffix) ? text.ends_with("/0")
                                                                            : text == "0.0.0.0/0" || text == "::/0";
    if (!zero) return std::nullopt;
    return !dual_stack_ ? "world" : is_v6_text(text) ? "world-ipv6" : "world-ipv4";
  }

  const SelectorReader& reader_;
  bool dual_stack_;
  bool nodes_too_;
};

void name_prefix(const Cidr& cidr, const Path& path, std::vector<Prefix>& prefixes, Report& report) {
  if (cidr.mapped()) {
    report.note(path, "an IPv4-mapped prefix matches no packet: write it as one of IPv4");
  } else {
    prefixes.push_back(cidr.prefix);
  }
}

void read_cidrs(const Document& list, const Path& path, std::vector<std::string>& texts, std::vector<Prefix>& prefixes,
                Report& report) {
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Document& item = list.items[i];
    if (!item.is_string() && !item.is_null()) report.reject(path[i], "must be a string");
    const std::optional<Cidr> cidr = parse_prefix_or_address(item.text);
    if (item.text.empty()) {
      report.reject(path[i], "an address must be given");
    } else if (!cidr) {
      report.reject(path[i], "'" + item.text + "' is neither an address nor a prefix");
    }
    texts.push_back(item.text);
    if (cidr) name_prefix(*cidr, path[i], prefixes, report);
  }
}

// One element of fromCIDRSet.
void read_cidr_rule(const Document& document, const Path& path, const PeerContext& context,
                    std::vector<Selector>& selectors, std::vector<Prefix>& prefixes, Report& report) {
  const Fields fields(document, path, report);
  fields.note_unknown({"cidr", "cidrGroupRef", "cidrGroupSelector", "except"});
  const std::string cidr = fields.text("cidr");
  const std::string group = fields.text("cidrGroupRef");
  const Document* group_selector = fields.map("cidrGroupSelector");
  const std::vector<std::string> except_texts = fields.texts("except").value_or(std::vector<std::string>{});
  const int given = (cidr.empty() ? 0 : 1) + (group.empty() ? 0 : 1) + (group_selector == nullptr ? 0 : 1);
  if (given != 1) {
    report.reject(path, given == 0 ? "one of cidr, cidrGroupRef and cidrGroupSelector is needed"
                                   : "only one of cidr, cidrGroupRef and cidrGroupSelector may be given");
  }
  const std::optional<Cidr> prefix = parse_prefix(cidr);
  if (!cidr.empty() && !prefix) report.reject(path / "cidr", "'" + cidr + "' is no prefix");
  const bool strict = has(context.selectors.release(), Trait::kExceptMustBeLonger);
  std::vector<Cidr> except;
  for (std::size_t i = 0; i < except_texts.size(); ++i) {
    const std::optional<Cidr> one = parse_prefix(except_texts[i]);
    const Path at = path / "except";
    if (!one) {
      if (prefix) report.reject(at[i], "'" + except_texts[i] + "' is no prefix");
      continue;
    }
    // Only the address must lie inside: before 1.20 an except may be the wider one.
    if (prefix && (!prefix->holds(*one) || (strict && one->prefix.length < prefix->prefix.length))) {
      report.reject(at[i], "'" + except_texts[i] + "' does not lie in '" + cidr + "'");
    }
    except.push_back(*one);
    name_prefix(*one, at[i], prefixes, report);
  }
  const PrefixSelectors builder(context);
  if (!cidr.empty()) {
    if (!prefix) return;
    name_prefix(*prefix, path / "cidr", prefixes, report);
    builder.add_rule(*prefix, cidr, except, except_texts, selectors);
    return;
  }
  Selector selector;
  if (group_selector != nullptr) {
    selector = context.selectors.read_group_selector(*group_selector, path / "cidrGroupSelector", report);
  } else if (!group.empty()) {
    const std::string key = std::string(kGroupNamePrefix) + group;
    selector.require(context.selectors.exists(kCidrGroup, key));
  }
  // One that asks for nothing has the key by which Cilium knows the selector of everyone.
  if (!selector.requirements.empty() || !except.empty()) builder.mark(selector);
  builder.add_except(selector, except);
  selectors.push_back(std::move(selector));
}

std::vector<Selector> read_selectors(const Document& list, const Path& path, const PeerContext& context,
                                     Report& report) {
  std::vector<Selector> selectors;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    selectors.push_back(context.selectors.read(list.items[i], path[i], KeyStyle::kCilium, report));
  }
  return selectors;
}

// pkg/k8s/apis/cilium.io/utils/utils.go:getEndpointSelector.
void scope_to_policy(Selector& selector, const PeerContext& context, bool reserved_exempt) {
  Symbols& symbols = context.selectors.symbols();
  if (reserved_exempt && selector.has_source(kReserved)) return;
  const Symbol key = symbols.intern(kNamespaceKey);
  if (!selector.has_key(kK8s, key) && !selector.has_key(kAny, key)) {
    if (context.ns.empty()) {
      if (!context.subject_may_be_init) selector.require(context.selectors.exists(kK8s, kNamespaceKey));
    } else if (!selector.has_key_prefix(kK8s, kNamespaceLabelsPrefix, symbols) &&
               !selector.has_key_prefix(kAny, kNamespaceLabelsPrefix, symbols)) {
      selector.require(context.selectors.equals(kK8s, kNamespaceKey, context.ns));
    }
  }
  scope_to_cluster(selector, context);
}

constexpr std::array<std::string_view, 6> kIngressMembers{"fromEndpoints", "fromCIDR",  "fromCIDRSet",
                                                          "fromEntities",  "fromNodes", "fromGroups"};

// Cilium refuses two that are not empty; an empty list beside a filled one passes, and selects nobody.
template <std::size_t N>
void check_exclusive(const Document& rule, const std::array<std::string_view, N>& members, const Path& path,
                     Report& report) {
  std::string_view first;
  for (const std::string_view member : members) {
    const Document* list = rule.get(member);
    if (list == nullptr || !list->is_list() || list->items.empty()) continue;
    if (!first.empty())
      report.reject(path, "combining " + std::string(first) + " and " + std::string(member) + " is not supported");
    first = member;
  }
}

void read_entities(const std::vector<std::string>& names, const Path& path, const PeerContext& context,
                   std::vector<Selector>& selectors, Report& report) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto known = entity_selectors(names[i], context.entity_cluster, context.selectors);
    if (!known) {
      report.reject(path[i], "'" + names[i] + "' is no entity");
      continue;
    }
    std::ranges::move(*known, std::back_inserter(selectors));
  }
}

}  // namespace

void scope_to_cluster(Selector& selector, const PeerContext& context) {
  if (context.cluster.empty()) return;
  const Symbol key = context.selectors.symbols().intern(kClusterKey);
  if (selector.has_key(kK8s, key) || selector.has_key(kAny, key)) return;
  selector.require(context.selectors.equals(kK8s, kClusterKey, context.cluster));
}

Peers read_ingress_peers(const Document& rule, const Path& path, const PeerContext& context,
                         std::vector<Requirement>& required, Report& report) {
  const Release release = context.selectors.release();
  const Fields fields(rule, path, report);
  Peers peers;
  bool named = false;
  check_exclusive(rule, kIngressMembers, path, report);
  const auto member = [&](std::string_view key) -> const Document* {
    const Document* list = fields.list(key);
    if (list == nullptr) return nullptr;
    named = true;
    if (list->items.empty() && key != "fromGroups") peers.nobody = true;
    return list;
  };
  if (const Document* list = member("fromEndpoints")) {
    for (Selector& selector : read_selectors(*list, path / "fromEndpoints", context, report)) {
      scope_to_policy(selector, context, true);
      selector.of_endpoints = true;
      peers.selectors.push_back(std::move(selector));
    }
  }
  if (const Document* list = member("fromNodes")) {
    if (!list->items.empty() && !context.node_selector_labels) {
      report.reject(path / "fromNodes", "can only be used with enable-node-selector-labels");
    }
    for (Selector& selector : read_selectors(*list, path / "fromNodes", context, report)) {
      if (has(release, Trait::kNodePeersOnly)) {
        selector.require(context.selectors.exists(kReserved, "remote-node"));
        scope_to_cluster(selector, context);
      }
      peers.selectors.push_back(std::move(selector));
    }
  }
  if (member("fromEntities") != nullptr) {
    read_entities(*fields.texts("fromEntities"), path / "fromEntities", context, peers.selectors, report);
  }
  if (const Document* list = member("fromCIDR")) {
    std::vector<std::string> texts;
    read_cidrs(*list, path / "fromCIDR", texts, peers.prefixes, report);
    PrefixSelectors(context).add_list(texts, peers.selectors);
  }
  if (const Document* list = member("fromCIDRSet")) {
    const Path at = path / "fromCIDRSet";
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      read_cidr_rule(list->items[i], at[i], context, peers.selectors, peers.prefixes, report);
    }
  }
  if (const Document* list = member("fromGroups"); list != nullptr && !list->items.empty()) {
    peers.unknown = "fromGroups names addresses that only the cloud's interface knows";
  }
  if (const Document* list = fields.list("fromRequires"); list != nullptr && !list->items.empty()) {
    if (!has(release, Trait::kFromRequires)) report.reject(path / "fromRequires", "must be empty");
    for (Selector& selector : read_selectors(*list, path / "fromRequires", context, report)) {
      scope_to_policy(selector, context, false);
      std::ranges::move(selector.requirements, std::back_inserter(required));
    }
  }
  peers.everyone = !named || std::ranges::any_of(peers.selectors, &Selector::everyone);
  return peers;
}

void add_ip_block(const Document& block, const Path& path, const PeerContext& context, bool validated, Peers& peers,
                  Report& report) {
  const Fields fields(block, path, report);
  fields.note_unknown({"cidr", "except"});
  if (validated) {
    read_cidr_rule(block, path, context, peers.selectors, peers.prefixes, report);
    return;
  }
  const std::string cidr = fields.text("cidr");
  const std::vector<std::string> texts = fields.texts("except").value_or(std::vector<std::string>{});
  const std::optional<Cidr> prefix = parse_prefix_or_address(cidr);
  std::vector<Cidr> except;
  for (const std::string& text : texts) {
    const std::optional<Cidr> one = parse_prefix_or_address(text);
    if (one) except.push_back(*one);
    if (!one) report.reject(path / "except", "'" + text + "' is no prefix: Cilium's agent stops at it");
  }
  if (!prefix) {
    report.reject(path / "cidr", "'" + cidr + "' is no prefix: Cilium's agent stops at it");
    return;
  }
  name_prefix(*prefix, path / "cidr", peers.prefixes, report);
  for (const Cidr& one : except) name_prefix(one, path / "except", peers.prefixes, report);
  PrefixSelectors(context).add_rule(*prefix, cidr, except, texts, peers.selectors);
}

void check_egress_peers(const Document& rule, const Path& path, const PeerContext& context, bool deny,
                        std::vector<Prefix>& prefixes, Report& report) {
  constexpr std::array<std::string_view, 8> kMembers{"toCIDR",     "toCIDRSet", "toEndpoints", "toEntities",
                                                     "toServices", "toGroups",  "toNodes",     "toFQDNs"};
  const Fields fields(rule, path, report);
  check_exclusive(rule, kMembers, path, report);
  for (const std::string_view member : {"toEndpoints", "toNodes", "toRequires"}) {
    const Document* list = fields.list(member);
    if (list == nullptr || list->items.empty()) continue;
    if (member == "toNodes" && !context.node_selector_labels) {
      report.reject(path / member, "can only be used with enable-node-selector-labels");
    }
    if (member == "toRequires" && !has(context.selectors.release(), Trait::kFromRequires)) {
      report.reject(path / member, "must be empty");
    }
    read_selectors(*list, path / member, context, report);
  }
  if (const Document* list = fields.list("toCIDR")) {
    std::vector<std::string> texts;
    read_cidrs(*list, path / "toCIDR", texts, prefixes, report);
  }
  std::vector<Selector> unused;
  if (const Document* list = fields.list("toCIDRSet")) {
    const Path at = path / "toCIDRSet";
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      read_cidr_rule(list->items[i], at[i], context, unused, prefixes, report);
    }
  }
  if (const auto names = fields.texts("toEntities"))
    read_entities(*names, path / "toEntities", context, unused, report);
  fields.list("toServices");
  fields.list("toGroups");
  if (deny) return;
  if (const Document* list = fields.list("toFQDNs")) {
    const Path at = path / "toFQDNs";
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      check_dns_match(list->items[i], at[i], report);
      if (!list->items[i].string_at("matchName").empty() && !list->items[i].string_at("matchPattern").empty()) {
        report.reject(at[i], "only one of matchName and matchPattern may be given");
      }
    }
  }
}

}  // namespace sextant::policy
