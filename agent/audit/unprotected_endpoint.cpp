// SXT005: no policy selects a pod that has a public address.
#include <algorithm>

#include "agent/audit/policy_yaml.h"
#include "agent/audit/rules.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

// The cell of TCP port 0 of some public class stands for the rest: nothing selects the pod, so all cells are alike.
Evidence intended(const EndpointIntent& intent) {
  const auto open = std::ranges::find_if(intent.rows, [](const IntentRow& row) { return row.source->is_public; });
  if (open == intent.rows.end()) return texts::not_looked(Witness::kIntended, "no public source is known");
  return texts::intended((*open).cell(Protocol::kTcp, 0));
}

Evidence observed(const Picture& picture, const EndpointRef& endpoint) {
  const bool delivered = std::ranges::any_of(picture.rows.of(endpoint), [&](const RowObservation* row) {
    const auto source = picture.lookups().source_class(row->key.source);
    return row->delivered > 0 && source && source->is_public;
  });
  if (!delivered) return texts::not_looked(Witness::kObserved, "no public packet was seen to arrive");
  return {.witness = Witness::kObserved, .verdict = Verdict::kAllow, .detail = "packets from the internet arrived"};
}

Evidence listening(const PortViews* views) {
  if (views == nullptr) return texts::listening(std::nullopt);
  std::vector<std::string> ports;
  for (const auto& [port, view] : *views) {
    ports.push_back(texts::port(port.first, port.second) + (view.process.empty() ? "" : " (" + view.process + ")"));
  }
  if (ports.empty()) return texts::listening(ListeningView{.verdict = Verdict::kDeny});
  return {.witness = Witness::kListening, .verdict = Verdict::kAllow, .detail = "listens: " + texts::list(ports, 8)};
}

}  // namespace

std::vector<Claim> unprotected_endpoints(const Picture& picture) {
  std::vector<Claim> claims;
  // One alert for one hole: SXT011 names these pods, and its fix is the same.
  const auto told = pods_behind(picture.holes());
  for (const auto& [endpoint, intent] : picture.intents()) {
    if (endpoint.kind != EndpointKind::kPod || intent->selected || intent->enforced) continue;
    if (told.contains(endpoint)) continue;
    const Pod* pod = picture.world().pod(endpoint.ns, endpoint.name);
    const auto address = pod == nullptr ? std::nullopt : public_address(pod->addresses);
    if (!address) continue;
    const PortViews* views = picture.listening_of(endpoint);
    claims.push_back({.code = kUnprotectedEndpoint,
                      .endpoint = picture.detail(endpoint),
                      .message = endpoint.to_string() + " has the public address " + address->to_string() +
                                 " and no policy selects it: the internet may reach all of its ports",
                      .evidence = {intended(*intent), observed(picture, endpoint), listening(views)},
                      .fix = policy_yaml::isolate(*pod, views == nullptr ? PortViews() : *views)});
  }
  return claims;
}

std::string unprotected_endpoint_gone(const Picture& picture, const Finding& finding) {
  const std::string name = finding.endpoint.ref.to_string();
  const EndpointIntent* intent = picture.intent(finding.endpoint.ref);
  if (intent == nullptr) return name + " is gone from this node";
  if (intent->selected) return texts::policies(intent->selecting) + " selects it now";
  if (intent->enforced) return "policies are enforced on every endpoint now";
  const auto told = pods_behind(picture.holes());
  if (const auto by = told.find(finding.endpoint.ref); by != told.end())
    return "SXT011 of " + by->second + " tells of it now";
  return name + " has no public address any more";
}

}  // namespace sextant::audit
