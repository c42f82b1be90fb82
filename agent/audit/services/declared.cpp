#include "agent/audit/services/declared.h"

#include <algorithm>
#include <charconv>

#include "agent/base/text.h"

namespace sextant::audit {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_name_of_a_port(std::string_view name, const Door& door) {
  const auto has_name = [name](const auto& port) { return !port.name.empty() && port.name == name; };
  return door.pod != nullptr ? std::ranges::any_of(door.pod->ports, has_name)
                             : std::ranges::any_of(door.service->ports, has_name);
}

// "443", "443/UDP" or a port's name: whether it is this door's. nullopt: none of these.
std::optional<bool> names(std::string_view entry, const Door& door) {
  const ServicePort& port = door.port;
  if (is_name_of_a_port(entry, door)) return entry == port.name;
  const auto slash = entry.find('/');
  const std::string_view digits = entry.substr(0, slash);
  std::uint16_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  if (slash == std::string_view::npos) return number == port.port;
  const std::string_view protocol = entry.substr(slash + 1);
  for (const Protocol known : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp}) {
    if (protocol == to_string(known)) return number == port.port && known == port.protocol;
  }
  return std::nullopt;
}

std::string_view annotation_of(const Door& door) {
  if (door.pod != nullptr) return door.pod->declared_public;
  const auto found = door.service->annotations.find(kDeclaredPublic);
  return found == door.service->annotations.end() ? std::string_view() : found->second;
}

bool has_address_of(const Entrance& entrance, const Door& door) {
  const auto has = [&](const IpAddress& address) {
    return std::ranges::find(entrance.addresses, address) != entrance.addresses.end();
  };
  if (door.address && has(*door.address)) return true;
  return std::ranges::any_of(door.service->load_balancer_ips, has) ||
         std::ranges::any_of(door.service->external_ips, has);
}

const EntrancePort* port_of(const Entrance& entrance, const Door& door, const std::vector<Backend>& backends) {
  const auto found = std::ranges::find_if(entrance.ports, [&](const EntrancePort& port) {
    if (port.protocol != door.port.protocol) return false;
    return port.port == door.port.port || port.port == door.entry_port ||
           std::ranges::any_of(backends, [&](const Backend& backend) { return backend.port == port.port; });
  });
  return found == entrance.ports.end() ? nullptr : &*found;
}

}  // namespace

Declaration declaration_of(const Door& door) {
  const std::string_view text = trimmed(annotation_of(door));
  if (text.empty() || text == "false") return {};
  if (text == "true") return {.names_port = true};
  Declaration declaration;
  for (std::string_view rest = text; !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string_view entry = trimmed(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    const auto named = names(entry, door);
    if (!named && declaration.problem.empty()) {
      declaration.problem = "the annotation " + std::string(kDeclaredPublic) + " has " + quote(entry) +
                            ", which is none of true, a port's number, its name, or NUMBER/PROTOCOL";
    }
    declaration.names_port |= named.value_or(false);
  }
  return declaration;
}

std::string declared_by(const World& world, const Door& door, const std::vector<Backend>& backends) {
  if (declaration_of(door).names_port) return "annotation " + std::string(kDeclaredPublic);
  if (door.service == nullptr) return {};
  for (const auto& [key, entrance] : world.entrances()) {
    if (!has_address_of(entrance, door)) continue;
    const EntrancePort* port = port_of(entrance, door, backends);
    if (port == nullptr) continue;
    const bool listener = key.kind == ObjectKind::kGateway && !port->name.empty();
    return key.to_string() + (listener ? " listener " + port->name : "");
  }
  return {};
}

}  // namespace sextant::audit
