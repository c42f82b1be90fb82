// A cluster of two nodes with services, written in YAML, and who gets through their doors.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "agent/audit/services/service_rows.h"
#include "agent/policy/engine.h"
#include "tests/unit/policy/scene.h"

namespace sextant::audit::test {

using policy::test::ccnp;
using policy::test::cnp;
using policy::test::node;
using policy::test::pod;

inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
inline Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }

inline const char* const kVip = "2001:db8:f::80";

// `spec` and `status` as in YAML; `meta` more members of the metadata.
inline std::string service(std::string_view name, std::string_view spec, std::string_view status = "",
                           std::string_view meta = "") {
  return "{apiVersion: v1, kind: Service, metadata: {" + policy::test::meta(name) + (meta.empty() ? "" : ", ") +
         std::string(meta) + "}, spec: {" + std::string(spec) + "}, status: {" + std::string(status) + "}}";
}
inline std::string load_balancer(std::string_view name, std::string_view app, std::string_view more = "",
                                 std::string_view meta = "") {
  return service(name,
                 "type: LoadBalancer, selector: {app: " + std::string(app) +
                     "}, ports: [{port: 80, targetPort: 8080}]" + (more.empty() ? "" : ", ") + std::string(more),
                 "loadBalancer: {ingress: [{ip: '" + std::string(kVip) + "'}]}", meta);
}
inline std::string node_port(std::string_view name, std::string_view app, std::string_view more = "") {
  return service(name, "type: NodePort, selector: {app: " + std::string(app) +
                           "}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]" + (more.empty() ? "" : ", ") +
                           std::string(more));
}

inline const Forwarding kKpr{.has_cilium = true,
                             .kube_proxy_replacement = true,
                             .lb_mode = LbMode::kSnat,
                             .tunnel = false,
                             .external_cluster_ip = false,
                             .ranges_for_all_types = false,
                             .lb_mode_annotation = false,
                             .node_port_addresses = std::vector<Prefix>{}};
inline const Forwarding kKubeProxy{.has_cilium = true, .kube_proxy_replacement = false};

struct ServiceScene {
  World world{"n1"};
  policy::Options options{};
  std::vector<DoorPassages> doors{};

  ServiceScene(std::initializer_list<std::string> objects = {}) {
    add(node("n1", "2001:db8::1"));
    add(node("n2", "2001:db8::2"));
    for (const std::string& text : objects) add(text);
  }
  void add(const std::string& text) { world.apply(Delta(policy::test::object(text))); }

  // As packets enter at n1.
  ServiceScene& look(const Forwarding& forwarding, std::vector<std::string> entry_nodes = {"n1"}) {
    const policy::Engine engine(world, options);
    const Lookups lookups = lookups_of(engine);
    doors = passages_of(
        {.world = world, .lookups = lookups, .forwarding = forwarding, .entry_nodes = std::move(entry_nodes)});
    return *this;
  }

  const DoorPassages* door(DoorKind kind) const {
    const auto found = std::ranges::find_if(doors, [&](const DoorPassages& d) { return d.door.kind == kind; });
    return found == doors.end() ? nullptr : &*found;
  }
  // Of the class "world", or the one that holds the address.
  const Outcome& outcome(DoorKind kind, std::string_view source = "2600:1::7") const {
    static const Outcome kNone{.why = "no such door, or no such source"};
    const DoorPassages* found = door(kind);
    if (found == nullptr) return kNone;
    const IpAddress address = ip(source);
    const auto holds = [&](const std::vector<Prefix>& prefixes) {
      return std::ranges::any_of(prefixes, [&](const Prefix& p) { return p.contains(address); });
    };
    for (const Passage& passage : found->passages) {
      if (holds(passage.source->prefixes) && !holds(passage.source->except)) return *passage.outcome;
    }
    return kNone;
  }
};

inline const std::string kAllowNodes =
    "endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEntities: [cluster]}]";

}  // namespace sextant::audit::test
