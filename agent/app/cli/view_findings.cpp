#include <algorithm>
#include <vector>

#include "agent/app/cli/page.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/time_text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

using v1alpha1::Finding;

int rank(std::string_view severity) { return severity == "critical" ? 2 : severity == "warning" ? 1 : 0; }

Style style_of(const Finding& finding) {
  if (finding.state() == "resolved") return Style::kDim;
  const int severity = rank(finding.severity());
  return severity == 2 ? Style::kDanger : severity == 1 ? Style::kWarning : Style::kPlain;
}

std::vector<const Finding*> sorted(const v1alpha1::FindingList& list) {
  std::vector<const Finding*> findings;
  for (const auto& finding : list.findings()) findings.push_back(&finding);
  std::ranges::stable_sort(findings, [](const Finding* a, const Finding* b) {
    const auto key = [](const Finding* f) {
      return std::tuple(f->state() == "resolved", -rank(f->severity()),
                        -time_of(f->last_seen()).time_since_epoch().count());
    };
    return key(a) < key(b);
  });
  return findings;
}

std::string message_of(const Finding& finding) {
  std::string text = finding.message();
  if (finding.state() == "resolved" && !finding.resolution().empty())
    text += " (resolved: " + finding.resolution() + ")";
  return text;
}

Table table_of(const std::vector<const Finding*>& findings, const FindingsShown& shown, bool wide, Time now) {
  std::vector<Column> columns{{.title = "SEVERITY", .keep = 5, .least = 8},
                              {.title = "FINDING", .keep = 9, .least = 15},
                              {.title = "SINCE", .keep = 4},
                              {.title = "SEEN", .keep = 3, .right = true},
                              {.title = "WHAT", .keep = 1, .least = 24, .wraps = true}};
  if (shown.resolved_too) columns.insert(columns.begin() + 4, {.title = "STATE", .keep = 6, .least = 8});
  const bool nodes = shown.of_cluster || wide;
  if (nodes) columns.insert(columns.end() - 1, {.title = "NODE", .keep = 7, .least = 8});
  if (wide) {
    for (const char* title : {"NAME", "SOURCE", "LAST SEEN"}) columns.insert(columns.end() - 1, {.title = title});
  }
  Table table(columns);
  for (const Finding* finding : findings) {
    const Style style = style_of(*finding);
    const Style rest = style == Style::kDim ? style : Style::kPlain;
    std::vector<Cell> row{{finding->severity(), style},
                          {finding->id(), rest},
                          {age(time_of(finding->first_seen()), now), rest},
                          {std::to_string(finding->count()) + "x", rest}};
    if (shown.resolved_too) row.push_back({finding->state(), rest});
    if (nodes) row.push_back({finding->node(), rest});
    if (wide) {
      row.push_back({finding->name(), rest});
      row.push_back({finding->has_source() ? source_text(finding->source(), 0) : std::string(kNotLooked), rest});
      row.push_back({ago(time_of(finding->last_seen()), now), rest});
    }
    row.push_back({message_of(*finding), rest});
    table.add(std::move(row));
  }
  return table;
}

std::string summary(const std::vector<const Finding*>& findings) {
  const auto count = [&](std::string_view severity) {
    return static_cast<std::size_t>(std::ranges::count_if(
        findings, [&](const Finding* f) { return f->state() == "open" && f->severity() == severity; }));
  };
  const std::size_t critical = count("critical");
  const std::size_t warnings = count("warning");
  const std::size_t infos = count("info");
  const auto resolved = static_cast<std::size_t>(std::ranges::count(findings, "resolved", &Finding::state));
  std::vector<std::string> parts;
  if (critical > 0) parts.push_back(std::to_string(critical) + " critical");
  if (warnings > 0) parts.push_back(counted(warnings, "warning", "warnings"));
  if (infos > 0) parts.push_back(std::to_string(infos) + " info");
  std::string text = std::to_string(critical + warnings + infos) + " open";
  if (!parts.empty()) text += ": " + join(parts, ", ");
  if (resolved > 0) text += "; " + std::to_string(resolved) + " resolved";
  return text + ".";
}

// "uplink is blind for 3m: why".
std::string doubt_text(const v1alpha1::WitnessStatus& witness, Time now) {
  std::string text = witness.witness() + " " + (witness.state() == "blind" ? "is blind" : "has not looked yet");
  if (witness.has_since()) text += " for " + age(time_of(witness.since()), now);
  return witness.reason().empty() ? text : text + ": " + witness.reason();
}

// "None" is only as good as the witnesses: says who looked, and who could not.
void say_none(Page& page, const FindingsShown& shown, Time now) {
  const std::string none = shown.resolved_too ? "No findings" : "No open findings";
  if (shown.filtered || shown.lookers == nullptr) {
    page.say(none + (shown.filtered ? " that match." : "."));
    return;
  }
  std::vector<std::string> seeing;
  std::vector<std::string> not_seeing;
  for (const auto& node : shown.lookers->nodes()) {
    const std::string where = shown.of_cluster ? node.node() + ": " : "";
    for (const auto& witness : node.witnesses()) {
      const bool told = std::ranges::find(seeing, witness.witness()) != seeing.end();
      if (witness.state() == "sees" && !told) seeing.push_back(witness.witness());
      if (witness.state() == "blind" || witness.state() == "starting")
        not_seeing.push_back(where + doubt_text(witness, now));
    }
  }
  for (const auto& silent : shown.lookers->silent()) not_seeing.push_back(silent.node() + " is silent");
  const std::size_t nodes = static_cast<std::size_t>(shown.lookers->nodes_size());
  const std::string where = shown.of_cluster ? " on " + counted(nodes, "node", "nodes") : "";
  if (not_seeing.empty()) {
    page.say(none + where + ". Looking: " + (seeing.empty() ? "nobody" : join(seeing, ", ")) + ".",
             seeing.empty() ? Style::kWarning : Style::kGood);
    return;
  }
  page.say(none + where + ", but not everything is seen:", Style::kWarning);
  for (const auto& text : not_seeing) page.say(text, Style::kWarning, 2);
}

std::string moment(const google::protobuf::Timestamp& timestamp, Time now) {
  const Time time = time_of(timestamp);
  return rfc3339(time) + " (" + ago(time, now) + ")";
}

std::string about(const Finding& finding) {
  std::string text = full_endpoint_text(finding.endpoint());
  if (!finding.node().empty() && finding.endpoint().kind() != "Node") text += ", on node " + finding.node();
  return text;
}

std::string port_of(const Finding& finding) {
  if (finding.has_port()) return port_text(finding.protocol(), finding.port(), finding.port());
  return finding.protocol();
}

std::string source_of(const Finding& finding) {
  if (!finding.has_source()) return {};
  std::string text = source_text(finding.source(), 0);
  if (finding.source().has_sample()) text += "; seen " + finding.source().sample();
  return text;
}

void add_evidence(Page& page, const Finding& finding) {
  if (finding.evidence().empty()) return;
  page.heading("Evidence");
  Table table({{.title = "WITNESS", .keep = 3, .least = 9},
               {.title = "SAYS", .keep = 2, .least = 7},
               {.title = "BECAUSE", .keep = 1, .least = 20, .wraps = true}});
  for (const auto& evidence : finding.evidence()) {
    const bool absent = evidence.verdict().empty() || evidence.verdict() == "absent";
    const Style style = absent ? Style::kDim : evidence.verdict() == "unknown" ? Style::kWarning : Style::kPlain;
    table.add({{evidence.witness()}, {absent ? "has not looked" : evidence.verdict(), style}, {evidence.detail()}});
  }
  page.table(table, 2);
}

void add_history(Page& page, const Finding& finding, Time now) {
  std::vector<Field> fields{{"  opened", moment(finding.first_seen(), now)}};
  if (finding.openings() > 1) fields.push_back({"  again", "opened " + std::to_string(finding.openings()) + " times"});
  fields.push_back(
      {"  last seen", moment(finding.last_seen(), now) + ", " + counted(finding.count(), "time", "times")});
  if (finding.has_resolved_at()) {
    std::string resolved = moment(finding.resolved_at(), now);
    if (!finding.resolution().empty()) resolved += ": " + finding.resolution();
    fields.push_back({"  resolved", resolved, Style::kGood});
  }
  page.heading("History");
  page.fields(fields);
}

}  // namespace

std::string findings_page(const v1alpha1::FindingList& list, const FindingsShown& shown, const Layout& layout,
                          Time now) {
  Page page(layout);
  const auto findings = sorted(list);
  if (findings.empty()) {
    say_none(page, shown, now);
    return page.text();
  }
  page.table(table_of(findings, shown, layout.wide, now));
  page.gap();
  page.say(summary(findings));
  return page.text();
}

std::string finding_page(const Finding& finding, const Layout& layout, Time now) {
  Page page(layout);
  page.say(finding.id() + "  " + finding.name() + ", " + finding.severity() + ", " + finding.state(),
           style_of(finding));
  page.say(finding.message(), Style::kStrong);
  page.gap();
  page.fields({{"Endpoint", about(finding)}, {"Port", port_of(finding)}, {"Source", source_of(finding)}});
  add_evidence(page, finding);
  page.heading("Policies");
  for (const auto& policy : finding.policies()) page.say(policy_text(policy), Style::kPlain, 2);
  if (finding.policies().empty()) page.say("none is involved", Style::kPlain, 2);
  add_history(page, finding, now);
  if (!finding.fix().empty()) {
    page.heading("Fix, ready to apply");
    page.verbatim(finding.fix());
  }
  if (!finding.runbook().empty()) {
    page.gap();
    page.verbatim("Runbook  " + finding.runbook());  // a broken URL is no link
  }
  return page.text();
}

std::string change_line(std::string_view change, const Finding& finding, const Layout& layout, Time now) {
  constexpr std::size_t kChange = 8;    // "resolved"
  constexpr std::size_t kSeverity = 8;  // "critical"
  const auto padded = [](std::string text, std::size_t cells) {
    text.resize(std::max(cells, text.size()), ' ');
    return text;
  };
  const std::string lead = clock_text(now) + "  ";
  const std::string words = padded(std::string(change), kChange) + "  " + padded(finding.severity(), kSeverity);
  const std::string rest = "  " + printable(finding.id() + "  " + message_of(finding));
  const std::size_t used = width(lead) + width(words);
  const std::string shown = layout.width == 0 ? rest : elide(rest, layout.width - std::min(layout.width, used));
  const Style style = change == "resolved" ? Style::kGood : style_of(finding);
  return lead + paint(words, style, layout.colour) + shown + '\n';
}

}  // namespace sextant::app::cli
