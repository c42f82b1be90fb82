#include "agent/audit/lint/lint.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "agent/audit/lint/checks.h"

namespace sextant::audit::lint {
namespace {

constexpr std::array kChecks{check_schema,         check_rejected,       check_selects_nothing,  check_void_rules,
                             check_remote_clients, check_whole_families, check_cluster_prefixes, check_one_namespace,
                             check_empty_rules,    check_packet_too_big, check_label_keys,       check_host_bits,
                             check_defects};

auto order_of(const Remark& remark) {
  return std::tuple(remark.policy.origin.file, remark.policy.origin.line, remark.policy.to_string(), remark.reason,
                    remark.policy.rule, remark.message);
}

}  // namespace

bool is_silenced(const World& world, const Remark& remark) {
  const auto object =
      world.policies().find({.kind = remark.policy.kind, .ns = remark.policy.ns, .name = remark.policy.name});
  if (object == world.policies().end()) return false;
  const auto annotation = object->second.body->at({"metadata", "annotations", kIgnoreAnnotation});
  if (!annotation || !annotation->is_string()) return false;
  std::string_view list = annotation->text;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view word = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word == reason(remark.reason).word || word == code_of(reason(remark.reason))) return true;
  }
  return false;
}

Report lint(const World& world, const policy::Options& options) {
  const Tree tree(world, options);
  Report report{.policies = tree.policies().size()};
  for (const auto& check : kChecks) check(tree, report.remarks);
  report.silenced = std::erase_if(report.remarks, [&](const Remark& remark) { return is_silenced(world, remark); });
  std::ranges::sort(report.remarks, {}, order_of);
  const auto repeated = std::ranges::unique(report.remarks);
  report.remarks.erase(repeated.begin(), repeated.end());
  return report;
}

}  // namespace sextant::audit::lint
