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
  const std::string word = gets_in(observed.verdict()) ? "delivered" + packets
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

std::vector<Column> columns_for(bool wide) {
  std::vector<Column> columns{
      {.title = "ENDPOINT", .keep = 6, .least = 16}, {.title = "PORT", .keep = 9, .least = 8},
      {.title = "FROM", .keep = 7, .least = 10},     {.title = "INTENDED", .keep = 8, .least = 16},
      {.title = "REALIZED", .keep = 2},              {.title = "LISTENING", .keep = 3},
      {.title = "OBSERVED", .keep = 5, .least = 12}, {.title = "PROBED", .keep = 1}};
  if (wide) {
    for (const char* title : {"SEEN", "ADDRESS", "WORKLOAD", "SOURCES", "WHY"}) columns.push_back({.title = title});
  }
  return columns;
}

}  // namespace

std::string endpoints_page(const v1alpha1::EndpointRowList& list, const Layout& layout, Time now) {
  Page page(layout);
  if (list.endpoints().empty()) {
    page.say("No rows: no endpoint of this node matches, or nothing is known of one yet.");
    return page.text();
  }
  Table table(columns_for(layout.wide));
  for (const auto& row : list.endpoints()) {
    std::vector<Cell> cells{{endpoint_text(row.endpoint())},
                            {port_text(row.protocol(), row.port(), row.end_port())},
                            {row.source().class_()},
                            intended_cell(row),
                            realized_cell(row),
                            listening_cell(row),
                            observed_cell(row),
                            probed_cell(row)};
    if (layout.wide) {
      cells.push_back({seen_text(row, now)});
      cells.push_back({row.endpoint().has_address() ? row.endpoint().address() : std::string(kNotLooked)});
      cells.push_back({row.endpoint().workload()});
      cells.push_back({source_text(row.source(), 0)});
      cells.push_back({why_text(row)});
    }
    table.add(std::move(cells));
  }
  page.table(table);
  return page.text();
}

}  // namespace sextant::app::cli
