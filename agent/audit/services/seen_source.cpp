#include "agent/audit/services/seen_source.h"

namespace sextant::audit {
namespace {

enum class Where : std::uint8_t { kHere, kElsewhere, kUnknown };

Where where(const Backend& backend, const std::string& entry_node) {
  if (backend.kind == Backend::Kind::kProxy) return Where::kHere;
  if (backend.node.empty() || entry_node.empty()) return Where::kUnknown;
  return backend.node == entry_node ? Where::kHere : Where::kElsewhere;
}

bool uses_local_backends_only(const Door& door) {
  if (door.service == nullptr) return true;
  return door.kind == DoorKind::kClusterIp ? door.service->internal_traffic_local
                                           : door.service->external_traffic_local;
}

// The annotation counts with bpf-lb-mode-annotation only.
std::optional<LbMode> lb_mode_of(const Door& door, const Forwarding& forwarding) {
  const auto annotation = door.service->annotations.find("service.cilium.io/forwarding-mode");
  if (annotation == door.service->annotations.end() || forwarding.lb_mode_annotation == false)
    return forwarding.lb_mode;
  if (!forwarding.lb_mode_annotation) return std::nullopt;
  return annotation->second == "dsr" ? LbMode::kDsr : LbMode::kSnat;
}

void add_cilium(const Door& door, Where backend, const Forwarding& forwarding, SeenSource& seen) {
  if (backend != Where::kElsewhere) seen.kept = true;
  if (backend == Where::kHere) return;
  const std::optional<LbMode> mode = lb_mode_of(door, forwarding);
  const bool may_keep =
      !mode || *mode == LbMode::kDsr || (*mode == LbMode::kHybrid && door.port.protocol == Protocol::kTcp);
  const bool may_translate = !mode || !may_keep;
  seen.kept |= may_keep;
  if (!may_translate) return;
  // bpf/bpf_overlay.c: the tunnel's header says "world"; in native routing the address is a remote node's.
  seen.of_tunnel |= forwarding.tunnel.value_or(true);
  seen.of_node |= !forwarding.tunnel.value_or(false);
}

// kube-proxy masquerades after the forwarding hook: Cilium's programs at the pod see the node's address, an iptables
// policy in the forwarding hook of the same node still sees the client's. To a ClusterIP it masquerades what does not
// come from a pod, if it was told the pods' networks.
void add_kube_proxy(const Door& door, Where backend, const Forwarding& forwarding, SeenSource& seen) {
  seen.of_node = true;
  const bool before_masquerade = backend != Where::kElsewhere && forwarding.has_cilium != true;
  seen.kept |= before_masquerade || door.kind == DoorKind::kClusterIp;
}

}  // namespace

std::string_view SeenSource::text() const {
  if (!kept) return "translated";
  return of_node || of_tunnel ? "kept or translated" : "kept";
}

std::optional<SeenSource> seen_source(const Door& door, const Backend& backend, const std::string& entry_node,
                                      const Forwarding& forwarding) {
  const Where at = where(backend, entry_node);
  const bool local_only = uses_local_backends_only(door);
  if (local_only && at == Where::kElsewhere) return std::nullopt;
  SeenSource seen;
  if (backend.kind == Backend::Kind::kProxy || (local_only && door.kind != DoorKind::kClusterIp)) {
    seen.kept = true;
    return seen;
  }
  const Where reached = local_only ? Where::kHere : at;
  if (forwarding.kube_proxy_replacement != false) add_cilium(door, reached, forwarding, seen);
  if (forwarding.kube_proxy_replacement != true) add_kube_proxy(door, reached, forwarding, seen);
  return seen;
}

}  // namespace sextant::audit
