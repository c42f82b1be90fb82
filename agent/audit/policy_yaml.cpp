#include "agent/audit/policy_yaml.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace sextant::audit::policy_yaml {
namespace {

// Labels that name the workload, not one pod or one revision of it, and that policies can see: Cilium's default label
// filter (pkg/labelsfilter/filter.go:defaultLabelPrefixCfg) hides the others from every selector.
bool names_the_workload(std::string_view key) {
  static constexpr std::array<std::string_view, 7> kOfOnePod{"pod-template-hash",
                                                             "pod-template-generation",
                                                             "controller-revision-hash",
                                                             "controller-uid",
                                                             "job-name",
                                                             "statefulset.kubernetes.io/pod-name",
                                                             "apps.kubernetes.io/pod-index"};
  static constexpr std::array<std::string_view, 7> kHidden{
      "io.kubernetes",       "kubernetes.io",         "k8s.io", "annotation", "etcd_node",
      "batch.kubernetes.io", "topology.kubernetes.io"};
  if (std::ranges::find(kOfOnePod, key) != kOfOnePod.end() || key.find("beta.kubernetes.io") != key.npos) return false;
  return std::ranges::none_of(kHidden, [key](std::string_view prefix) { return key.starts_with(prefix); });
}

// "StatefulSet/db" -> "db"
std::string_view name_of(const Pod& pod) {
  const std::string_view workload = pod.workload;
  const auto slash = workload.find('/');
  return slash == std::string_view::npos ? std::string_view(pod.name) : workload.substr(slash + 1);
}

std::string port_entry(std::string_view indent, Protocol protocol, std::uint16_t port, std::string_view comment) {
  std::string text;
  text.append(indent).append("- port: \"").append(std::to_string(port)).append("\"");
  if (!comment.empty()) text.append("  # ").append(comment);
  text.append("\n").append(indent).append("  protocol: ").append(to_string(protocol)).append("\n");
  return text;
}

std::string selector(const Pod& pod) {
  std::string labels;
  for (const auto& [key, value] : pod.labels) {
    if (names_the_workload(key)) labels += "      " + scalar(key) + ": " + scalar(value) + "\n";
  }
  if (labels.empty()) {
    return "  # The pod has no label that a policy can select it by: this one holds for its whole namespace.\n"
           "  endpointSelector: {}\n";
  }
  return "  endpointSelector:\n    matchLabels:\n" + labels;
}

}  // namespace

std::string scalar(std::string_view text) {
  const bool plain = !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
                     std::ranges::all_of(text, [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '/';
                     });
  // y, no, off, null, NaN...: words that some reader takes for something else.
  static constexpr std::array<std::string_view, 9> kWords{"y", "n", "yes", "no", "on", "off", "true", "false", "null"};
  std::string lower;
  for (const unsigned char c : text) lower += static_cast<char>(std::tolower(c));
  if (plain && std::ranges::find(kWords, lower) == kWords.end()) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string isolate(const Pod& pod, const PortViews& listening) {
  std::string yaml =
      "apiVersion: cilium.io/v2\n"
      "kind: CiliumNetworkPolicy\n"
      "metadata:\n"
      "  name: " +
      scalar(std::string(name_of(pod)) + "-ingress") +
      "\n"
      "  namespace: " +
      scalar(pod.ns) +
      "\n"
      "spec:\n" +
      selector(pod) +
      "  ingress:\n"
      "  # The pods of this namespace. Everybody else, the internet included, is denied.\n"
      "  - fromEndpoints:\n"
      "    - {}\n";
  if (listening.empty()) return yaml;
  yaml +=
      "  # What listens now. Remove the comment signs of what the internet shall reach.\n"
      "  # - fromEntities:\n"
      "  #   - world\n"
      "  #   toPorts:\n"
      "  #   - ports:\n";
  for (const auto& [port, view] : listening) yaml += port_entry("  #     ", port.first, port.second, view.process);
  return yaml;
}

std::string declare_public(const EndpointRef& owner, Protocol protocol, std::uint16_t port) {
  const std::string kind = owner.kind == EndpointKind::kService ? "service" : "pod";
  const std::string value = std::to_string(port) + "/" + to_string(protocol);
  return "# If the internet is meant to reach it, say so on the " + kind + " (in git):\n#   annotations: { " +
         std::string(kDeclaredPublic) + ": \"" + value + "\" }\n# If it is not:\n";
}

std::string keep_clients(const EndpointRef& service) {
  return "# Let the backends' policies see the clients, and not the node that forwards them. Only nodes that run a\n"
         "# backend answer then.\n"
         "apiVersion: v1\n"
         "kind: Service\n"
         "metadata:\n"
         "  name: " +
         scalar(service.name) + "\n  namespace: " + scalar(service.ns) +
         "\n"
         "spec:\n"
         "  externalTrafficPolicy: Local\n"
         "---\n";
}

std::string close_on_nodes(Protocol protocol, std::uint16_t port) {
  std::string lower;
  for (const unsigned char c : to_string(protocol)) lower += static_cast<char>(std::tolower(c));
  return "# Better still: let the process listen on ::1 or on an address of the cluster only.\n"
         "# This policy needs Cilium's host firewall (hostFirewall.enabled=true).\n"
         "apiVersion: cilium.io/v2\n"
         "kind: CiliumClusterwideNetworkPolicy\n"
         "metadata:\n"
         "  name: nodes-deny-world-" +
         std::to_string(port) + "-" + lower +
         "\n"
         "spec:\n"
         "  nodeSelector: {}\n"
         "  # Only the deny below: without this line every other port of the nodes would be closed too.\n"
         "  enableDefaultDeny:\n"
         "    ingress: false\n"
         "  ingressDeny:\n"
         "  - fromEntities:\n"
         "    - world\n"
         "    toPorts:\n"
         "    - ports:\n" +
         port_entry("      ", protocol, port, "");
}

}  // namespace sextant::audit::policy_yaml
