// Clusters of the size that the goals name, as objects in memory: one node with 250 pods and 1,000 policies in several
// shapes, and long lists of prefixes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/model/world.h"

namespace sextant::bench {

inline constexpr int kPods = 250;
inline constexpr int kPolicies = 1'000;
inline constexpr int kPrefixes = 10'000;

enum class Shape : std::uint8_t {
  kMixed,    // 20 namespaces, 8 apps each; each policy selects one app: half NetworkPolicies, CIDRs, entities, denies
  kOnePod,   // every policy selects the same pod, each with a prefix and a port of its own
  kAllPods,  // every policy selects every pod
};

// Objects from YAML; the bench ends when a text is wrong.
Object object(const std::string& text);

World cluster(Shape shape);
// Policy 0 of kMixed, a CiliumNetworkPolicy: with a port of its own choice, and with one more prefix where that is not
// 0.
Object changed_policy(int port, int prefix);

// Ten pods and a policy that lets in Cloudflare only (https://www.cloudflare.com/ips-v4, ips-v6), and denies a
// blocklist that fills up to 10,000 prefixes: /32 to /64 of 2000::/3, from a fixed seed.
enum class ListedIn : std::uint8_t { kGroup, kPolicy };
World blocklist(ListedIn listed);

}  // namespace sextant::bench
