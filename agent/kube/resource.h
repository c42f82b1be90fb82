// Resources: what is asked of the API server, and which fields of it are kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/kube/field_tree.h"
#include "agent/model/objects.h"

namespace sextant::kube {

struct Resource {
  std::string title{};   // for people; unique: "pods", "pods of other nodes", "ciliumnodes.cilium.io"
  std::string kind{};    // "Pod"
  std::string group{};   // "": the core
  std::string plural{};  // as in paths
  // Known ones, best first. None: whichever the server prefers.
  std::vector<std::string> versions{};
  bool is_custom = false;                   // its CRD may be absent, and appear later
  std::optional<ObjectKind> object_kind{};  // of the model; none: it is no object of the model
  std::string ns{};                         // only this namespace's; empty: all
  std::string field_selector{};             // encoded as in a query; empty: none
  bool metadata_only = false;               // asked for as PartialObjectMetadata
  bool tells_every_change = false;          // also of fields that are not kept
  FieldTree fields = FieldTree::nothing();
};

// Objects of the model. Pods twice: this node's whole, those of other nodes only as what policies see of a peer.
std::vector<Resource> model_resources(std::string_view node);
// ConfigMap kube-system/cilium-config.
Resource cilium_config();
// CustomResourceDefinitions, as names only: they tell when a kind appears.
Resource custom_resource_definitions();

// "/apis/cilium.io/v2/ciliumnodes", "/api/v1/namespaces/kube-system/configmaps".
std::string path_of(const Resource& resource, std::string_view version);
// "cilium.io/v2", "v1".
std::string api_version_of(const Resource& resource, std::string_view version);
// Everything but letters, digits and -._~ as %XX (RFC 3986).
std::string encode(std::string_view text);

}  // namespace sextant::kube
