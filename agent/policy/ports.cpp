#include "agent/policy/ports.h"

#include <algorithm>
#include <cctype>

#include "agent/policy/go_number.h"
#include "agent/policy/l7.h"
#include "agent/policy/release.h"

namespace sextant::policy {
namespace {

constexpr std::size_t kMostPorts = 40;  // pkg/policy/api/rule_validation.go: maxPorts, maxICMPFields

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// pkg/policy/api/utils.go:ParseL4Proto. nullopt: not accepted by the release.
std::optional<Protocol> protocol_of(std::string_view text, Release release) {
  if (text.empty()) return Protocol::kAny;
  const std::string name = upper(std::string(text));
  if (name == "ANY") return Protocol::kAny;
  if (name == "TCP") return Protocol::kTcp;
  if (name == "UDP") return Protocol::kUdp;
  if (name == "SCTP") return Protocol::kSctp;
  if (has(release, Trait::kVrrpAndIgmp)) {
    if (name == "VRRP") return Protocol::kVrrp;
    if (name == "IGMP") return Protocol::kIgmp;
  }
  if (has(release, Trait::kTunnelProtocols)) {
    if (name == "GRE") return Protocol::kGre;
    if (name == "IPIP") return Protocol::kIpip;
    if (name == "IPV6") return Protocol::kIpv6;
    if (name == "ESP") return Protocol::kEsp;
    if (name == "AH") return Protocol::kAh;
  }
  return std::nullopt;
}

// Whether the protocol, as written, may not have a port: compared before its case is normalized.
bool portless(std::string_view written, Release release) {
  if (has(release, Trait::kVrrpAndIgmp) && (written == "VRRP" || written == "IGMP")) return true;
  if (!has(release, Trait::kTunnelProtocols)) return false;
  return written == "GRE" || written == "IPIP" || written == "IPV6" || written == "ESP" || written == "AH";
}

// What Cilium makes of a port's text once it is accepted (pkg/policy/l4.go:createL4Filter, L4PolicyMap.Upsert).
void resolve_number(PortItem& item, std::string_view text, Release release) {
  item.port = static_cast<std::uint16_t>(parse_unsigned(text, 0, 16).value);
  item.merge_key = has(release, Trait::kPortKeyIsDecimal)
                       ? static_cast<std::uint16_t>(parse_unsigned(text, 10, 16).value)
                       : item.port;
}

void resolve(PortItem& item, const std::string& text, Release release) {
  if (is_service_name(text)) {
    item.name = text;
  } else {
    resolve_number(item, text, release);
  }
}

PortItem read_port(const Document& document, const Path& path, Release release, Report& report) {
  const Fields fields(document, path, report);
  fields.note_unknown({"port", "endPort", "protocol"});
  PortItem item;
  std::string text = fields.text("port");
  const std::string protocol = fields.text("protocol");
  item.end_port = static_cast<std::uint16_t>(fields.integer("endPort", INT32_MIN, INT32_MAX).value_or(0));
  if (text.empty()) {
    report.reject(path / "port", "must be specified");
  } else if (is_service_name(text)) {
    text = lower(text);
  } else {
    if (text != "0" && portless(protocol, release)) report.reject(path / "port", "must be empty or 0 for " + protocol);
    const ParsedNumber number = parse_unsigned(text, 0, 16);
    if (number.error == NumberError::kSyntax)
      report.reject(path / "port", "'" + text + "' is neither a number nor a port name");
    if (number.error == NumberError::kRange) report.reject(path / "port", "'" + text + "' is greater than 65535");
  }
  const std::optional<Protocol> known = protocol_of(protocol, release);
  if (!known) report.reject(path / "protocol", "'" + protocol + "' is no protocol that may be given here");
  item.protocol = known.value_or(Protocol::kAny);
  resolve(item, text, release);
  return item;
}

PortRule read_port_rule(const Document& document, const Path& path, const PortReading& reading, Report& report) {
  const Fields fields(document, path, report);
  if (reading.deny) {
    fields.note_unknown({"ports"});
  } else {
    fields.note_unknown({"ports", "terminatingTLS", "originatingTLS", "serverNames", "listener", "rules"});
  }
  PortRule rule;
  if (const Document* ports = fields.list("ports")) {
    const Path at = path / "ports";
    if (ports->items.size() > kMostPorts) report.reject(at, "too many ports, at most 40");
    for (std::size_t i = 0; i < ports->items.size(); ++i) {
      rule.ports.push_back(read_port(ports->items[i], at[i], reading.release, report));
    }
  }
  if (!reading.deny) rule.redirect = read_redirect(document, path, reading, rule.ports, report);
  return rule;
}

struct IcmpName {
  std::string_view name;
  std::uint16_t type;
};
// pkg/policy/api/icmp.go.
constexpr std::array<IcmpName, 14> kIcmpNames{{{"EchoReply", 0},
                                               {"DestinationUnreachable", 3},
                                               {"Redirect", 5},
                                               {"Echo", 8},
                                               {"EchoRequest", 8},
                                               {"RouterAdvertisement", 9},
                                               {"RouterSelection", 10},
                                               {"TimeExceeded", 11},
                                               {"ParameterProblem", 12},
                                               {"Timestamp", 13},
                                               {"TimestampReply", 14},
                                               {"Photuris", 40},
                                               {"ExtendedEchoRequest", 42},
                                               {"ExtendedEchoReply", 43}}};
constexpr std::array<IcmpName, 27> kIcmpv6Names{{{"DestinationUnreachable", 1},
                                                 {"PacketTooBig", 2},
                                                 {"TimeExceeded", 3},
                                                 {"ParameterProblem", 4},
                                                 {"EchoRequest", 128},
                                                 {"EchoReply", 129},
                                                 {"MulticastListenerQuery", 130},
                                                 {"MulticastListenerReport", 131},
                                                 {"MulticastListenerDone", 132},
                                                 {"RouterSolicitation", 133},
                                                 {"RouterAdvertisement", 134},
                                                 {"NeighborSolicitation", 135},
                                                 {"NeighborAdvertisement", 136},
                                                 {"RedirectMessage", 137},
                                                 {"RouterRenumbering", 138},
                                                 {"ICMPNodeInformationQuery", 139},
                                                 {"ICMPNodeInformationResponse", 140},
                                                 {"InverseNeighborDiscoverySolicitation", 141},
                                                 {"InverseNeighborDiscoveryAdvertisement", 142},
                                                 {"HomeAgentAddressDiscoveryRequest", 144},
                                                 {"HomeAgentAddressDiscoveryReply", 145},
                                                 {"MobilePrefixSolicitation", 146},
                                                 {"MobilePrefixAdvertisement", 147},
                                                 {"DuplicateAddressRequestCodeSuffix", 157},
                                                 {"DuplicateAddressConfirmationCodeSuffix", 158},
                                                 {"ExtendedEchoRequest", 160},
                                                 {"ExtendedEchoReply", 161}}};

template <std::size_t N>
std::optional<std::uint16_t> type_named(const std::array<IcmpName, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name, &IcmpName::name);
  return found == names.end() ? std::nullopt : std::optional(found->type);
}

// Whether Cilium takes the text for a number: a decimal that fits an int32, zero only as "0".
bool is_decimal(const std::string& text) {
  const ParsedNumber number = parse_unsigned(text, 10, 31);
  return number.error == NumberError::kNone && (text == "0" || number.value != 0);
}

PortItem read_icmp_field(const Document& document, const Path& path, Release release, Report& report) {
  const Fields fields(document, path, report);
  fields.note_unknown({"family", "type"});
  const std::string family = fields.text("family");
  if (!family.empty() && family != "IPv4" && family != "IPv6") report.reject(path / "family", "must be IPv4 or IPv6");
  const bool v6 = family == "IPv6";
  PortItem item{.protocol = v6 ? Protocol::kIcmpv6 : Protocol::kIcmp};
  const Document* type = document.get("type");
  if (type == nullptr) {
    report.reject(path / "type", "must be specified");
  } else if (type->kind == Document::Kind::kInteger) {
    if (type->integer < INT32_MIN || type->integer > INT32_MAX) report.reject(path / "type", "is out of range");
    resolve_number(item, std::to_string(type->integer), release);
  } else if (!type->is_string()) {
    report.reject(path / "type", "must be a number or a name");
  } else if (const auto named = v6 ? type_named(kIcmpv6Names, type->text) : type_named(kIcmpNames, type->text)) {
    resolve_number(item, std::to_string(*named), release);
  } else if (is_decimal(type->text)) {
    resolve_number(item, type->text, release);
  } else {
    report.reject(path / "type", "'" + type->text + "' is no type of " + (v6 ? "ICMPv6" : "ICMP"));
  }
  return item;
}

}  // namespace

bool is_service_name(std::string_view text) {
  if (text.empty() || text.size() > 15 || text.front() == '-' || text.back() == '-') return false;
  bool letter = false;
  char before = '\0';
  for (const char c : text) {
    const bool alphabetic = std::isalpha(static_cast<unsigned char>(c)) != 0;
    if (!alphabetic && std::isdigit(static_cast<unsigned char>(c)) == 0 && (c != '-' || before == '-')) return false;
    letter = letter || alphabetic;
    before = c;
  }
  return letter;
}

std::vector<PortRule> read_to_ports(const Document& list, const Path& path, const PortReading& reading,
                                    Report& report) {
  std::vector<PortRule> rules;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    rules.push_back(read_port_rule(list.items[i], path[i], reading, report));
  }
  return rules;
}

std::vector<PortRule> read_icmps(const Document& list, const Path& path, Release release, Report& report) {
  std::vector<PortRule> rules;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Path at = path[i];
    const Fields fields(list.items[i], at, report);
    fields.note_unknown({"fields"});
    PortRule rule;
    if (const Document* types = fields.list("fields")) {
      const Path here = at / "fields";
      if (types->items.size() > kMostPorts) report.reject(here, "too many types, at most 40");
      for (std::size_t f = 0; f < types->items.size(); ++f)
        rule.ports.push_back(read_icmp_field(types->items[f], here[f], release, report));
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

namespace {

PortItem read_network_policy_port(const Document& document, const Path& path, Release release, Report& report) {
  const bool validated = has(release, Trait::kNetworkPolicyValidated);
  const Fields fields(document, path, report);
  fields.note_unknown({"port", "endPort", "protocol"});
  const std::string protocol = fields.text("protocol");
  const bool given = document.get("protocol") != nullptr;
  const std::optional<Protocol> known = given ? protocol_of(protocol, release) : Protocol::kTcp;
  if (!known) report.reject(path / "protocol", "'" + protocol + "' is no protocol that may be given here");
  std::string text = "0";
  if (const Document* port = document.get("port")) {
    text = port->kind == Document::Kind::kInteger ? std::to_string(port->integer) : fields.text("port");
  }
  PortItem item{.protocol = known.value_or(Protocol::kTcp)};
  item.end_port = static_cast<std::uint16_t>(fields.integer("endPort", INT32_MIN, INT32_MAX).value_or(0));
  if (is_service_name(text)) {
    if (validated) text = lower(text);
  } else if (validated && parse_unsigned(text, 0, 16).error != NumberError::kNone) {
    report.reject(path / "port", "'" + text + "' is neither a number up to 65535 nor a port name");
  }
  resolve(item, text, release);
  return item;
}

// destinationPort of a ClusterNetworkPolicy: a number or a range.
void read_destination_port(const Document& document, const Path& path, PortItem& item, Report& report) {
  const Fields fields(document, path, report);
  item.port = static_cast<std::uint16_t>(fields.integer("number", 0, 65535).value_or(0));
  const Document* range = fields.map("range");
  if (range == nullptr) return;
  const Path within = path / "range";
  const Fields ends(*range, within, report);
  item.port = static_cast<std::uint16_t>(ends.integer("start", 0, 65535).value_or(0));
  item.end_port = static_cast<std::uint16_t>(ends.integer("end", 0, 65535).value_or(0));
}

PortItem read_protocol(const Document& document, const Path& path, Report& report) {
  constexpr std::array<std::pair<std::string_view, Protocol>, 3> kTransports{
      {{"tcp", Protocol::kTcp}, {"udp", Protocol::kUdp}, {"sctp", Protocol::kSctp}}};
  const Fields fields(document, path, report);
  PortItem item{.name = fields.text("destinationNamedPort")};
  for (const auto& [key, protocol] : kTransports) {
    const Document* transport = fields.map(key);
    if (transport == nullptr) continue;
    item.protocol = protocol;
    const Path here = path / key;
    const Document* port = Fields(*transport, here, report).map("destinationPort");
    if (port != nullptr) read_destination_port(*port, here / "destinationPort", item, report);
  }
  item.merge_key = item.port;
  return item;
}

}  // namespace

std::vector<PortRule> read_network_policy_ports(const Document& list, const Path& path, Release release,
                                                Report& report) {
  std::vector<PortRule> rules;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    rules.push_back({.ports = {read_network_policy_port(list.items[i], path[i], release, report)}});
  }
  return rules;
}

std::vector<PortRule> read_protocols(const Document& list, const Path& path, Report& report) {
  std::vector<PortRule> rules;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    rules.push_back({.ports = {read_protocol(list.items[i], path[i], report)}});
  }
  return rules;
}

}  // namespace sextant::policy
