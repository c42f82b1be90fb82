// The cluster's objects as Sextant needs them, and nothing else of them. Plain values: no I/O, no library types.
//
// Policies stay documents (base/document.h): the difference between an empty and a missing list decides
// verdicts and differs between releases of Cilium, so only policy/ reads them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/base/document.h"
#include "agent/base/ip.h"
#include "agent/base/packed_document.h"
#include "agent/base/result.h"
#include "agent/model/endpoint.h"
#include "agent/model/labels.h"

namespace sextant {

// The annotation of a Service, or of a Pod with host ports, that says that the internet is meant to reach it.
inline constexpr std::string_view kDeclaredPublic = "sextant.dev/public";

// Where an object came from, to be told to people.
struct Origin {
  std::string file{};              // manifests: path as given; empty for the API server
  std::uint32_t line = 0;          // of the document's first line in `file`
  std::string resource_version{};  // API server

  bool operator==(const Origin&) const = default;
  std::string to_string() const;  // "policies/db.yaml:12", "resourceVersion 4711", "" when nothing is known
};

enum class ObjectKind : std::uint8_t {
  kNamespace,
  kNode,
  kPod,
  kWorkload,
  kService,
  kEndpointSlice,
  kNetworkPolicy,
  kCiliumNetworkPolicy,
  kCiliumClusterwideNetworkPolicy,
  kClusterNetworkPolicy,
  kCiliumCidrGroup,
  kCiliumNode,
  kCiliumEndpoint,
  kCiliumLoadBalancerIpPool,
  kExposureContract,
  kGateway,
  kIngress
};
std::string_view to_string(ObjectKind kind);   // the Kubernetes kind: "CiliumNetworkPolicy"
std::string_view short_name(ObjectKind kind);  // "CNP", "CCNP", "KNP"; else as to_string

struct ObjectKey {
  ObjectKind kind = ObjectKind::kPod;
  std::string ns{};
  std::string name{};
  auto operator<=>(const ObjectKey&) const = default;
  std::string to_string() const;  // "CiliumNetworkPolicy shop/db"
};

struct Namespace {
  std::string name{};
  Labels labels{};
  Origin origin{};
  bool operator==(const Namespace&) const = default;
};

struct Node {
  std::string name{};
  Labels labels{};
  std::vector<IpAddress> addresses{};     // InternalIP and ExternalIP
  std::vector<IpAddress> internal_ips{};  // those of them that are InternalIP
  std::vector<Prefix> pod_prefixes{};     // spec.podCIDRs, or spec.podCIDR
  Origin origin{};
  bool operator==(const Node&) const = default;
};

struct ContainerPort {
  std::string name{};  // empty: unnamed
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  std::uint16_t host_port = 0;         // 0: none
  std::optional<IpAddress> host_ip{};  // of the host port; nullopt: every address of the node
  auto operator<=>(const ContainerPort&) const = default;
};

struct Pod {
  std::string ns{};
  std::string name{};
  std::string uid{};  // as in the cgroup's path (of a static pod its hash); empty: then no cgroup is the pod's
  Labels labels{};
  std::string node_name{};
  std::string service_account{};
  std::string
      workload{};  // "StatefulSet/db"; from ownerReferences (a ReplicaSet's Deployment by its name); may be empty
  bool host_network = false;
  bool finished = false;               // phase Succeeded or Failed: holds no address any more
  std::vector<IpAddress> addresses{};  // status.podIPs, or status.podIP
  std::vector<ContainerPort> ports{};
  std::string declared_public{};  // annotation sextant.dev/public; empty: none
  Origin origin{};
  bool operator==(const Pod&) const = default;
};

// A pod template (Deployment, StatefulSet, DaemonSet, Job, CronJob, ReplicaSet): for the offline verbs.
struct Workload {
  std::string kind{};  // "Deployment"
  Pod pod{};           // name is the workload's, no addresses, workload "Deployment/NAME"
  bool operator==(const Workload&) const = default;
};

struct ServicePort {
  std::string name{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  std::uint16_t node_port = 0;  // 0: none
  std::string target_port{};    // number or name; empty: as port
  bool operator==(const ServicePort&) const = default;
};

struct Service {
  std::string ns{};
  std::string name{};
  std::string type{};  // ClusterIP, NodePort, LoadBalancer, ExternalName
  Labels labels{};
  Labels annotations{};
  Labels selector{};
  std::vector<ServicePort> ports{};
  std::vector<IpAddress> cluster_ips{};
  std::vector<IpAddress> external_ips{};
  // status.loadBalancer.ingress[].ip whose packets reach a node as they are: not those with ipMode Proxy.
  std::vector<IpAddress> load_balancer_ips{};
  std::vector<Prefix> source_ranges{};
  bool external_traffic_local = false;  // externalTrafficPolicy Local
  bool internal_traffic_local = false;  // internalTrafficPolicy Local
  Origin origin{};
  bool operator==(const Service&) const = default;
};

// One endpoint of a slice. Conditions that are absent read as the API says: ready and serving, not terminating.
struct SliceEndpoint {
  std::vector<IpAddress> addresses{};  // all stand for the same backend
  std::string node_name{};
  std::string pod{};  // targetRef of kind Pod, in the slice's namespace; empty: something else, or not said
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  bool operator==(const SliceEndpoint&) const = default;
};

struct EndpointSlice {
  std::string ns{};
  std::string name{};
  std::string service{};  // label kubernetes.io/service-name
  std::vector<SliceEndpoint> endpoints{};
  std::vector<ServicePort> ports{};  // `port` is the backends'; 0: none is named
  Origin origin{};
  bool operator==(const EndpointSlice&) const = default;
};

// Gateway (gateway.networking.k8s.io) or Ingress: which addresses and ports somebody wants to be entered by.
struct EntrancePort {
  std::string name{};  // of the listener
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  bool operator==(const EntrancePort&) const = default;
};

struct Entrance {
  ObjectKind kind = ObjectKind::kGateway;
  std::string ns{};
  std::string name{};
  std::vector<IpAddress> addresses{};  // status: where a controller says that it is entered
  std::vector<EntrancePort> ports{};   // listeners; of an Ingress 80, and 443 where it has TLS
  Origin origin{};
  bool operator==(const Entrance&) const = default;
};

// NetworkPolicy, CNP, CCNP, ClusterNetworkPolicy and CiliumCIDRGroup: the whole object, as written.
struct PolicyObject {
  ObjectKind kind = ObjectKind::kCiliumNetworkPolicy;
  std::string ns{};
  std::string name{};
  std::shared_ptr<const PackedDocument> body{};  // never null; the top-level map of the object
  Origin origin{};
  bool operator==(const PolicyObject&) const;  // compares the bodies, not the pointers
};

// CiliumNode, CiliumEndpoint, CiliumLoadBalancerIPPool, ExposureContract: kept whole for the parts that will read them.
struct OtherObject {
  ObjectKind kind = ObjectKind::kCiliumNode;
  std::string ns{};
  std::string name{};
  std::shared_ptr<const PackedDocument> body{};
  Origin origin{};
  bool operator==(const OtherObject&) const;  // compares the bodies, not the pointers
};

using Object =
    std::variant<Namespace, Node, Pod, Workload, Service, EndpointSlice, Entrance, PolicyObject, OtherObject>;
ObjectKey key_of(const Object& object);
const Origin& origin_of(const Object& object);

// One Kubernetes object (not a List) to the model. std::nullopt: a kind that Sextant does not read.
// Errors name the field and its line: "spec.podCIDRs[1]: 'x' is no prefix (line 12)".
Result<std::optional<Object>> decode(const Document& document, const Origin& origin);

}  // namespace sextant
