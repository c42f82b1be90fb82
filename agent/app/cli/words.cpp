#include "agent/app/cli/words.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "agent/app/cli/text.h"
#include "agent/model/objects.h"

namespace sextant::app::cli {
namespace {

bool has_types(std::string_view protocol) { return protocol == "ICMPv6" || protocol == "ICMP"; }

}  // namespace

Time time_of(const google::protobuf::Timestamp& timestamp) {
  return Time{} + std::chrono::seconds{timestamp.seconds()} +
         std::chrono::duration_cast<Duration>(std::chrono::nanoseconds{timestamp.nanos()});
}

std::string endpoint_text(const v1alpha1::Endpoint& endpoint) {
  if (endpoint.kind() == "Node") return "node/" + endpoint.name();
  const std::string name =
      endpoint.namespace_().empty() ? endpoint.name() : endpoint.namespace_() + "/" + endpoint.name();
  return endpoint.kind() == "Service" ? "service/" + name : name;
}

std::string full_endpoint_text(const v1alpha1::Endpoint& endpoint) {
  std::string text = endpoint_text(endpoint);
  if (!endpoint.workload().empty()) text += ", of " + endpoint.workload();
  if (endpoint.has_address()) text += ", " + endpoint.address();
  return text;
}

bool is_named(const v1alpha1::Endpoint& endpoint, std::string_view name) {
  return name.empty() || name == endpoint.name() || name == endpoint.workload() || name == endpoint_text(endpoint);
}

bool any_port(std::string_view protocol, std::uint32_t port, std::uint32_t end_port) {
  return port == 0 && end_port >= (has_types(protocol) ? 255U : 65535U);
}

std::string port_text(std::string_view protocol, std::uint32_t port, std::uint32_t end_port) {
  const std::string name(protocol);
  if (name == "ANY" || name.empty()) return "others";
  if (any_port(protocol, port, end_port)) return "any/" + name;
  const std::string first = std::to_string(port);
  return (end_port > port ? first + "-" + std::to_string(end_port) : first) + "/" + name;
}

std::string ports_text(const std::vector<std::string>& ports, const std::set<std::string>& whole,
                       std::string_view separator) {
  const bool everything = std::ranges::all_of(std::array{"TCP", "UDP", "SCTP", "ICMPv6"},
                                              [&](const char* protocol) { return whole.contains(protocol); });
  return everything ? "everything" : join(ports, separator);
}

std::string list_text(const google::protobuf::RepeatedPtrField<std::string>& items, std::size_t most) {
  const auto size = static_cast<std::size_t>(items.size());
  const std::size_t shown = most == 0 || size <= most + 1 ? size : most;  // "and 1 more" is no shorter
  std::string out = join({items.begin(), items.begin() + static_cast<std::ptrdiff_t>(shown)}, ", ");
  if (shown < size) out += " and " + std::to_string(size - shown) + " more";
  return out;
}

std::string reach_text(const v1alpha1::Source& source, std::size_t most) {
  std::string out = source.class_() == "world" ? "the internet" : list_text(source.prefixes(), most);
  if (!source.except_prefixes().empty()) out += " but " + list_text(source.except_prefixes(), most);
  return out;
}

std::string source_text(const v1alpha1::Source& source, std::size_t most) {
  const bool says_itself = source.prefixes_size() == 1 && source.prefixes(0) == source.class_();
  std::string out = source.class_();
  if (!says_itself && !source.prefixes().empty()) out += ": " + list_text(source.prefixes(), most);
  if (!source.except_prefixes().empty()) out += " but " + list_text(source.except_prefixes(), most);
  return out;
}

std::string origin_text(const v1alpha1::PolicyRef& policy) {
  if (!policy.file().empty())
    return policy.line() == 0 ? policy.file() : policy.file() + ":" + std::to_string(policy.line());
  return policy.resource_version().empty() ? std::string{} : "resourceVersion " + policy.resource_version();
}

std::string object_text(const v1alpha1::PolicyRef& policy) {
  const std::string name = policy.namespace_().empty() ? policy.name() : policy.namespace_() + "/" + policy.name();
  return policy.kind() + " " + name;
}

std::string policy_text(const v1alpha1::PolicyRef& policy) {
  std::string out = object_text(policy);
  if (!policy.rule().empty()) out += " " + policy.rule();
  if (const std::string origin = origin_text(policy); !origin.empty()) out += " (" + origin + ")";
  return out;
}

std::string short_policy_text(const v1alpha1::PolicyRef& policy) {
  constexpr std::array kKinds{ObjectKind::kNetworkPolicy, ObjectKind::kCiliumNetworkPolicy,
                              ObjectKind::kCiliumClusterwideNetworkPolicy, ObjectKind::kClusterNetworkPolicy};
  v1alpha1::PolicyRef shortened = policy;
  const auto* kind = std::ranges::find_if(kKinds, [&](ObjectKind k) { return to_string(k) == policy.kind(); });
  if (kind != kKinds.end()) shortened.set_kind(std::string(short_name(*kind)));
  if (policy.rule().starts_with("spec.")) shortened.set_rule(policy.rule().substr(5));
  return policy_text(shortened);
}

bool is_by_default(std::string_view because) { return because == "default allow" || because == "not enforced"; }

std::string intent_text(std::string_view verdict, std::string_view because) {
  return std::string(verdict) + (is_by_default(because) ? " by default" : "");
}

Style intent_style(std::string_view verdict, std::string_view because) {
  if (verdict == "unknown") return Style::kWarning;
  return is_by_default(because) ? Style::kDanger : Style::kPlain;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::uint64_t value = bytes;
  std::size_t unit = 0;
  for (value /= 1024; value >= 10 * 1024 && unit + 1 < kUnits.size(); value /= 1024) ++unit;
  return std::to_string(value) + " " + std::string(kUnits[unit]);
}

}  // namespace sextant::app::cli
