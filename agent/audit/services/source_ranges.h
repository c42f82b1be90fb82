// Who gets past a service's loadBalancerSourceRanges.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "agent/audit/services/door.h"
#include "agent/model/intent.h"

namespace sextant::audit {

enum class Passes : std::uint8_t { kNo, kPerhaps, kYes };

// Sources inside the ranges, and all others. Without ranges that bind, both pass.
//
// Cilium checks LoadBalancer addresses, others only with bpf-lb-source-range-all-types; the annotation
// service.cilium.io/src-ranges-policy: deny turns the list round; a list without IPv6 prefixes lets no IPv6 client in
// (pkg/loadbalancer/reconciler/bpf_reconciler.go). kube-proxy checks LoadBalancer addresses alone, and a list without
// prefixes of the family not at all (pkg/proxy/serviceport.go).
struct SourceRanges {
  std::vector<Prefix> prefixes{};  // IPv6
  Passes inside = Passes::kYes;
  Passes outside = Passes::kYes;

  // The list names who may enter, and not simply everybody: somebody's intent.
  bool is_intent() const;
};
SourceRanges source_ranges_of(const Door& door, const Forwarding& forwarding);

// The part of a class inside the prefixes, and the rest; nullptr: nothing.
std::pair<std::shared_ptr<const SourceClass>, std::shared_ptr<const SourceClass>> split(
    const std::shared_ptr<const SourceClass>& source, const std::vector<Prefix>& prefixes);

}  // namespace sextant::audit
