// no-packet-too-big: pods under default deny that serve the internet and cannot hear Packet Too Big (RFC 4890, 4.3.1).
//
// Of pods only: with the host firewall Cilium lets error messages reach nodes before any policy (bpf/lib/icmp6.h), and
// it answers neighbour discovery for pods itself. An error comes from a router on the way, whose address nobody knows:
// it must be let in from the whole internet, not only from the clients.
#include <algorithm>
#include <map>

#include "agent/audit/lint/checks.h"
#include "agent/audit/texts.h"

namespace sextant::audit::lint {
namespace {

constexpr std::uint16_t kPacketTooBig = 2;  // RFC 4443, 3.2

// The first port that the internet is let in to by a rule; nullptr: none, or the error gets in too.
const IntentCell* deaf_service(const EndpointIntent& intent) {
  const IntentCell* served = nullptr;
  for (const IntentRow& row : intent.rows) {
    if (!row.source->is_public) continue;
    for (const IntentCell& cell : row.cells) {
      const bool by_rule = cell.because == Because::kRule && reachable(cell.verdict);
      if (by_rule && has_ports(cell.protocol) && served == nullptr) served = &cell;
    }
    const IntentCell& error = row.cell(Protocol::kIcmpv6, kPacketTooBig);
    if (row.source->name == "world" && error.verdict != Verdict::kDeny) return nullptr;
  }
  return served;
}

std::string fix_text(const PolicyView* policy) {
  const std::string rule = "{fromEntities: [world], icmps: [{fields: [{family: IPv6, type: PacketTooBig}]}]}";
  if (policy != nullptr && policy->of_cilium())
    return "add the ingress rule " + rule + " (types 1 to 4 are better still)";
  return "add a CiliumNetworkPolicy for the same pods with the ingress rule " + rule +
         "; a NetworkPolicy cannot name ICMPv6";
}

}  // namespace

void check_packet_too_big(const Tree& tree, Remarks& remarks) {
  std::map<ObjectKey, std::pair<PolicyRef, std::vector<const SubjectView*>>> deaf;
  for (const SubjectView& subject : tree.subjects()) {
    const auto intent = tree.intent(subject);
    if (subject.pod == nullptr || intent == nullptr || !intent->enforced) continue;
    const IntentCell* served = deaf_service(*intent);
    if (served == nullptr || served->policies.empty()) continue;
    const PolicyRef& ref = served->policies.front();
    auto& [place, subjects] = deaf[{.kind = ref.kind, .ns = ref.ns, .name = ref.name}];
    if (subjects.empty()) place = ref;
    subjects.push_back(&subject);
  }
  for (const auto& [key, entry] : deaf) {
    const auto& [place, subjects] = entry;
    const auto policy =
        std::ranges::find_if(tree.policies(), [&](const PolicyView& view) { return view.key() == key; });
    remarks.push_back({ReasonId::kNoPacketTooBig, place,
                       "lets clients of the internet in to " + subject_words(subjects) +
                           ", where default deny keeps ICMPv6 Packet Too Big out: connections over a smaller link hang "
                           "(neighbour discovery works, Cilium answers it before the policy)",
                       fix_text(policy == tree.policies().end() ? nullptr : &*policy)});
  }
}

}  // namespace sextant::audit::lint
