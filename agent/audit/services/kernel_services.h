// Services in the kernel's tables: their own addresses as endpoints, so that attempts on them are booked to them.
#pragma once

#include <vector>

#include "agent/audit/services/passage.h"
#include "agent/model/intent.h"
#include "agent/model/world.h"

namespace sextant::audit {

// Adds one endpoint for each service that has public addresses which no node and no pod holds. Its verdict for a class
// is the one of its door; of ports that it does not have deny, of ICMPv6 and other protocols unknown. Where two of its
// addresses, or two parts of a class, fare differently: unknown. Services that share an address, each with ports of its
// own (MetalLB's allow-shared-ip, Cilium's sharing-key), are one endpoint, which has the name of the first.
void add_services(KernelIntent& intent, const std::vector<DoorPassages>& doors);

}  // namespace sextant::audit
