#include "agent/audit/stray_pods.h"

namespace sextant::audit {

bool StrayPods::merge(const StrayDelivery& stray) {
  if (!stray.pod_uid) return true;
  auto pod = pods_.find(*stray.pod_uid);
  if (pod == pods_.end()) {
    if (pods_.size() >= kMaxPods) return false;
    pod = pods_.try_emplace(*stray.pod_uid).first;
    pod->second.first = pod->second.newest = stray;
  }
  auto& counted = pod->second.counted;
  const StrayPod::Key key{stray.address, stray.protocol, stray.port};
  if (!counted.contains(key) && counted.size() >= kMaxPortsOfPod) return false;
  std::uint64_t& known = counted[key];
  // A smaller count is that of a new counter: the kernel forgot the old one.
  pod->second.fresh += stray.count >= known ? stray.count - known : stray.count;
  known = stray.count;
  if (stray.last_seen >= pod->second.newest.last_seen) pod->second.newest = stray;
  return true;
}

void StrayPods::judged(std::string_view uid) {
  if (const auto pod = pods_.find(uid); pod != pods_.end()) pod->second.fresh = 0;
}

void StrayPods::prune(Time before) {
  std::erase_if(pods_, [before](const auto& pod) { return pod.second.newest.last_seen < before; });
}

}  // namespace sextant::audit
