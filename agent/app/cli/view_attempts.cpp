#include <algorithm>
#include <utility>
#include <vector>

#include "agent/app/cli/page.h"
#include "agent/app/cli/time_text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

Cell verdict_cell(const std::string& verdict) {
  return {verdict, verdict == "unknown" ? Style::kWarning : Style::kPlain};
}

std::string port_of(const v1alpha1::Attempt& attempt) {
  if (attempt.has_port()) return port_text(attempt.protocol(), attempt.port(), attempt.port());
  return "more/" + attempt.protocol();
}

// "1204"; where the count is an estimate, "1150-1204".
std::string count_text(const v1alpha1::SourceCount& source) {
  const std::string most = std::to_string(source.estimate());
  if (source.error() == 0) return most;
  const std::uint64_t least = source.estimate() > source.error() ? source.estimate() - source.error() : 0;
  return std::to_string(least) + "-" + most;
}

const Column kNode{.title = "NODE", .keep = 2, .least = 8};

// Whether a whole cluster says it.
bool has_nodes(const v1alpha1::AttemptList& list) {
  return (!list.attempts().empty() && list.attempts(0).has_node()) ||
         (!list.sources().empty() && list.sources(0).has_node());
}

// What a service's port leads to: "shop/web: shop/web-0 8080, shop/web-1 8080 and 1 more".
std::string leads_to(const v1alpha1::Attempt& attempt) {
  constexpr int kBackendsShown = 2;
  std::string text = attempt.service();
  for (int i = 0; i < attempt.backends_size() && i < kBackendsShown; ++i)
    text += (i == 0 ? ": " : ", ") + attempt.backends(i);
  if (attempt.backends_size() > kBackendsShown)
    text += " and " + std::to_string(attempt.backends_size() - kBackendsShown) + " more";
  return text;
}

Table attempts_table(const v1alpha1::AttemptList& list, Time now) {
  std::vector<Column> columns{{.title = "ENDPOINT", .keep = 3, .least = 12},
                              {.title = "PORT", .keep = 5, .least = 8},
                              {.title = "INTENDED", .keep = 4},
                              {.title = "ATTEMPTS", .keep = 6, .right = true},
                              {.title = "LAST", .keep = 2}};
  const bool has_services = std::ranges::any_of(list.attempts(), [](const auto& a) { return !a.service().empty(); });
  if (has_nodes(list)) columns.push_back(kNode);
  if (has_services) columns.push_back({.title = "SERVICE", .keep = 1, .least = 12, .wraps = true});
  Table table(columns);
  for (const auto& attempt : list.attempts()) {
    const std::string last = attempt.has_last_seen() ? ago(time_of(attempt.last_seen()), now) : std::string(kNotLooked);
    std::vector<Cell> row{{endpoint_text(attempt.endpoint())},
                          {port_of(attempt)},
                          verdict_cell(attempt.verdict()),
                          {std::to_string(attempt.packets())},
                          {last}};
    if (has_nodes(list)) row.push_back({attempt.node()});
    if (has_services) row.push_back({leads_to(attempt)});
    table.add(std::move(row));
  }
  return table;
}

Table sources_table(const v1alpha1::AttemptList& list) {
  std::vector<Column> columns{{.title = "SOURCE", .keep = 6, .least = 18},
                              {.title = "ENDPOINT", .keep = 2, .least = 12},
                              {.title = "PORT", .keep = 4, .least = 8},
                              {.title = "INTENDED", .keep = 3},
                              {.title = "ATTEMPTS", .keep = 5, .right = true}};
  if (has_nodes(list)) columns.push_back(kNode);
  Table table(columns);
  for (const auto& source : list.sources()) {
    std::vector<Cell> row{{source.prefix()},
                          {endpoint_text(source.endpoint())},
                          {port_text(source.protocol(), source.port(), source.port())},
                          verdict_cell(source.verdict()),
                          {count_text(source)}};
    if (has_nodes(list)) row.push_back({source.node()});
    table.add(std::move(row));
  }
  return table;
}

}  // namespace

std::string attempts_page(const v1alpha1::AttemptList& list, const Layout& layout, Time now) {
  Page page(layout);
  if (list.attempts().empty() && list.sources().empty()) {
    page.say("Nobody on the internet has tried anything since the daemon began to look.");
    return page.text();
  }
  if (!list.attempts().empty()) {
    page.say("What was tried from the internet, and what the policies intend", Style::kStrong);
    page.table(attempts_table(list, now));
  }
  if (!list.sources().empty()) {
    page.heading("Who tried most");
    page.table(sources_table(list));
  }
  return page.text();
}

}  // namespace sextant::app::cli
