#include "agent/audit/lint/schema.h"

#include <algorithm>
#include <array>
#include <span>

#include "agent/base/ip.h"
#include "agent/base/spelling.h"
#include "agent/base/text.h"
#include "agent/policy/release.h"

namespace sextant::audit::lint {
namespace {

struct Required {
  std::string_view of;
  std::string_view member;
};
constexpr std::array kRequired{
    Required{"expression", "key"}, Required{"expression", "operator"},
    Required{"icmp", "type"},      Required{"authentication", "mode"},
    Required{"header", "name"},    Required{"tls", "secret"},
    Required{"secret", "name"},    Required{"listener", "envoyConfig"},
    Required{"listener", "name"},  Required{"envoy-config", "name"},
    Required{"label", "key"},      Required{"ip-block", "cidr"},
};

// Exactly one of these must be there (oneOf in the schema).
struct Alternatives {
  std::string_view of;
  std::array<std::string_view, 4> members;
};
constexpr std::array kAlternatives{
    Alternatives{"cilium", {"endpointSelector", "nodeSelector"}},
    Alternatives{"cidr-rule", {"cidr", "cidrGroupRef", "cidrGroupSelector"}},
    Alternatives{"l7", {"http", "kafka", "dns", "l7proto"}},
    Alternatives{"name", {"matchName", "matchPattern"}},
};
constexpr std::array<std::string_view, 4> kSections{"ingress", "ingressDeny", "egress", "egressDeny"};

bool is_cidr(std::string_view text) {
  return text.find('/') != std::string_view::npos && Prefix::parse(text).has_value();
}

bool is_one_of(std::string_view text, std::string_view words) {
  while (true) {
    const std::size_t bar = words.find('|');
    if (text == words.substr(0, bar)) return true;
    if (bar == std::string_view::npos) return false;
    words.remove_prefix(bar + 1);
  }
}

std::string with_or(std::string_view words) {
  std::string text;
  for (const char c : words) text += c == '|' ? std::string(", ") : std::string(1, c);
  return text;
}

class Checker {
 public:
  explicit Checker(policy::Release release) : release_(release), members_(schema_of(release)) {}

  void structure(const Document& map, const std::string& path, std::string_view of) {
    if (!of_kind(map, Document::Kind::kMap, path)) return;
    for (const auto& [key, value] : map.members) {
      const auto member =
          std::ranges::find_if(members_, [&](const SchemaMember& m) { return m.of == of && m.name == key; });
      const std::string at = path + "." + key;
      if (member == members_.end()) {
        report_.unknown.push_back({at, &map, &value, key, meant(key, map, of)});
      } else if (!value.is_null()) {
        this->value(value, at, *member);
      }
    }
    requirements(map, path, of);
  }

  SchemaReport take() { return std::move(report_); }

 private:
  void refuse(const std::string& path, const Document& document, std::string cause) {
    report_.violations.push_back({path, &document, std::move(cause)});
  }

  bool of_kind(const Document& value, Document::Kind kind, const std::string& path) {
    if (value.kind == kind) return true;
    refuse(
        path, value,
        "must be " + std::string(Document::kind_name(kind)) + ", is " + std::string(Document::kind_name(value.kind)));
    return false;
  }

  void value(const Document& value, const std::string& path, const SchemaMember& member) {
    if (!member.type.starts_with("[]")) return single(value, path, member.type, member.one_of);
    if (!of_kind(value, Document::Kind::kList, path)) return;
    if (member.most != 0 && value.items.size() > member.most) {
      refuse(path, value, "may have at most " + std::to_string(member.most) + " items");
    }
    const bool must_be_empty = member.name.ends_with("Requires") && !has(release_, policy::Trait::kFromRequires);
    if (must_be_empty && !value.items.empty()) return refuse(path, value, "must be empty in this release");
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      single(value.items[i], path + "[" + std::to_string(i) + "]", member.type.substr(2), member.one_of);
    }
  }

  void single(const Document& value, const std::string& path, std::string_view type, std::string_view one_of) {
    using Kind = Document::Kind;
    if (type == "any") return;
    if (type == "integer") return static_cast<void>(of_kind(value, Kind::kInteger, path));
    if (type == "boolean") return static_cast<void>(of_kind(value, Kind::kBool, path));
    if (type == "labels") return labels(value, path);
    if (type != "string" && type != "cidr") return structure(value, path, type);
    if (!of_kind(value, Kind::kString, path)) return;
    if (type == "cidr" && !is_cidr(value.text))
      return refuse(path, value, quote(value.text) + " is no prefix: ADDRESS/LENGTH");
    if (one_of.empty() || is_one_of(value.text, one_of)) return;
    refuse(path, value, quote(value.text) + " is none of " + with_or(one_of));
  }

  void labels(const Document& value, const std::string& path) {
    if (!of_kind(value, Document::Kind::kMap, path)) return;
    for (const auto& [key, item] : value.members) of_kind(item, Document::Kind::kString, path + "." + key);
  }

  void requirements(const Document& map, const std::string& path, std::string_view of) {
    for (const Required& required : kRequired) {
      if (required.of == of && map.get(required.member) == nullptr) {
        refuse(path, map, std::string(required.member) + " is missing");
      }
    }
    if (of == "port" && map.get("port") == nullptr && !has(release_, policy::Trait::kVrrpAndIgmp)) {
      refuse(path, map, "port is missing");
    }
    for (const Alternatives& alternatives : kAlternatives) {
      if (alternatives.of == of) exactly_one(map, path, alternatives.members);
    }
    if (of == "cilium" && std::ranges::none_of(kSections, [&](auto section) { return map.get(section) != nullptr; })) {
      refuse(path, map, "has none of ingress, ingressDeny, egress and egressDeny");
    }
    if (of == "peer") peer(map, path);
    if (of == "kubernetes-port") kubernetes_port(map, path);
  }

  void exactly_one(const Document& map, const std::string& path, std::span<const std::string_view> members) {
    std::string names;
    int given = 0;
    for (const std::string_view member : members) {
      if (member.empty()) continue;
      names += (names.empty() ? "" : ", ") + std::string(member);
      given += map.get(member) != nullptr ? 1 : 0;
    }
    if (given != 1) refuse(path, map, (given == 0 ? "has none of " : "has more than one of ") + names);
  }

  // staging/src/k8s.io/api/networking: pkg/apis/networking/validation/validation.go of Kubernetes.
  void peer(const Document& map, const std::string& path) {
    const bool selects = map.get("podSelector") != nullptr || map.get("namespaceSelector") != nullptr;
    const Document* block = map.get("ipBlock");
    if (!selects && block == nullptr) refuse(path, map, "has none of podSelector, namespaceSelector, ipBlock");
    if (selects && block != nullptr) refuse(path, map, "may not combine ipBlock with a selector");
    const Document* except = block == nullptr ? nullptr : block->get("except");
    const auto outer = block == nullptr ? failure("") : Prefix::parse(block->string_at("cidr"));
    if (except == nullptr || !outer) return;
    for (std::size_t i = 0; i < except->items.size(); ++i) {
      const auto inner = Prefix::parse(except->items[i].text);
      if (inner && (!outer->contains(*inner) || inner->length <= outer->length || inner->is_v4() != outer->is_v4())) {
        refuse(path + ".ipBlock.except[" + std::to_string(i) + "]", except->items[i],
               quote(except->items[i].text) + " is no strict part of " + quote(block->string_at("cidr")));
      }
    }
  }

  void kubernetes_port(const Document& map, const std::string& path) {
    const Document* port = map.get("port");
    const bool numeric = port != nullptr && port->kind == Document::Kind::kInteger;
    if (numeric && (port->integer < 1 || port->integer > 65535))
      refuse(path + ".port", *port, "must lie in 1 to 65535");
    const Document* end = map.get("endPort");
    if (end == nullptr) return;
    if (!numeric) return refuse(path + ".endPort", *end, "needs a port that is a number");
    if (end->kind == Document::Kind::kInteger && end->integer < port->integer) {
      refuse(path + ".endPort", *end, "is less than the port");
    }
  }

  // The member of the structure that is most like `key` and not there yet; empty: none is.
  std::string meant(std::string_view key, const Document& map, std::string_view of) const {
    std::string best;
    std::size_t least = std::max<std::size_t>(2, key.size() / 3) + 1;
    for (const SchemaMember& member : members_) {
      if (member.of != of || map.find(member.name) != nullptr) continue;
      const std::size_t distance = edit_distance(key, member.name);
      if (distance < least) {
        least = distance;
        best = member.name;
      }
    }
    return best;
  }

  policy::Release release_;
  std::vector<SchemaMember> members_;
  SchemaReport report_{};
};

}  // namespace

SchemaReport check_against_schema(ObjectKind kind, const Document& body, policy::Release release) {
  Checker checker(release);
  const Document* spec = body.get("spec");
  switch (kind) {
    case ObjectKind::kCiliumNetworkPolicy:
    case ObjectKind::kCiliumClusterwideNetworkPolicy:
      if (spec != nullptr) checker.structure(*spec, "spec", "cilium");
      if (const Document* specs = body.get("specs")) {
        for (std::size_t i = 0; i < specs->items.size(); ++i) {
          checker.structure(specs->items[i], "specs[" + std::to_string(i) + "]", "cilium");
        }
      }
      break;
    case ObjectKind::kNetworkPolicy:
      if (spec != nullptr) checker.structure(*spec, "spec", "kubernetes");
      break;
    default:
      break;
  }
  return checker.take();
}

}  // namespace sextant::audit::lint
