#include "agent/audit/services/backends.h"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace sextant::audit {
namespace {

// operator/pkg/ingress and operator/pkg/gateway-api of Cilium label the services that they make.
bool is_ciliums_proxy(const Service& service) {
  const auto ingress = service.labels.find("cilium.io/ingress");
  return (ingress != service.labels.end() && ingress->second == "true") ||
         service.labels.contains("io.cilium.gateway/owning-gateway");
}

bool matches(const Labels& selector, const Labels& labels) {
  return std::ranges::all_of(selector, [&](const auto& wanted) {
    const auto own = labels.find(wanted.first);
    return own != labels.end() && own->second == wanted.second;
  });
}

// 0: a name that the pod does not have.
std::uint16_t target_port(const ServicePort& port, const Pod& pod) {
  if (port.target_port.empty()) return port.port;
  std::uint16_t number = 0;
  const char* end = port.target_port.data() + port.target_port.size();
  if (const auto read = std::from_chars(port.target_port.data(), end, number);
      read.ec == std::errc() && read.ptr == end) {
    return number;
  }
  for (const ContainerPort& own : pod.ports) {
    if (own.name == port.target_port && own.protocol == port.protocol) return own.port;
  }
  return 0;
}

class Finder {
 public:
  Finder(const World& world, const Door& door) : world_(world), door_(door) {}

  std::vector<Backend> find() {
    if (door_.pod != nullptr) {
      add_pod(*door_.pod, std::nullopt, door_.port.port);
    } else if (is_ciliums_proxy(*door_.service)) {
      found_.push_back({.kind = Backend::Kind::kProxy, .port = door_.port.port});
    } else if (!add_slices()) {
      add_selected();
    }
    const auto key = [](const Backend& b) { return std::tuple(b.kind, b.ref, b.workload, b.address, b.port); };
    std::ranges::sort(found_, {}, key);
    const auto repeated = std::ranges::unique(found_, {}, key);
    found_.erase(repeated.begin(), repeated.end());
    return std::move(found_);
  }

 private:
  bool of_the_doors_family(const IpAddress& address) const {
    return address.is_v4() == (door_.address && door_.address->is_v4());
  }

  // False: the service has no slices.
  bool add_slices() {
    bool any = false;
    for (const bool ready : {true, false}) {
      for (const auto& [key, slice] : world_.slices()) {
        if (slice.ns != door_.service->ns || slice.service != door_.service->name) continue;
        any = true;
        add_slice(slice, ready);
      }
      if (!found_.empty()) break;
    }
    return any;
  }

  void add_slice(const EndpointSlice& slice, bool ready) {
    for (const ServicePort& port : slice.ports) {
      if (port.name != door_.port.name || port.protocol != door_.port.protocol) continue;
      for (const SliceEndpoint& endpoint : slice.endpoints) {
        const bool takes = ready ? endpoint.ready : endpoint.serving && endpoint.terminating;
        const auto address =
            std::ranges::find_if(endpoint.addresses, [&](const auto& a) { return of_the_doors_family(a); });
        if (takes && address != endpoint.addresses.end()) add_endpoint(slice.ns, endpoint, *address, port.port);
      }
    }
  }

  void add_endpoint(const std::string& ns, const SliceEndpoint& endpoint, const IpAddress& address,
                    std::uint16_t port) {
    const Pod* pod = endpoint.pod.empty() ? pod_at(address) : world_.pod(ns, endpoint.pod);
    if (pod != nullptr) return add_pod(*pod, address, port);
    const std::string node = node_with(world_, address);
    if (!node.empty()) return add_node(node, address, port);
    found_.push_back({.address = address, .node = endpoint.node_name, .port = port});
  }

  void add_pod(const Pod& pod, std::optional<IpAddress> address, std::uint16_t port) {
    if (pod.host_network) return add_node(pod.node_name, address, port);
    if (!address) {
      const auto own = std::ranges::find_if(pod.addresses, [&](const auto& a) { return of_the_doors_family(a); });
      if (own != pod.addresses.end()) address = *own;
    }
    found_.push_back({.kind = Backend::Kind::kPod,
                      .ref = {.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name},
                      .address = address,
                      .node = pod.node_name,
                      .port = port});
  }

  void add_node(const std::string& name, std::optional<IpAddress> address, std::uint16_t port) {
    found_.push_back({.kind = Backend::Kind::kHost,
                      .ref = {.kind = EndpointKind::kNode, .name = name},
                      .address = address,
                      .node = name,
                      .port = port});
  }

  void add_selected() {
    const Service& service = *door_.service;
    if (service.selector.empty()) return;
    for (const auto& [key, pod] : world_.pods()) {
      if (pod.ns != service.ns || pod.finished || !matches(service.selector, pod.labels)) continue;
      if (const std::uint16_t port = target_port(door_.port, pod)) add_pod(pod, std::nullopt, port);
    }
    if (!found_.empty()) return;
    for (const auto& [key, workload] : world_.workloads()) {
      const Pod& pod = workload.pod;
      if (pod.ns != service.ns || pod.host_network || !matches(service.selector, pod.labels)) continue;
      const std::uint16_t port = target_port(door_.port, pod);
      if (port == 0) continue;
      found_.push_back({.kind = Backend::Kind::kWorkload,
                        .ref = {.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name},
                        .workload = key,
                        .port = port});
    }
  }

  const Pod* pod_at(const IpAddress& address) const {
    for (const auto& [key, pod] : world_.pods()) {
      if (!pod.finished && std::ranges::find(pod.addresses, address) != pod.addresses.end()) return &pod;
    }
    return nullptr;
  }

  const World& world_;
  const Door& door_;
  std::vector<Backend> found_{};
};

}  // namespace

std::string Backend::name() const {
  const std::string at = " " + std::to_string(port);
  switch (kind) {
    case Kind::kPod:
    case Kind::kHost:
      return ref.to_string() + at;
    case Kind::kWorkload:
      return workload.to_string() + at;
    case Kind::kProxy:
      return "Cilium's proxy";
    case Kind::kUnknown:
      break;
  }
  return "[" + (address ? address->to_string() : "?") + "]:" + std::to_string(port);
}

std::vector<Backend> backends_of(const World& world, const Door& door) { return Finder(world, door).find(); }

}  // namespace sextant::audit
