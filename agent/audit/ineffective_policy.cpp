// SXT012: a policy that is refused as a whole, part of which cannot be computed, or that does nothing.
#include <algorithm>

#include "agent/audit/rules.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

// "CiliumNetworkPolicy/db", as workloads are named: policies of two kinds may share a name.
EndpointRef ref_of(const PolicyRef& policy) {
  return {
      .kind = EndpointKind::kPolicy, .ns = policy.ns, .name = std::string(to_string(policy.kind)) + "/" + policy.name};
}

std::string reason_of(const PolicyProblem& problem) {
  const std::string where = problem.policy.origin.to_string();
  std::string text = problem.policy.rule.empty() ? "" : problem.policy.rule + ": ";
  text += problem.reason;
  return where.empty() ? text : text + " (" + where + ")";
}

Claim claim_of(const PolicyProblem& problem) {
  const std::string consequence = problem.rejected ? " is refused and has no effect: " : " cannot be judged in full: ";
  return {.code = kIneffectivePolicy,
          .endpoint = {.ref = ref_of(problem.policy)},
          .message = problem.policy.to_string() + consequence + problem.reason,
          .policies = {problem.policy}};
}

constexpr std::string_view kVoid = "SXT012/";  // what the evidence begins with where lint's reason is told

Claim claim_of(const lint::Remark& remark) {
  const lint::Reason& reason = lint::reason(remark.reason);
  const std::string where = remark.policy.origin.to_string();
  const std::string detail =
      code_of(reason) + ": " + std::string(reason.title) + (where.empty() ? "" : " (" + where + ")");
  return {.code = kIneffectivePolicy,
          .endpoint = {.ref = ref_of(remark.policy)},
          .message = remark.policy.to_string() + " " + remark.message,
          .evidence = {{.witness = Witness::kIntended, .detail = detail}},
          .policies = {remark.policy},
          .fix = "# " + remark.fix + "\n"};
}

}  // namespace

std::vector<Claim> ineffective_policies(const Picture& picture) {
  std::map<EndpointRef, Claim> claims;  // one per object, however many of its rules are at fault
  std::vector<PolicyProblem> problems = picture.lookups().problems();
  std::ranges::stable_partition(problems, &PolicyProblem::rejected);
  for (const PolicyProblem& problem : problems) {
    Claim& claim = claims.try_emplace(ref_of(problem.policy), claim_of(problem)).first->second;
    claim.evidence.push_back(
        {.witness = Witness::kIntended, .verdict = Verdict::kUnknown, .detail = reason_of(problem)});
  }
  if (picture.lookups().void_policies) {
    for (const lint::Remark& remark : picture.lookups().void_policies())
      claims.try_emplace(ref_of(remark.policy), claim_of(remark));
  }
  std::vector<Claim> all;
  for (auto& [ref, claim] : claims) all.push_back(std::move(claim));
  return all;
}

std::string ineffective_policy_gone(const Picture& picture, const Finding& finding) {
  const auto& policies = picture.world().policies();
  const bool exists = std::ranges::any_of(policies, [&](const auto& entry) {
    const ObjectKey& key = entry.first;
    return ref_of({.kind = key.kind, .ns = key.ns, .name = key.name}) == finding.endpoint.ref;
  });
  if (!exists) return "the policy was removed";
  const bool was_void = !finding.evidence.empty() && finding.evidence.front().detail.starts_with(kVoid);
  return was_void ? "the policy has an effect again" : "the policy was mended";
}

}  // namespace sextant::audit
