// Forwarding: how the nodes translate what is sent to a service's address, as far as it is known.
//
// Each member has the name of Cilium's option (cilium-config; Documentation/network/kubernetes/kubeproxy-free.rst).
// std::nullopt: not known. Verdicts that would differ are unknown then, never guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/base/ip.h"
#include "agent/model/world.h"

namespace sextant::audit {

enum class LbMode : std::uint8_t { kSnat, kDsr, kHybrid };

struct Forwarding {
  std::optional<bool> has_cilium{};              // Cilium enforces the pods' policies
  std::optional<bool> kube_proxy_replacement{};  // Cilium translates; else kube-proxy does
  std::optional<LbMode> lb_mode{};               // bpf-lb-mode: what a backend on another node sees
  std::optional<bool> tunnel{};                  // routing-mode
  std::optional<bool> external_cluster_ip{};     // bpf-lb-external-clusterip
  std::optional<bool> ranges_for_all_types{};    // bpf-lb-source-range-all-types
  std::optional<bool> lb_mode_annotation{};      // bpf-lb-mode-annotation
  // nodeport-addresses: which of a node's addresses serve NodePorts; empty: by Cilium's own choice.
  std::optional<std::vector<Prefix>> node_port_addresses{};
  bool operator==(const Forwarding&) const = default;
};

// With what the rest of the picture tells: CiliumNodes are there where Cilium is, and so is its replacement of
// kube-proxy.
Forwarding completed(Forwarding known, const World& world);

}  // namespace sextant::audit
