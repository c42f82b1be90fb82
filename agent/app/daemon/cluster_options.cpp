#include "agent/app/daemon/cluster_options.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "agent/base/text.h"

namespace sextant::app {
namespace {

// Reads cilium-config, whose keys are the names of Cilium's options, and so of the configuration's.
class Reader {
 public:
  Reader(const Config& config, const ClusterSays& says, std::vector<std::string>& problems)
      : config_(config), says_(says), problems_(problems) {}

  // The value that counts; nullopt: the configuration names the key, or the cluster does not.
  std::optional<std::string> text(std::string_view key) const {
    if (config_.given.contains("cilium." + std::string(key))) return std::nullopt;
    return raw(key);
  }

  std::optional<std::string> raw(std::string_view key) const {
    const auto found = says_.cilium_config.find(key);
    if (found == says_.cilium_config.end() || found->second.empty()) return std::nullopt;
    return found->second;
  }

  template <class T>
  void word(std::string_view key, T& to, std::initializer_list<std::pair<std::string_view, T>> words) const {
    const auto value = text(key);
    if (!value) return;
    for (const auto& [word, meaning] : words) {
      if (*value != word) continue;
      to = meaning;
      return;
    }
    problems_.push_back(std::string(key) + ": " + quote(*value) + " is not known");
  }

  template <class T>
  void boolean(std::string_view key, T& to) const {
    word<T>(key, to, {{"true", T(true)}, {"false", T(false)}});
  }

 private:
  const Config& config_;
  const ClusterSays& says_;
  std::vector<std::string>& problems_;
};

void read_cilium_config(const Reader& reader, policy::Options& options) {
  using policy::EnablePolicy;
  reader.word<EnablePolicy>(
      "enable-policy", options.enable_policy,
      {{"default", EnablePolicy::kDefault}, {"always", EnablePolicy::kAlways}, {"never", EnablePolicy::kNever}});
  reader.boolean("enable-host-firewall", options.enable_host_firewall);
  reader.word<bool>("allow-localhost", options.allow_localhost, {{"auto", true}, {"always", true}, {"policy", false}});
  reader.boolean("policy-default-local-cluster", options.policy_default_local_cluster);
  reader.boolean("enable-node-selector-labels", options.enable_node_selector_labels);
  reader.word<bool>("policy-cidr-match-mode", options.policy_cidr_match_nodes, {{"nodes", true}});
  if (const auto name = reader.text("cluster-name")) options.cluster_name = *name;
}

// A key that is not there has Cilium's default (pkg/option/config.go, pkg/loadbalancer/config.go).
class ForwardingReader {
 public:
  ForwardingReader(const Reader& reader, std::vector<std::string>& problems) : reader_(reader), problems_(problems) {}

  template <class T>
  void word(std::string_view key, std::optional<T>& to, T otherwise,
            std::initializer_list<std::pair<std::string_view, std::optional<T>>> words) const {
    if (to) return;  // the configuration says it
    const auto value = reader_.raw(key);
    if (!value) {
      to = otherwise;
      return;
    }
    for (const auto& [word, meaning] : words) {
      if (*value != word) continue;
      to = meaning;
      return;
    }
    problems_.push_back(std::string(key) + ": " + quote(*value) + " is not known");
  }

  void boolean(std::string_view key, std::optional<bool>& to) const {
    word<bool>(key, to, false, {{"true", true}, {"false", false}});
  }

  void prefixes(std::string_view key, std::optional<std::vector<Prefix>>& to) const {
    if (to) return;
    to.emplace();
    const std::string text = reader_.raw(key).value_or("");
    for (std::string_view rest = text; !rest.empty();) {
      const auto end = rest.find_first_of(", ");
      const std::string_view one = rest.substr(0, end);
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
      if (one.empty()) continue;
      if (const auto prefix = Prefix::parse(one))
        to->push_back(*prefix);
      else
        problems_.push_back(std::string(key) + ": " + prefix.error().what);
    }
  }

 private:
  const Reader& reader_;
  std::vector<std::string>& problems_;
};

void read_forwarding(const ClusterSays& says, const Reader& reader, ClusterOptions& result) {
  using audit::LbMode;
  audit::Forwarding& forwarding = result.forwarding;
  forwarding.has_cilium = says.has_cilium;
  if (says.cilium_config.empty()) return;
  forwarding.has_cilium = true;
  const ForwardingReader from(reader, result.problems);
  // "partial" and "probe" of old releases leave open what they came to.
  from.word<bool>("kube-proxy-replacement", forwarding.kube_proxy_replacement, false,
                  {{"true", true},
                   {"strict", true},
                   {"false", false},
                   {"disabled", false},
                   {"partial", std::nullopt},
                   {"probe", std::nullopt}});
  from.word<LbMode>("bpf-lb-mode", forwarding.lb_mode, LbMode::kSnat,
                    {{"snat", LbMode::kSnat}, {"dsr", LbMode::kDsr}, {"hybrid", LbMode::kHybrid}});
  from.word<bool>("routing-mode", forwarding.tunnel, true, {{"native", false}, {"tunnel", true}});
  from.boolean("bpf-lb-external-clusterip", forwarding.external_cluster_ip);
  from.boolean("bpf-lb-source-range-all-types", forwarding.ranges_for_all_types);
  from.boolean("bpf-lb-mode-annotation", forwarding.lb_mode_annotation);
  from.prefixes("nodeport-addresses", forwarding.node_port_addresses);
}

// Which families Cilium serves decides which label the world has, whatever the pods hold.
bool is_dual_stack(const Config& config, const ClusterSays& says, const Reader& reader) {
  if (config.cilium.dual_stack) return *config.cilium.dual_stack;
  const auto v4 = reader.raw("enable-ipv4");
  const auto v6 = reader.raw("enable-ipv6");
  if (!v4 || !v6) return says.is_dual_stack;
  return *v4 == "true" && *v6 == "true";
}

void choose_release(const Config& config, const ClusterSays& says, ClusterOptions& to) {
  const bool automatic = config.cilium.version == "auto";
  const std::string& version = automatic ? says.cilium_version : config.cilium.version;
  const auto choice = policy::release_from(version);
  if (automatic && choice) to.options.release = choice->release;
  const std::string used(policy::to_string(to.options.release));
  if (automatic && version.empty()) {
    to.release = used + " (the newest that is known: no cluster tells the version)";
  } else if (!choice) {
    to.release = used + " (the newest that is known: nothing is known of " + version + ")";
    to.problems.push_back("version: " + choice.error().what);
  } else {
    to.release = choice->exact ? used : used + " (the nearest known to " + version + ")";
  }
}

}  // namespace

std::vector<Prefix> cilium_pod_networks(const World& world) {
  std::vector<Prefix> networks;
  for (const auto& [key, object] : world.others()) {
    if (key.kind != ObjectKind::kCiliumNode) continue;
    const auto cidrs = object.body->at({"spec", "ipam", "podCIDRs"});
    if (!cidrs) continue;
    for (const Document& cidr : cidrs->items) {
      if (const auto prefix = Prefix::parse(cidr.text)) networks.push_back(*prefix);
    }
  }
  std::ranges::sort(networks);
  const auto repeated = std::ranges::unique(networks);
  networks.erase(repeated.begin(), repeated.end());
  return networks;
}

ClusterOptions options_from(const Config& config, const ClusterSays& says) {
  ClusterOptions result{.options = config.cilium.options, .forwarding = config.cilium.forwarding};
  policy::Options& options = result.options;
  options.cluster_networks = config.cluster_networks;
  options.cluster_networks.insert(options.cluster_networks.end(), says.pod_networks.begin(), says.pod_networks.end());
  options.trusted_networks = config.trusted_networks;
  const Reader reader(config, says, result.problems);
  read_cilium_config(reader, options);
  // Other enforcers of NetworkPolicies match an ipBlock with whatever address a packet has, a node's too.
  if (says.has_cilium == false && !config.given.contains("cilium.policy-cidr-match-mode"))
    options.policy_cidr_match_nodes = true;
  options.dual_stack = is_dual_stack(config, says, reader);
  read_forwarding(says, reader, result);
  choose_release(config, says, result);
  return result;
}

}  // namespace sextant::app
