#include <algorithm>
#include <string>
#include <vector>

#include "agent/app/cli/page.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/time_text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

using v1alpha1::ClusterStatus;
using v1alpha1::Status;

// What the node's daemon itself says that it does not see.
std::vector<std::string> doubts_of(const Status& status) {
  std::vector<std::string> doubts(status.not_ready().begin(), status.not_ready().end());
  for (const auto& witness : status.witnesses()) {
    if (witness.state() == "blind") doubts.push_back(witness.witness() + " is blind: " + witness.reason());
  }
  for (const auto& source : status.sources()) {
    if (!source.healthy()) doubts.push_back(source.name() + " fails: " + source.detail());
  }
  for (const auto& spot : status.blind_spots()) {
    const bool is_witness = spot.what().starts_with("witness ");  // said above
    if (!is_witness) doubts.push_back(spot.what() + ": " + spot.why());
  }
  return doubts;
}

std::string seeing(const Status& status) {
  std::vector<std::string> witnesses;
  for (const auto& witness : status.witnesses()) {
    if (witness.state() == "sees") witnesses.push_back(witness.witness());
  }
  return witnesses.empty() ? std::string(kNotLooked) : join(witnesses, ", ");
}

Table table_of(const ClusterStatus& cluster, Time now) {
  Table table({{.title = "NODE", .keep = 5, .least = 10},
               {.title = "STATE", .keep = 4, .least = 9},
               {.title = "UP", .keep = 2},
               {.title = "VERSION", .keep = 2},
               {.title = "POLICIES AS", .keep = 1, .least = 6},
               {.title = "MEMORY", .keep = 1, .right = true},
               {.title = "SEES", .keep = 3, .least = 16, .wraps = true}});
  for (const Status& status : cluster.nodes()) {
    const bool well = doubts_of(status).empty();
    const std::string state = !status.ready() ? "not ready" : well ? "well" : "in doubt";
    table.add({{status.node()},
               {state, status.ready() && well ? Style::kGood : Style::kWarning},
               {status.has_started() ? age(time_of(status.started()), now) : std::string(kNotLooked)},
               {status.version()},
               {status.cilium_release().empty() ? std::string(kNotLooked) : "Cilium " + status.cilium_release()},
               {bytes_text(status.resident_bytes())},
               {seeing(status)}});
  }
  for (const auto& silent : cluster.silent()) {
    const Cell unknown{std::string(kNotLooked), Style::kDim};
    table.add({{silent.node()}, {"silent", Style::kDanger}, unknown, unknown, unknown, unknown, unknown});
  }
  return table;
}

std::string summary(const ClusterStatus& cluster) {
  const auto well = static_cast<std::size_t>(std::ranges::count_if(
      cluster.nodes(), [](const Status& status) { return status.ready() && doubts_of(status).empty(); }));
  const auto answered = static_cast<std::size_t>(cluster.nodes_size());
  const auto silent = static_cast<std::size_t>(cluster.silent_size());
  std::string text = counted(answered + silent, "node", "nodes") + ": " + std::to_string(well) + " well";
  if (answered > well) text += ", " + std::to_string(answered - well) + " in doubt";
  if (silent > 0) text += ", " + std::to_string(silent) + " silent";
  return text + ".";
}

}  // namespace

std::string cluster_status_page(const ClusterStatus& cluster, const Layout& layout, Time now) {
  Page page(layout);
  page.table(table_of(cluster, now));
  const bool doubted = std::ranges::any_of(cluster.nodes(), [](const Status& s) { return !doubts_of(s).empty(); });
  if (doubted) page.heading("Not seen");
  for (const Status& status : cluster.nodes()) {
    for (const std::string& doubt : doubts_of(status)) page.say(status.node() + ": " + doubt, Style::kWarning, 2);
  }
  page.gap();
  page.say(summary(cluster), cluster.silent().empty() && !doubted ? Style::kGood : Style::kWarning);
  return page.text();
}

}  // namespace sextant::app::cli
