// A node with pods and intents made by hand, and an auditor that watches it.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/audit/auditor.h"
#include "agent/audit/picture.h"
#include "agent/audit/stray_pods.h"

namespace sextant::audit::testing {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline const Time kStart = Time(std::chrono::hours(24 * 365 * 50));
inline const char* const kDbUid = "0d5c8f1e-0000-4000-8000-000000000001";
inline const char* const kWebUid = "0d5c8f1e-0000-4000-8000-000000000002";

inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
inline Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }
inline EndpointRef pod_ref(std::string ns, std::string name) {
  return {.kind = EndpointKind::kPod, .ns = std::move(ns), .name = std::move(name)};
}
inline EndpointRef node_ref() { return {.kind = EndpointKind::kNode, .name = "n1"}; }
inline const EndpointRef kDb = pod_ref("shop", "db");
inline const EndpointRef kWeb = pod_ref("shop", "web");

inline constexpr ClassId kWorld = 1;
inline constexpr ClassId kOffice = 2;  // 2001:db8:100::/48
inline constexpr ClassId kPeer = 3;    // another pod: not public

inline PolicyRef cnp(std::string name) {
  return {.kind = ObjectKind::kCiliumNetworkPolicy, .ns = "shop", .name = std::move(name)};
}

inline std::shared_ptr<const SourceClass> source_class(ClassId id, std::string name, std::vector<Prefix> prefixes,
                                                       std::vector<Prefix> except, std::string_view sample,
                                                       bool is_public = true) {
  return std::make_shared<SourceClass>(SourceClass{.id = id,
                                                   .name = std::move(name),
                                                   .is_public = is_public,
                                                   .prefixes = std::move(prefixes),
                                                   .except = std::move(except),
                                                   .sample = ip(sample)});
}

inline IntentCell cell(Protocol protocol, std::uint16_t first, std::uint16_t last, Verdict verdict, Because because,
                       std::vector<PolicyRef> policies = {}) {
  return {.protocol = protocol,
          .first_port = first,
          .last_port = last,
          .verdict = verdict,
          .because = because,
          .policies = std::move(policies),
          .why = std::string(to_string(because))};
}

// All protocols and ports alike.
inline std::vector<IntentCell> everything(Verdict verdict, Because because,
                                          const std::vector<PolicyRef>& policies = {}) {
  std::vector<IntentCell> cells;
  for (const auto protocol : {Protocol::kAny, Protocol::kTcp, Protocol::kUdp, Protocol::kIcmpv6, Protocol::kSctp}) {
    cells.push_back(cell(protocol, 0, 65535, verdict, because, policies));
  }
  return cells;
}

// One TCP port allowed by a rule, the rest denied by default.
inline std::vector<IntentCell> only_tcp(std::uint16_t port, const PolicyRef& policy) {
  auto cells = everything(Verdict::kDeny, Because::kDefaultDeny, {policy});
  const auto tcp = std::ranges::find(cells, Protocol::kTcp, &IntentCell::protocol);
  tcp->last_port = static_cast<std::uint16_t>(port - 1);
  const auto after =
      cells.insert(std::next(tcp), cell(Protocol::kTcp, port, port, Verdict::kAllow, Because::kRule, {policy}));
  cells.insert(std::next(after), cell(Protocol::kTcp, static_cast<std::uint16_t>(port + 1), 65535, Verdict::kDeny,
                                      Because::kDefaultDeny, {policy}));
  return cells;
}

inline std::vector<IntentCell> closed(const PolicyRef& policy) {
  return everything(Verdict::kDeny, Because::kDefaultDeny, {policy});
}
inline std::vector<IntentCell> open_by_default() { return everything(Verdict::kAllow, Because::kDefaultAllow); }

inline Listener listener(Protocol protocol, std::uint16_t port, std::string process, std::string_view address = "::") {
  return {.protocol = protocol,
          .address = ip(address),
          .port = port,
          .netns = 1,
          .process = std::move(process),
          .pid = 100};
}
inline Listener host_listener(Protocol protocol, std::uint16_t port, std::string process,
                              std::string_view address = "::") {
  Listener made = listener(protocol, port, std::move(process), address);
  made.host_netns = true;
  return made;
}
inline Listener pod_listener(std::string uid, Protocol protocol, std::uint16_t port, std::string process) {
  Listener made = listener(protocol, port, std::move(process));
  made.pod_uid = std::move(uid);
  return made;
}

// shop/db closed to everybody by CiliumNetworkPolicy shop/db; shop/web open on TCP 443 by shop/web; the node without
// host firewall.
struct Stage {
  World world{"n1"};
  std::map<ClassId, std::shared_ptr<const SourceClass>> classes{};
  std::vector<ClassId> current{kWorld, kOffice, kPeer};
  std::map<EndpointRef, std::shared_ptr<const EndpointIntent>> intents{};
  std::vector<PolicyProblem> problems{};
  Config config{.node = "n1"};
  Time now = kStart;

  Stage() {
    classes[kWorld] = source_class(kWorld, "world", {prefix("2000::/3")},
                                   {prefix("2001:db8:1::/48"), prefix("2001:db8:100::/48")}, "2600:1::7");
    classes[kOffice] = source_class(kOffice, "2001:db8:100::/48", {prefix("2001:db8:100::/48")}, {}, "2001:db8:100::1");
    classes[kPeer] = source_class(kPeer, "pod:app=web", {prefix("2001:db8:1::6/128")}, {}, "2001:db8:1::6", false);
    world.apply(Object(Node{.name = "n1", .addresses = {ip("2001:db8:9::1")}}));
    add_pod("db", kDbUid, "2001:db8:1::5", "StatefulSet/db");
    add_pod("web", kWebUid, "2001:db8:1::6", "Deployment/web");
    set(kDb, closed(cnp("db")), {cnp("db")});
    set(kWeb, only_tcp(443, cnp("web")), {cnp("web")});
    set(node_ref(), everything(Verdict::kAllow, Because::kNotEnforced));
  }

  void add_pod(std::string name, std::string uid, std::string_view address, std::string workload = "") {
    world.apply(Object(Pod{.ns = "shop",
                           .name = std::move(name),
                           .uid = std::move(uid),
                           .labels = {{"app", "x"}},
                           .node_name = "n1",
                           .workload = std::move(workload),
                           .addresses = {ip(address)}}));
  }
  void remove_pod(std::string name) {
    world.apply(Removed{{.kind = ObjectKind::kPod, .ns = "shop", .name = name}});
    intents.erase(pod_ref("shop", name));
  }

  // The same cells for every public class; the peer is always allowed.
  void set(const EndpointRef& endpoint, std::vector<IntentCell> cells, std::vector<PolicyRef> selecting = {}) {
    std::map<ClassId, std::vector<IntentCell>> by_class;
    for (const ClassId id : current) by_class[id] = classes[id]->is_public ? cells : open_by_default();
    set(endpoint, std::move(by_class), std::move(selecting));
  }
  void set(const EndpointRef& endpoint, std::map<ClassId, std::vector<IntentCell>> cells,
           std::vector<PolicyRef> selecting) {
    EndpointIntent intent{.endpoint = endpoint,
                          .selected = !selecting.empty(),
                          .enforced = !selecting.empty(),
                          .selecting = std::move(selecting)};
    std::vector<IntentRow> rows;
    for (auto& [id, of_class] : cells) rows.push_back({.source = classes[id], .cells = std::move(of_class)});
    std::ranges::sort(rows, {}, [](const IntentRow& r) { return r.source->name; });
    intent.rows = std::move(rows);
    intents[endpoint] = std::make_shared<EndpointIntent>(std::move(intent));
  }

  Lookups lookups() {
    return {.intent = [this](const EndpointRef& e) { return intents.contains(e) ? intents[e] : nullptr; },
            .source_class = [this](ClassId id) { return classes.contains(id) ? classes[id] : nullptr; },
            .classify =
                [this](const IpAddress& address) {
                  for (const ClassId id : current) {
                    const SourceClass& c = *classes[id];
                    const auto holds = [&](const Prefix& p) { return p.contains(address); };
                    if (std::ranges::any_of(c.prefixes, holds) && std::ranges::none_of(c.except, holds))
                      return classes[id];
                  }
                  return classes[current.front()];
                },
            .problems = [this] { return problems; }};
  }
};

inline RowObservation row(const EndpointRef& endpoint, std::uint16_t port, ClassId source, Verdict intended,
                          Time first) {
  return {.key = {.endpoint = endpoint, .protocol = Protocol::kTcp, .port = port, .source = source},
          .intended = intended,
          .first_seen = first,
          .sample = source == kOffice ? ip("2001:db8:100::1") : ip("2600:1::7")};
}
inline RowObservation delivered(RowObservation row, std::uint64_t packets, Time last) {
  row.delivered = packets;
  row.last_delivered = last;
  return row;
}
inline RowObservation dropped(RowObservation row, std::uint64_t packets, Time last,
                              std::string reason = "NETFILTER_DROP") {
  row.dropped = packets;
  row.last_dropped = last;
  row.drop_reason = std::move(reason);
  return row;
}

// The stage with its auditor, which has looked once at everything: nothing is wrong.
struct Watch : Stage {
  std::optional<Auditor> auditor{};

  explicit Watch(Config with = {.node = "n1"}) { config = std::move(with); }
  Auditor& start(std::vector<Finding> restored = {}) {
    auditor.emplace(world, lookups(), config);
    auditor->restore(std::move(restored));
    return *auditor;
  }
  void look() {
    auditor->on_intent(now);
    auditor->on_listeners({.taken = now}, now);
    auditor->on_blind_spots({}, now);
  }
  Watch& started() {
    start();
    look();
    static_cast<void>(auditor->settle(now));
    return *this;
  }
  std::vector<FindingChange> settle() { return auditor->settle(now); }
  std::vector<FindingChange> after(Duration time) {
    now += time;
    return settle();
  }
  std::vector<Finding> open(std::string_view code = "") const {
    std::vector<Finding> found;
    for (Finding& f : auditor->findings()) {
      if (f.state == FindingState::kOpen && (code.empty() || f.code == code)) found.push_back(std::move(f));
    }
    return found;
  }
};

inline std::vector<FindingChange> of_kind(const std::vector<FindingChange>& changes, FindingChange::Kind kind) {
  std::vector<FindingChange> found;
  std::ranges::copy_if(changes, std::back_inserter(found), [kind](const FindingChange& c) { return c.kind == kind; });
  return found;
}
inline std::vector<FindingChange> opened(const std::vector<FindingChange>& c) {
  return of_kind(c, FindingChange::Kind::kOpened);
}
inline std::vector<FindingChange> resolved(const std::vector<FindingChange>& c) {
  return of_kind(c, FindingChange::Kind::kResolved);
}
inline std::vector<FindingChange> updated(const std::vector<FindingChange>& c) {
  return of_kind(c, FindingChange::Kind::kUpdated);
}

}  // namespace sextant::audit::testing
