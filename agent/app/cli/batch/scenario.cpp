#include "agent/app/cli/batch/scenario.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "agent/base/text.h"
#include "agent/policy/release.h"

namespace sextant::app::cli {
namespace {

// ---- Options ----------------------------------------------------------------------------------------------------

Failure no_value(const Document::Member& option, std::string_view wanted) {
  return failure("cluster." + option.first + ": " + std::string(wanted) + " is expected");
}

Result<> read_switch(const Document::Member& option, auto& to) {
  if (option.second.kind != Document::Kind::kBool) return no_value(option, "true or false");
  to = option.second.boolean;
  return {};
}

template <class Value, std::size_t kCount>
Result<> read_word(const Document::Member& option, const std::array<std::pair<std::string_view, Value>, kCount>& words,
                   Value& to) {
  std::string names;
  for (const auto& [word, value] : words) {
    if (option.second.is_string() && option.second.text == word) {
      to = value;
      return {};
    }
    names += (names.empty() ? "" : "|") + std::string(word);
  }
  return no_value(option, names);
}

using policy::EnablePolicy;
template <class Value>
using Word = std::pair<std::string_view, Value>;
constexpr std::array kFamilies{Word<bool>{"ipv6", false}, Word<bool>{"dual", true}};
constexpr std::array kEnablePolicy{Word<EnablePolicy>{"default", EnablePolicy::kDefault},
                                   Word<EnablePolicy>{"always", EnablePolicy::kAlways},
                                   Word<EnablePolicy>{"never", EnablePolicy::kNever}};
constexpr std::array kAllowLocalhost{Word<bool>{"auto", true}, Word<bool>{"always", true}, Word<bool>{"policy", false}};
constexpr std::array kCidrMatchMode{Word<bool>{"nodes", true}, Word<bool>{"", false}};

Result<> read_option(const Document::Member& option, Scenario& scenario) {
  const auto& [key, value] = option;
  policy::Options& options = scenario.options;
  if (key == "families") return read_word(option, kFamilies, options.dual_stack);
  if (key == "enable-policy") return read_word(option, kEnablePolicy, options.enable_policy);
  if (key == "allow-localhost") return read_word(option, kAllowLocalhost, options.allow_localhost);
  if (key == "policy-cidr-match-mode") return read_word(option, kCidrMatchMode, options.policy_cidr_match_nodes);
  if (key == "enable-host-firewall") return read_switch(option, options.enable_host_firewall);
  if (key == "enable-node-selector-labels") return read_switch(option, options.enable_node_selector_labels);
  if (key == "policy-default-local-cluster") return read_switch(option, options.policy_default_local_cluster);
  if (key != "name" && key != "node") {
    scenario.unknown_option = key;
    return {};
  }
  if (!value.is_string()) return no_value(option, "a string");
  if (key == "name") {
    options.cluster_name = value.text;
  } else {
    scenario.world = World(value.text);
  }
  return {};
}

// ---- Ends -------------------------------------------------------------------------------------------------------

struct End {
  std::string kind{};
  std::string value{};
};

Result<End> read_end(std::string_view text) {
  JsonReader reader(text);
  End end;
  std::size_t members = 0;
  reader.members([&](std::string_view key) {
    ++members;
    end.kind = key;
    end.value = reader.string();
  });
  if (const auto read = reader.result(); !read) return Failure(read.error());
  if (members != 1) return failure("one of pod, node, entity and address is expected");
  return end;
}

using SubjectKind = policy::Subject::Kind;
using PeerKind = policy::Peer::Kind;
constexpr std::array kSubjectEntities{Word<SubjectKind>{"health", SubjectKind::kHealth},
                                      Word<SubjectKind>{"ingress", SubjectKind::kIngress},
                                      Word<SubjectKind>{"init", SubjectKind::kInit}};
constexpr std::array kPeerEntities{
    Word<PeerKind>{"health", PeerKind::kHealth}, Word<PeerKind>{"ingress", PeerKind::kIngress},
    Word<PeerKind>{"init", PeerKind::kInit}, Word<PeerKind>{"unmanaged", PeerKind::kUnmanaged}};

// Anything but an address.
template <class Named, class Entities>
Result<Named> read_named(const std::string& what, const End& end, const Entities& entities) {
  Named named;
  if (end.kind == "pod") {
    const auto slash = end.value.find('/');
    if (slash == std::string::npos) return failure(what + ": pod " + quote(end.value) + " is not NAMESPACE/NAME");
    named.kind = Named::Kind::kPod;
    named.ns = end.value.substr(0, slash);
    named.name = end.value.substr(slash + 1);
    return named;
  }
  if (end.kind == "node") {
    named.kind = Named::Kind::kNode;
    named.name = end.value;
    return named;
  }
  const auto entity = std::ranges::find(entities, std::string_view(end.value), [](const auto& e) { return e.first; });
  if (end.kind != "entity" || entity == entities.end())
    return failure(what + ": " + quote(end.kind + ": " + end.value) + " is no end of a check");
  named.kind = entity->second;
  return named;
}

struct ProtocolName {
  std::string_view name;
  Protocol protocol;
};
constexpr std::array kProtocols{ProtocolName{"TCP", Protocol::kTcp}, ProtocolName{"UDP", Protocol::kUdp},
                                ProtocolName{"ICMPv6", Protocol::kIcmpv6}, ProtocolName{"SCTP", Protocol::kSctp},
                                ProtocolName{"ICMP", Protocol::kIcmp}};

Protocol read_protocol(JsonReader& reader) {
  const std::string_view name = reader.string();
  const auto* found = std::ranges::find(kProtocols, name, &ProtocolName::name);
  if (found != kProtocols.end()) return found->protocol;
  reader.fail("a protocol is expected: TCP, UDP, SCTP, ICMP or ICMPv6");
  return Protocol::kAny;
}

}  // namespace

Result<Scenario> read_scenario(const Document& cluster, Document objects) {
  if (!cluster.is_map()) return failure("cluster: a map is expected");
  if (!objects.is_list()) return failure("objects: a list is expected");
  Scenario scenario;
  for (const Document::Member& option : cluster.members) {
    if (const auto read = read_option(option, scenario); !read) return Failure(read.error());
  }
  for (std::size_t i = 0; i < objects.items.size(); ++i) {
    Result<std::optional<Object>> object = decode(std::move(objects.items[i]), {});
    if (!object) return because("objects[" + std::to_string(i) + "]", object.error());
    if (*object) scenario.world.apply(std::move(**object));
  }
  return scenario;
}

std::string lacks(const Scenario& scenario, policy::Release release) {
  if (scenario.options.policy_default_local_cluster == true && !has(release, policy::Trait::kClusterScopedPeers))
    return "policy-default-local-cluster";
  const bool tiered = std::ranges::any_of(
      scenario.world.policies(), [](const auto& p) { return p.first.kind == ObjectKind::kClusterNetworkPolicy; });
  if (tiered && !has(release, policy::Trait::kClusterNetworkPolicy)) return "ClusterNetworkPolicy";
  return {};
}

CheckText read_check(JsonReader& reader) {
  CheckText check;
  bool has_protocol = false, has_port = false;
  const auto place = [&] {
    const std::size_t begin = reader.next();
    const std::size_t length = reader.skip().size();
    return CheckText::Place{.begin = begin, .end = begin + length};
  };
  const auto take = [&](std::string_view key) {
    if (key == "to") {
      check.to = reader.skip();
    } else if (key == "from") {
      check.from = reader.skip();
    } else if (key == "protocol") {
      check.protocol = read_protocol(reader);
      has_protocol = true;
    } else if (key == "port") {
      check.port = static_cast<std::uint16_t>(reader.integer(65535));
      has_port = true;
    } else if (key == "verdict") {
      check.verdict = place();
    } else if (key == "why") {
      check.why = place();
    } else {
      reader.skip();
    }
  };
  check.all.begin = reader.next();
  reader.members([&](std::string_view key) {
    take(key);
    check.last_value_end = reader.position();
  });
  check.all.end = reader.position();
  if (check.to.empty()) reader.fail("the check has no 'to'", check.all.begin);
  if (check.from.empty()) reader.fail("the check has no 'from'", check.all.begin);
  if (!has_protocol) reader.fail("the check has no 'protocol'", check.all.begin);
  if (!has_port) reader.fail("the check has no 'port'", check.all.begin);
  return check;
}

Result<policy::Subject> read_subject(std::string_view text) {
  const Result<End> end = read_end(text);
  if (!end) return because("to", end.error());
  return read_named<policy::Subject>("to", *end, kSubjectEntities);
}

Result<policy::Peer> read_peer(std::string_view text) {
  const Result<End> end = read_end(text);
  if (!end) return because("from", end.error());
  if (end->kind != "address") return read_named<policy::Peer>("from", *end, kPeerEntities);
  const Result<IpAddress> address = IpAddress::parse(end->value);
  if (!address) return because("from", address.error());
  return policy::Peer{.address = *address};
}

}  // namespace sextant::app::cli
