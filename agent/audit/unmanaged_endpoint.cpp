// SXT007: a pod's sockets receive from the internet at an address that no source describes, so no policy was ever
// computed for it.
#include <algorithm>

#include "agent/audit/rules.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

bool holds(const World& world, const Pod& pod, const IpAddress& address) {
  return is_endpoint(world, pod) && std::ranges::find(pod.addresses, address) != pod.addresses.end();
}

std::optional<std::string> holder_of(const World& world, const IpAddress& address) {
  for (const auto& [key, pod] : world.pods()) {
    if (holds(world, pod, address)) return pod.ns + "/" + pod.name;
  }
  const auto local = world.local_addresses();
  if (std::ranges::find(local, address) != local.end()) return "node/" + world.local_node();
  return std::nullopt;
}

EndpointDetail endpoint_of(const World& world, const StrayDelivery& stray) {
  EndpointDetail detail{.ref = {.kind = EndpointKind::kPod, .name = *stray.pod_uid}, .address = stray.address};
  if (const Pod* pod = world.pod_by_uid(*stray.pod_uid)) {
    detail.ref.ns = pod->ns;
    detail.ref.name = pod->name;
    detail.workload = pod->workload;
  }
  return detail;
}

}  // namespace

std::optional<Claim> unmanaged_endpoint(const Picture& picture, const StrayPod& stray) {
  if (stray.fresh == 0 || holder_of(picture.world(), stray.first.address)) return std::nullopt;
  const StrayDelivery& newest = stray.newest;
  Claim claim{.code = kUnmanagedEndpoint, .endpoint = endpoint_of(picture.world(), stray.first)};
  const bool named = !claim.endpoint.ref.ns.empty();
  const std::string where = newest.address.to_string() + " " + texts::port(newest.protocol, newest.port);
  claim.message = named ? claim.endpoint.ref.to_string() + " receives packets from the internet at " + where +
                              ", an address that its pod object does not have"
                        : "a pod that no source describes (uid " + *newest.pod_uid +
                              ") receives packets from the internet at " + where;
  claim.evidence = {texts::not_looked(Witness::kIntended, "no policy could be computed: the address is nobody's"),
                    {.witness = Witness::kObserved,
                     .verdict = Verdict::kAllow,
                     .detail = "a packet from " + newest.sample.to_string() + " reached a socket of cgroup " +
                               (newest.cgroup.empty() ? "(unknown)" : newest.cgroup)},
                    {.witness = Witness::kListening,
                     .verdict = Verdict::kAllow,
                     .detail = "a socket took the packet to " + texts::port(newest.protocol, newest.port)}};
  claim.packets = PacketEvidence{.last = newest.last_seen, .fresh = stray.fresh};
  return claim;
}

std::optional<std::string> unmanaged_endpoint_over(const Picture& picture, const Finding& finding) {
  if (!picture.intent_known()) return std::nullopt;
  const World& world = picture.world();
  if (finding.endpoint.address) {
    if (auto holder = holder_of(world, *finding.endpoint.address)) {
      return finding.endpoint.address->to_string() + " is described now: " + *holder;
    }
  }
  const EndpointRef& ref = finding.endpoint.ref;
  const Pod* pod = ref.ns.empty() ? world.pod_by_uid(ref.name) : nullptr;
  if (pod == nullptr) return std::nullopt;
  return "the pod is described now: " + pod->ns + "/" + pod->name;
}

}  // namespace sextant::audit
