#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/app/cli/page.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/time_text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

using v1alpha1::EndpointRow;

bool gets_in(std::string_view verdict) { return verdict == "allow" || verdict == "redirect" || verdict == "auth"; }

Cell intended_cell(const EndpointRow& row) {
  if (!row.has_intended()) return {std::string(kNotLooked), Style::kDim};
  const auto& intended = row.intended();
  return {intent_text(intended.verdict(), intended.because()), intent_style(intended.verdict(), intended.because())};
}

// A witness that contradicts the intent is what this program is for: let in against it is danger, kept out a warning.
Style against_intent(const EndpointRow& row, std::string_view verdict) {
  if (verdict == "unknown") return Style::kWarning;
  if (!row.has_intended() || row.intended().verdict() == "unknown") return Style::kPlain;
  const bool meant = gets_in(row.intended().verdict());
  if (gets_in(verdict) == meant) return Style::kPlain;
  return meant ? Style::kWarning : Style::kDanger;
}

Cell listening_cell(const EndpointRow& row) {
  if (!row.has_listening()) return {std::string(kNotLooked), Style::kDim};
  const auto& listening = row.listening();
  if (listening.verdict() == "unknown") return {"unknown", Style::kWarning};
  if (!gets_in(listening.verdict())) return {"no", Style::kDim};
  return {listening.process().empty() ? "yes" : listening.process()};
}

Cell observed_cell(const EndpointRow& row) {
  if (!row.has_observed()) return {std::string(kNotLooked), Style::kDim};
  const auto& observed = row.observed();
  const std::string packets = " " + std::to_string(observed.packets());
  const std::string word = gets_in(observed.verdict())    ? "delivered" + packets
                           : observed.verdict() == "deny" ? "dropped" + packets
                                                          : observed.verdict();
  return {word, against_intent(row, observed.verdict())};
}

Cell realized_cell(const EndpointRow& row) {
  if (!row.has_realized()) return {std::string(kNotLooked), Style::kDim};
  return {row.realized().verdict(), against_intent(row, row.realized().verdict())};
}

Cell probed_cell(const EndpointRow& row) {
  if (!row.has_probed()) return {std::string(kNotLooked), Style::kDim};
  const auto& probed = row.probed();
  return {probed.result().empty() ? probed.verdict() : probed.result(), against_intent(row, probed.verdict())};
}

std::string seen_text(const EndpointRow& row, Time now) {
  if (!row.has_observed() || !row.observed().has_last_seen()) return std::string(kNotLooked);
  std::string text = ago(time_of(row.observed().last_seen()), now);
  if (!row.observed().drop_reason().empty()) text += ", " + row.observed().drop_reason();
  return text;
}

std::string why_text(const EndpointRow& row) {
  std::vector<std::string> parts{row.intended().why()};
  for (const auto& policy : row.intended().policies()) parts.push_back(policy_text(policy));
  return join(parts, "; ");
}

// Rows about one endpoint that differ only in port and source are one line of the table; -o wide shows them one by one.
struct Line {
  std::string endpoint{};  // "shop/db, of StatefulSet/db, 2001:db8:1::5"
  std::vector<std::string> ports{};
  std::set<std::string> whole{};  // protocols with every port
  std::vector<std::string> sources{};
  std::vector<Cell> witnesses{};
};

std::vector<Cell> witness_cells(const EndpointRow& row) {
  return {intended_cell(row), realized_cell(row), listening_cell(row), observed_cell(row), probed_cell(row)};
}

// What lines must have in common to be one, beside `more`.
std::string key_of(const Line& line, const std::vector<std::string>& more) {
  std::string key = line.endpoint + '\n' + join(more, "\n");
  for (const auto& cell : line.witnesses) key += '\n' + cell.text + std::to_string(static_cast<int>(cell.style));
  return key;
}

std::vector<Line> merged(std::vector<Line> lines, const std::vector<std::string> Line::* same,
                         std::vector<std::string> Line::* collected) {
  std::vector<Line> out;
  std::map<std::string, std::size_t> places;
  for (auto& line : lines) {
    const auto [place, added] = places.emplace(key_of(line, line.*same), out.size());
    if (added) {
      out.push_back(std::move(line));
      continue;
    }
    Line& into = out[place->second];
    into.whole.merge(line.whole);
    std::ranges::move(line.*collected, std::back_inserter(into.*collected));
  }
  return out;
}

std::vector<Line> lines_of(const v1alpha1::EndpointRowList& list) {
  std::vector<Line> lines;
  for (const auto& row : list.endpoints()) {
    const std::string where = row.has_node() ? ", on node " + row.node() : "";
    Line line{.endpoint = full_endpoint_text(row.endpoint()) + where,
              .ports = {port_text(row.protocol(), row.port(), row.end_port())},
              .sources = {row.source().class_()},
              .witnesses = witness_cells(row)};
    if (any_port(row.protocol(), row.port(), row.end_port())) line.whole.insert(row.protocol());
    lines.push_back(std::move(line));
  }
  return merged(merged(std::move(lines), &Line::ports, &Line::sources), &Line::sources, &Line::ports);
}

// With these least widths all five witnesses fit 80 columns beside a port and a prefix.
const std::vector<Column> kColumns{{.title = "PORT", .keep = 8, .least = 10, .wraps = true},
                                   {.title = "FROM", .keep = 7, .least = 18, .wraps = true},
                                   {.title = "INTENDED", .keep = 6, .least = 8, .wraps = true},
                                   {.title = "REALIZED", .keep = 2},
                                   {.title = "LISTENS", .keep = 3},
                                   {.title = "OBSERVED", .keep = 5, .least = 9, .wraps = true},
                                   {.title = "PROBED", .keep = 1}};

Table merged_table(const v1alpha1::EndpointRowList& list) {
  Table table(kColumns);
  std::vector<Line> lines = lines_of(list);
  std::ranges::stable_sort(lines, {}, &Line::endpoint);
  std::string_view heading;
  for (const auto& line : lines) {
    if (std::exchange(heading, line.endpoint) != line.endpoint) table.add_heading(line.endpoint);
    std::vector<Cell> cells{{ports_text(line.ports, line.whole, " ")}, {join(line.sources, ", ")}};
    std::ranges::copy(line.witnesses, std::back_inserter(cells));
    table.add(std::move(cells));
  }
  return table;
}

Table wide_table(const v1alpha1::EndpointRowList& list, Time now) {
  std::vector<Column> columns = kColumns;
  columns.insert(columns.begin(), {.title = "ENDPOINT"});
  for (const char* title : {"SEEN", "ADDRESS", "WORKLOAD", "SOURCES", "WHY"}) columns.push_back({.title = title});
  const bool nodes = !list.endpoints().empty() && list.endpoints(0).has_node();
  if (nodes) columns.insert(columns.begin() + 1, {.title = "NODE"});
  Table table(columns);
  for (const auto& row : list.endpoints()) {
    std::vector<Cell> cells{{endpoint_text(row.endpoint())}};
    if (nodes) cells.push_back({row.node()});
    cells.push_back({port_text(row.protocol(), row.port(), row.end_port())});
    cells.push_back({row.source().class_()});
    std::ranges::copy(witness_cells(row), std::back_inserter(cells));
    cells.push_back({seen_text(row, now)});
    cells.push_back({row.endpoint().has_address() ? row.endpoint().address() : std::string(kNotLooked)});
    cells.push_back({row.endpoint().workload()});
    cells.push_back({source_text(row.source(), 0)});
    cells.push_back({why_text(row)});
    table.add(std::move(cells));
  }
  return table;
}

}  // namespace

std::string endpoints_page(const v1alpha1::EndpointRowList& list, const Layout& layout, Time now) {
  Page page(layout);
  if (list.endpoints().empty()) {
    page.say("No rows: no endpoint matches, or nothing is known of one yet.");
    return page.text();
  }
  page.table(layout.wide ? wide_table(list, now) : merged_table(list));
  return page.text();
}

}  // namespace sextant::app::cli
