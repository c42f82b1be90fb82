// Pod, and the pod templates of workloads.
#include <string>
#include <utility>

#include "agent/model/decode.h"

namespace sextant {
namespace {

struct Owner {
  std::string kind{};
  std::string name{};
};

// The owner that controls the object; there is at most one.
std::optional<Owner> controller_of(const Field& metadata) {
  for (const Field& reference : metadata["ownerReferences"].items()) {
    if (!reference["controller"].boolean()) continue;
    return Owner{.kind = reference["kind"].string(), .name = reference["name"].string()};
  }
  return std::nullopt;
}

// A Deployment names its ReplicaSets after itself and the hash of the pod template, which its pods have as a label.
std::string workload_of(const Owner& owner, const Labels& labels) {
  if (owner.kind == "Node") return {};  // the mirror of a static pod
  const auto hash = labels.find("pod-template-hash");
  if (owner.kind == "ReplicaSet" && hash != labels.end() && !hash->second.empty()) {
    const std::string suffix = "-" + hash->second;
    if (owner.name.ends_with(suffix) && owner.name.size() > suffix.size()) {
      return "Deployment/" + owner.name.substr(0, owner.name.size() - suffix.size());
    }
  }
  return owner.kind + "/" + owner.name;
}

ContainerPort decode_port(const Field& port, bool host_network) {
  ContainerPort decoded{.name = port["name"].string(),
                        .protocol = port["protocol"].protocol(),
                        .port = port["containerPort"].port(),
                        .host_port = port["hostPort"].port(),
                        .host_ip = port["hostIP"].address()};
  if (decoded.host_ip && decoded.host_ip->is_unspecified()) decoded.host_ip.reset();
  // The API server fills this in; a file may leave it out.
  if (host_network && decoded.host_port == 0) decoded.host_port = decoded.port;
  return decoded;
}

// What `spec` of a pod and of a template have in common.
void read_spec(const Field& spec, Pod& pod) {
  pod.host_network = spec["hostNetwork"].boolean();
  pod.service_account = spec["serviceAccountName"].string();
  if (pod.service_account.empty()) pod.service_account = spec["serviceAccount"].string();
  const auto read_container = [&](const Field& container) {
    for (const Field& port : container["ports"].items()) pod.ports.push_back(decode_port(port, pod.host_network));
  };
  for (const Field& container : spec["containers"].items()) read_container(container);
  // Of the init containers only sidecars outlive the start (KEP-753).
  for (const Field& container : spec["initContainers"].items()) {
    if (container["restartPolicy"].string() == "Always") read_container(container);
  }
}

std::vector<IpAddress> addresses_of(const Field& status) {
  std::vector<IpAddress> addresses;
  for (const Field& entry : status["podIPs"].items()) {
    if (const auto a = entry["ip"].address()) addresses.push_back(*a);
  }
  if (!addresses.empty()) return addresses;
  if (const auto a = status["podIP"].address()) addresses.push_back(*a);
  return addresses;
}

}  // namespace

Pod decode_pod(const Field& object, const ObjectHead& head) {
  const Field metadata = object["metadata"];
  Pod pod{.ns = head.ns, .name = head.name, .origin = head.origin};
  pod.uid = metadata["uid"].string();
  const Labels annotations = metadata["annotations"].labels();
  // A static pod's cgroup is named after the hash of its file; the UID is only that of its mirror in the API.
  // (kubelet: pkg/kubelet/types, ConfigMirrorAnnotationKey)
  if (const auto mirror = annotations.find("kubernetes.io/config.mirror"); mirror != annotations.end()) {
    pod.uid = mirror->second;
  }
  if (const auto declared = annotations.find(kDeclaredPublic); declared != annotations.end()) {
    pod.declared_public = declared->second;
  }
  pod.labels = metadata["labels"].labels();
  if (const auto owner = controller_of(metadata)) pod.workload = workload_of(*owner, pod.labels);
  read_spec(object["spec"], pod);
  pod.node_name = object["spec"]["nodeName"].string();
  const Field status = object["status"];
  const std::string phase = status["phase"].string();
  pod.finished = phase == "Succeeded" || phase == "Failed";
  pod.addresses = addresses_of(status);
  return pod;
}

std::optional<Workload> decode_workload(const Field& object, const ObjectHead& head) {
  if (controller_of(object["metadata"])) return std::nullopt;
  Field spec = object["spec"];
  if (head.kind == "CronJob") spec = spec["jobTemplate"]["spec"];
  const Field pod_template = spec["template"];
  Workload workload{.kind = head.kind, .pod = {.ns = head.ns, .name = head.name, .origin = head.origin}};
  workload.pod.labels = pod_template["metadata"]["labels"].labels();
  workload.pod.workload = head.kind + "/" + head.name;
  read_spec(pod_template["spec"], workload.pod);
  return workload;
}

}  // namespace sextant
