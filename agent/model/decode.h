// The decoders behind decode(): one for each group of kinds. They record what is wrong in the Field.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/model/field.h"
#include "agent/model/objects.h"

namespace sextant {

// What every object has. `ns` is empty for cluster-wide kinds, and "default" where a namespaced object names none.
struct ObjectHead {
  std::string kind{};
  std::string ns{};
  std::string name{};
  Origin origin{};
};

Namespace decode_namespace(const Field& object, const ObjectHead& head);
Node decode_node(const Field& object, const ObjectHead& head);
Pod decode_pod(const Field& object, const ObjectHead& head);
Service decode_service(const Field& object, const ObjectHead& head);
EndpointSlice decode_endpoint_slice(const Field& object, const ObjectHead& head);
Entrance decode_gateway(const Field& object, const ObjectHead& head);
Entrance decode_ingress(const Field& object, const ObjectHead& head);
// Deployment, StatefulSet, DaemonSet, ReplicaSet, Job and CronJob. nullopt for a ReplicaSet or Job that another object
// controls: that object's template stands for the pod.
std::optional<Workload> decode_workload(const Field& object, const ObjectHead& head);

}  // namespace sextant
