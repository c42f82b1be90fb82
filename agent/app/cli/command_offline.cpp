#include "agent/app/cli/command_options.h"

namespace sextant::app::cli {
namespace {

Result<Prefix> prefix_word(const std::string& text) { return Prefix::parse(text); }

// How the cluster translates what is sent to services. What is not said is not known: both ways are tried.
template <class OnlyOffline>
void declare_forwarding_options(audit::Forwarding& forwarding, CLI::App& app, const OnlyOffline& only_offline) {
  const Words<bool> yes_or_no{{"true", true}, {"false", false}};
  const Words<audit::LbMode> modes{
      {"snat", audit::LbMode::kSnat}, {"dsr", audit::LbMode::kDsr}, {"hybrid", audit::LbMode::kHybrid}};
  const Words<bool> routing{{"native", false}, {"tunnel", true}};
  only_offline(add_word(app, "--kube-proxy-replacement", yes_or_no, forwarding.kube_proxy_replacement,
                        "Cilium translates services, or kube-proxy does"));
  only_offline(add_word(app, "--bpf-lb-mode", modes, forwarding.lb_mode, "Cilium's option of that name"));
  only_offline(add_word(app, "--routing-mode", routing, forwarding.tunnel, "Cilium's option of that name"));
  only_offline(add_word(app, "--bpf-lb-external-clusterip", yes_or_no, forwarding.external_cluster_ip,
                        "Cilium's option of that name"));
  only_offline(add_word(app, "--bpf-lb-source-range-all-types", yes_or_no, forwarding.ranges_for_all_types,
                        "Cilium's option of that name"));
}

}  // namespace

void declare_offline_options(CLI::App& app, OfflineOptions& offline) {
  policy::Options& engine = offline.engine;
  const Words<policy::EnablePolicy> enable_policy{{"default", policy::EnablePolicy::kDefault},
                                                  {"always", policy::EnablePolicy::kAlways},
                                                  {"never", policy::EnablePolicy::kNever}};
  // Both words but the last let the node's own processes reach its pods.
  const Words<bool> allow_localhost{{"auto", true}, {"always", true}, {"policy", false}};
  const Words<bool> yes_or_no{{"true", true}, {"false", false}};

  auto* manifests =
      add_values(app, "-f,--manifests", "DIR", offline.manifests, any_text,
                 "Judge these manifests, a folder or file, and ask no daemon (repeatable; -: standard input)");
  const auto only_offline = [&](CLI::Option* option) { option->needs(manifests)->group(kOfflineGroup); };
  manifests->group(kOfflineGroup);
  only_offline(add_value(app, "--node", "NAME", offline.node, any_text,
                         "The node to judge on (default the only one in the manifests)"));
  const auto release = [&engine](const std::string& text) -> Result<std::string> {
    const auto choice = policy::release_from(text);
    if (!choice) return Failure(choice.error());
    engine.release = choice->release;
    return text;
  };
  only_offline(
      add_values(app, "--cilium", "VERSION", offline.cilium, release,
                 "Whose policy semantics (default " + std::string(policy::to_string(policy::kNewestRelease)) + ")"));
  only_offline(add_word(app, "--enable-policy", enable_policy, engine.enable_policy, "Cilium's enable-policy"));
  only_offline(app.add_flag("--enable-host-firewall", engine.enable_host_firewall, "Cilium's host firewall is on"));
  only_offline(add_word(app, "--allow-localhost", allow_localhost, engine.allow_localhost, "Cilium's allow-localhost"));
  only_offline(add_word(app, "--policy-default-local-cluster", yes_or_no, engine.policy_default_local_cluster,
                        "Cilium's option of that name (default as the release has it)"));
  only_offline(app.add_flag("--enable-node-selector-labels", engine.enable_node_selector_labels,
                            "Cilium's option of that name"));
  const Words<bool> match_modes{{"nodes", true}, {"none", false}};
  only_offline(add_word(app, "--policy-cidr-match-mode", match_modes, engine.policy_cidr_match_nodes,
                        "Cilium's option of that name"));
  only_offline(app.add_flag("--dual-stack", engine.dual_stack, "Pods have IPv4 too (default: as the manifests show)"));
  only_offline(add_value(app, "--cluster-name", "NAME", engine.cluster_name, any_text, "Cilium's cluster-name"));
  only_offline(add_values(app, "--cluster-network", "PREFIX", engine.cluster_networks, prefix_word,
                          "The cluster's own addresses, beside those in the manifests (repeatable)")
                   ->delimiter(','));
  only_offline(add_values(app, "--trusted-network", "PREFIX", engine.trusted_networks, prefix_word,
                          "Addresses that do not count as the internet (repeatable)")
                   ->delimiter(','));
  declare_forwarding_options(offline.forwarding, app, only_offline);
}

}  // namespace sextant::app::cli
