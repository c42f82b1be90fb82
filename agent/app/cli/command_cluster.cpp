// The options that ask every node of a cluster.
#include "agent/app/cli/command_options.h"

namespace sextant::app::cli {

void declare_cluster_options(CLI::App& app, Parsed& parsed) {
  ClusterOptions& options = parsed.cluster;
  const auto implies_cluster = [&parsed](const std::string& text) {
    auto value = any_text(text);
    if (value) parsed.asks_cluster = true;
    return value;
  };
  app.add_flag("--cluster", parsed.asks_cluster,
               "Ask every node's daemon, through the API server's proxy to pods; `kubectl sextant` does without being "
               "told. --server is then the address of a `kubectl proxy`, for kubeconfigs that need kubectl")
      ->group(kClusterGroup);
  add_value(app, "--kubeconfig", "FILE", options.kubeconfig, implies_cluster,
            "Where the API server is, and who you are to it (default $KUBECONFIG, else ~/.kube/config)")
      ->group(kClusterGroup);
  add_value(app, "--context", "NAME", options.context, implies_cluster, "Which of its contexts (default the current)")
      ->group(kClusterGroup);
  add_value(app, "--sextant-namespace", "NAME", options.ns, implies_cluster,
            "The namespace of Sextant's pods (default sextant)")
      ->group(kClusterGroup);
}

}  // namespace sextant::app::cli
