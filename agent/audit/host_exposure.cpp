// SXT008: a socket of the node is reachable from the internet, and nobody wrote that it should be.
#include <algorithm>

#include "agent/audit/policy_yaml.h"
#include "agent/audit/rules.h"
#include "agent/audit/source_set.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

// The finding is about the internet as a whole, whichever of its classes get in: one per port.
constexpr std::string_view kSourceClass = "world";

struct Opening {
  std::vector<std::shared_ptr<const SourceClass>> classes{};
  const IntentCell* cell = nullptr;           // of the first of them
  const RowObservation* delivered = nullptr;  // a packet of theirs that arrived
};

bool node_has_public_address(const Picture& picture) {
  if (public_address(picture.world().local_addresses())) return true;
  return picture.world().network().links.empty();  // nobody has told the node's addresses yet: it may
}

bool bound_in_public(const Picture& picture, const Listener& listener) {
  if (listener.address.is_unspecified()) return node_has_public_address(picture);
  return listener.address.is_global_unicast();
}

// A UDP socket has no state that tells a server from a client that waits for an answer.
bool likely_client(const Picture& picture, const Listener& listener) {
  return listener.protocol == Protocol::kUdp && picture.config().ephemeral.contains(listener.port);
}

// What is sent to a door on the node's own address is translated before any socket of the node could get it.
bool is_door(const Picture& picture, PortKey port) {
  return std::ranges::any_of(picture.doors(), [&](const DoorPassages& door) {
    return !door.door.node.empty() && door.door.doubt.empty() &&
           PortKey(door.door.port.protocol, door.door.entry_port) == port;
  });
}

// The rows of the node's port whose sources are in `row` now; classes are cut anew under other ids.
std::vector<const RowObservation*> seen_from(const Picture& picture, const IntentRow& row, PortKey port) {
  std::vector<const RowObservation*> seen;
  for (const RowObservation* observation : picture.rows.at(picture.node(), port.first, port.second)) {
    const auto judged = picture.judge(*observation);
    if (judged && judged->row && judged->row->source == row.source) seen.push_back(observation);
  }
  return seen;
}

Opening opening_of(const Picture& picture, const EndpointIntent& intent, PortKey port) {
  Opening opening;
  for (const IntentRow& row : intent.rows) {
    const IntentCell& cell = row.cell(port.first, port.second);
    if (!row.source->is_public || stance_of(cell) != Stance::kAllowedByDefault) continue;
    const auto seen = seen_from(picture, row, port);
    // A wall that Sextant cannot read (nftables, a provider's filter) shows in what became of packets.
    if (std::ranges::any_of(seen, [](const auto* r) { return newest_refused(*r); })) continue;
    const auto arrived = std::ranges::find_if(seen, [](const auto* r) { return newest_delivered(*r); });
    if (arrived != seen.end()) opening.delivered = *arrived;
    if (opening.cell == nullptr) opening.cell = &cell;
    opening.classes.push_back(row.source);
  }
  return opening;
}

std::string process_of(const Picture& picture, const Listener& listener) {
  std::string text =
      listener.pid == 0 ? "the kernel" : listener.process + " (pid " + std::to_string(listener.pid) + ")";
  if (!listener.pod_uid) return text;
  const Pod* pod = picture.world().pod_by_uid(*listener.pod_uid);
  return text + " of pod " + (pod == nullptr ? "uid " + *listener.pod_uid : pod->ns + "/" + pod->name);
}

Evidence listening(const Picture& picture, const std::vector<Listener>& sockets) {
  std::vector<std::string> lines;
  for (const Listener& socket : sockets) {
    const std::string address = socket.address.is_unspecified() ? "every address" : socket.address.to_string();
    lines.push_back(process_of(picture, socket) + " listens on " + address);
  }
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return {.witness = Witness::kListening, .verdict = Verdict::kAllow, .detail = texts::list(lines, 4)};
}

Evidence observed(const RowObservation* delivered) {
  if (delivered == nullptr) return texts::not_looked(Witness::kObserved, "no public packet to the port was seen");
  return {.witness = Witness::kObserved,
          .verdict = Verdict::kAllow,
          .detail = "a packet from " + delivered->sample.to_string() + " reached a socket"};
}

std::string message(const EndpointRef& node, PortKey port, const Listener& socket) {
  const std::string who = socket.pid == 0 ? "the kernel" : socket.process;
  return node.to_string() + " " + texts::port(port.first, port.second) + " (" + who +
         ") can be reached from the internet, and no policy says that it should be";
}

}  // namespace

std::vector<Claim> host_exposures(const Picture& picture) {
  std::vector<Claim> claims;
  const EndpointIntent* intent = picture.intent(picture.node());
  if (intent == nullptr) return claims;
  for (const auto& [port, sockets] : picture.listening.node_sockets()) {
    if (is_door(picture, port)) continue;
    std::vector<Listener> open;
    std::ranges::copy_if(sockets, std::back_inserter(open), [&](const Listener& socket) {
      const bool bounded = socket.pid != 0 && socket.pid == picture.config().bounded_pid;
      return has_ports(port.first) && bound_in_public(picture, socket) && !likely_client(picture, socket) && !bounded;
    });
    if (open.empty()) continue;
    const Opening opening = opening_of(picture, *intent, port);
    if (opening.classes.empty()) continue;
    SourceSet from = union_of(opening.classes);
    claims.push_back(
        {.code = kHostExposure,
         .endpoint = picture.detail(picture.node()),
         .protocol = port.first,
         .port = port.second,
         .source = SourceDetail{.source_class = std::string(kSourceClass),
                                .prefixes = std::move(from.prefixes),
                                .except = std::move(from.except)},
         .message = message(picture.node(), port, open.front()),
         .evidence = {texts::intended(*opening.cell), observed(opening.delivered), listening(picture, open)},
         .policies = texts::distinct(opening.cell->policies),
         .fix = policy_yaml::close_on_nodes(port.first, port.second)});
  }
  return claims;
}

std::string host_exposure_gone(const Picture& picture, const Finding& finding) {
  const EndpointIntent* intent = picture.intent(finding.endpoint.ref);
  if (intent == nullptr) return finding.endpoint.ref.to_string() + " is gone";
  if (!finding.protocol || !finding.port) return "the evidence is gone";
  const PortKey port{*finding.protocol, *finding.port};
  if (!picture.listening.node_sockets().contains(port)) return "nothing listens there any more";
  if (is_door(picture, port)) return "a service takes what is sent to the port";
  const bool by_default = std::ranges::any_of(intent->rows, [&](const IntentRow& row) {
    return row.source->is_public && stance_of(row.cell(port.first, port.second)) == Stance::kAllowedByDefault;
  });
  if (!by_default) return "a policy decides about the port now";
  for (const RowObservation* row : picture.rows.at(finding.endpoint.ref, port.first, port.second)) {
    if (newest_refused(*row)) return "packets to the port are dropped (" + row->drop_reason + ")";
  }
  return "it listens on no public address any more";
}

}  // namespace sextant::audit
