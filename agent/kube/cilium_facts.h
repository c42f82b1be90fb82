// CiliumFacts: what the cluster itself says about its Cilium.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "agent/base/document.h"

namespace sextant::kube {

struct CiliumFacts {
  // The ConfigMap kube-system/cilium-config, where there is one.
  bool has_config = false;
  std::map<std::string, std::string, std::less<>> config{};
  std::string image{};  // of the agent's container on this node; empty: no such pod
  bool operator==(const CiliumFacts&) const = default;
};

// "quay.io/cilium/cilium:v1.19.3@sha256:..." -> "1.19.3"; empty where the tag is no release (none, "latest", a digest
// alone).
std::string release_in_image(std::string_view image);

// Of a Pod: the image of Cilium's agent; empty: it is another pod.
std::string cilium_agent_image(const Document& pod);

// `data` of a ConfigMap.
std::map<std::string, std::string, std::less<>> config_data(const Document& config_map);

}  // namespace sextant::kube
