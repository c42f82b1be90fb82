#include <algorithm>
#include <set>

#include "agent/app/cli/page.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

using v1alpha1::ExposureChange;

constexpr std::size_t kPrefixesShown = 6;  // -o wide shows all

// Changes that differ in nothing but their ports are one line.
struct Line {
  const ExposureChange* first = nullptr;
  std::vector<std::string> ports{};
  std::set<std::string> whole{};  // protocols with every port
};

bool same_but_ports(const ExposureChange& a, const ExposureChange& b) {
  const auto without_ports = [](ExposureChange c) {
    c.clear_protocol();
    c.clear_port();
    c.clear_end_port();
    return c.SerializeAsString();
  };
  return without_ports(a) == without_ports(b);
}

std::vector<Line> lines_of(const v1alpha1::DiffReport& report) {
  std::vector<Line> lines;
  for (const auto& change : report.changes()) {
    auto line = std::ranges::find_if(lines, [&](const Line& l) { return same_but_ports(*l.first, change); });
    if (line == lines.end()) line = lines.insert(lines.end(), {.first = &change});
    line->ports.push_back(port_text(change.protocol(), change.port(), change.end_port()));
    if (any_port(change.protocol(), change.port(), change.end_port())) line->whole.insert(change.protocol());
  }
  return lines;
}

Style style_of(const ExposureChange& change) {
  if (change.change() == "opened") return Style::kDanger;
  return change.change() == "closed" ? Style::kGood : Style::kWarning;
}

std::string change_text(const ExposureChange& change) {
  if (change.before().empty() || change.after().empty()) return change.change();
  return change.change() + ": " + change.before() + " before, " + change.after() + " after";
}

std::string why_text(const ExposureChange& change) {
  std::string text = change.reason();
  for (const auto& policy : change.policies()) {
    text += " (" + short_policy_text(policy) + ")";
    break;
  }
  return change.cause().empty() ? text : text + "; " + change.cause();
}

std::string summary(const v1alpha1::DiffReport& report) {
  const auto number = [&](std::string_view change) {
    std::set<std::string> endpoints;
    for (const auto& c : report.changes()) {
      if (c.change() == change) endpoints.insert(endpoint_text(c.endpoint()));
    }
    return endpoints.size();
  };
  std::vector<std::string> parts;
  for (const std::string_view change : {"opened", "closed", "changed"}) {
    const std::size_t endpoints = number(change);
    if (endpoints == 0) continue;
    parts.push_back(std::string(change) + " on " + counted(endpoints, "endpoint", "endpoints"));
  }
  return "From " + report.before() + " to " + report.after() + ": " + join(parts, ", ") + ".";
}

}  // namespace

std::string diff_page(const v1alpha1::DiffReport& report, const Layout& layout) {
  Page page(layout);
  if (report.changes().empty()) {
    page.say("From " + report.before() + " to " + report.after() + " nothing changes for the internet.", Style::kGood);
    return page.text();
  }
  Table table({{.title = "ENDPOINT", .keep = 5, .least = 10},
               {.title = "PORTS", .keep = 4, .least = 10, .wraps = true},
               {.title = "CHANGE", .keep = 4, .least = 10, .wraps = true},
               {.title = "FROM", .keep = 3, .least = 18, .wraps = true},
               {.title = "WHY", .keep = 1, .least = 20, .wraps = true}});
  for (const Line& line : lines_of(report)) {
    const ExposureChange& change = *line.first;
    table.add({{endpoint_text(change.endpoint())},
               {ports_text(line.ports, line.whole, ", "), style_of(change)},
               {change_text(change), style_of(change)},
               {reach_text(change.source(), layout.wide ? 0 : kPrefixesShown)},
               {why_text(change)}});
  }
  page.table(table);
  page.gap();
  page.say(summary(report));
  return page.text();
}

}  // namespace sextant::app::cli
