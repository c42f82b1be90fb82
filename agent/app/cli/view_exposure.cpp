#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "agent/app/cli/page.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

using v1alpha1::Exposure;

constexpr std::size_t kPrefixesShown = 6;  // -o wide shows all
constexpr std::size_t kPoliciesShown = 2;

// Exposures that differ in nothing but their ports, or in who says so, are one line.
struct Line {
  const Exposure* first = nullptr;
  std::vector<std::string> ports{};
  std::set<std::string> whole{};      // protocols with every port
  std::set<std::string> addresses{};  // of doors
  std::vector<std::string> nodes{};   // of a whole cluster: those that say so
};

std::string listening_text(const Exposure& exposure) {
  if (!exposure.has_listening()) return std::string(kNotLooked);
  const auto& listening = exposure.listening();
  if (listening.verdict() == "unknown") return "unknown";
  if (listening.verdict() != "allow") return "no";
  return listening.process().empty() ? "yes" : listening.process();
}

// What lies behind a door, in as few words as tell one from another.
std::string door_text(const Exposure& exposure) {
  const v1alpha1::Door& door = exposure.door();
  std::string text;
  if (!door.backends().empty()) {
    const v1alpha1::Backend& backend = door.backends(0);
    const std::string name = backend.endpoint().name().empty() ? "?" : endpoint_text(backend.endpoint());
    text = " to " + name + " " + std::to_string(backend.port()) + ", source " + backend.source();
  }
  if (is_by_default(exposure.because())) text += ", no policy";
  return text + (door.intended_by().empty() ? "; nobody means it" : "; meant: " + door.intended_by());
}

// All but the ports and the node. Of doors, unless all is shown, only what is.
std::string key_of(Exposure exposure, bool all) {
  if (exposure.has_door() && !all) {
    exposure.set_reason(door_text(exposure));
    exposure.mutable_endpoint()->clear_address();
    exposure.mutable_door()->clear_backends();
    exposure.clear_policies();
  }
  exposure.clear_protocol();
  exposure.clear_port();
  exposure.clear_end_port();
  exposure.clear_node();
  if (exposure.has_listening()) exposure.mutable_listening()->clear_pid();
  return exposure.SerializeAsString();
}

std::vector<Line> lines_of(const v1alpha1::ExposureList& list, bool all) {
  std::vector<Line> lines;
  std::map<std::pair<std::string, std::string>, std::size_t> places;  // by node and key
  for (const auto& exposure : list.exposure()) {
    const auto [place, is_new] = places.try_emplace({exposure.node(), key_of(exposure, all)}, lines.size());
    if (is_new) lines.push_back({.first = &exposure});
    Line& line = lines[place->second];
    if (is_new && exposure.has_node()) line.nodes.push_back(exposure.node());
    const std::string port = port_text(exposure.protocol(), exposure.port(), exposure.end_port());
    if (std::ranges::find(line.ports, port) == line.ports.end()) line.ports.push_back(port);
    if (exposure.has_door()) line.addresses.insert(exposure.endpoint().address());
    if (any_port(exposure.protocol(), exposure.port(), exposure.end_port())) line.whole.insert(exposure.protocol());
  }
  return lines;
}

// A service is the same on every node, and is one line.
std::vector<Line> with_nodes_together(std::vector<Line> lines, bool all) {
  std::vector<Line> together;
  std::map<std::pair<std::vector<std::string>, std::string>, std::size_t> places;  // by ports and key
  for (Line& line : lines) {
    const auto [place, is_new] = places.try_emplace({line.ports, key_of(*line.first, all)}, together.size());
    if (is_new) {
      together.push_back(std::move(line));
    } else {
      Line& same = together[place->second];
      std::ranges::move(line.nodes, std::back_inserter(same.nodes));
      same.addresses.merge(line.addresses);
    }
  }
  return together;
}

std::string address_text(const std::set<std::string>& addresses) {
  if (addresses.size() > 1) return " at " + std::to_string(addresses.size()) + " addresses";
  return addresses.empty() || addresses.begin()->empty() ? "" : " " + *addresses.begin();
}

std::string why_text(const Line& line, bool all) {
  const Exposure& exposure = *line.first;
  if (exposure.has_door() && !all) {
    return (exposure.verdict() == "allow" ? "" : exposure.verdict() + ": ") + exposure.door().kind() +
           address_text(line.addresses) + door_text(exposure);
  }
  const std::size_t most = all ? 0 : kPoliciesShown;
  std::vector<std::string> policies;
  for (const auto& policy : exposure.policies()) {
    if (most != 0 && policies.size() == most) {
      policies.push_back("and " + std::to_string(static_cast<std::size_t>(exposure.policies_size()) - most) + " more");
      break;
    }
    policies.push_back(short_policy_text(policy));
  }
  if (exposure.verdict() == "allow" && !policies.empty() && !exposure.has_door()) return join(policies, ", ");
  std::string text = exposure.verdict() == "allow" ? exposure.reason() : exposure.verdict() + ": " + exposure.reason();
  if (!policies.empty()) text += " (" + join(policies, ", ") + ")";
  return text;
}

std::string summary(const v1alpha1::ExposureList& list) {
  std::set<std::string> endpoints;
  std::set<std::string> by_default;
  std::set<std::string> unknown;
  for (const auto& exposure : list.exposure()) {
    const std::string name = endpoint_text(exposure.endpoint());
    endpoints.insert(name);
    if (is_by_default(exposure.because())) by_default.insert(name);
    if (exposure.verdict() == "unknown") unknown.insert(name);
  }
  std::string text = counted(endpoints.size(), "endpoint", "endpoints") + " can be reached from the internet";
  if (!by_default.empty()) text += "; " + std::to_string(by_default.size()) + " of them because nothing forbids it";
  if (!unknown.empty()) text += "; for " + std::to_string(unknown.size()) + " it cannot be told";
  return text + ".";
}

}  // namespace

std::string exposure_page(const v1alpha1::ExposureList& list, const Layout& layout) {
  Page page(layout);
  if (list.exposure().empty()) {
    page.say("The internet can reach nothing here.", Style::kGood);
    return page.text();
  }
  const bool online = std::ranges::any_of(list.exposure(), [](const Exposure& e) { return e.has_listening(); });
  std::vector<Column> columns{{.title = "ENDPOINT", .keep = 5, .least = 10},
                              {.title = "PORTS", .keep = 4, .least = 10, .wraps = true},
                              {.title = "FROM", .keep = 3, .least = 18, .wraps = true},
                              {.title = "WHY", .keep = 1, .least = 16, .wraps = true}};
  if (online) columns.insert(columns.end() - 1, {.title = "LISTENS", .keep = 2});
  const bool of_cluster = std::ranges::any_of(list.exposure(), [](const Exposure& e) { return e.has_node(); });
  if (of_cluster) columns.insert(columns.begin() + 1, {.title = "NODE", .keep = 2, .least = 8, .wraps = true});
  if (layout.wide) columns.insert(columns.begin() + 1, {{.title = "WORKLOAD"}, {.title = "ADDRESS"}});
  Table table(columns);
  for (const auto& line : with_nodes_together(lines_of(list, layout.wide), layout.wide)) {
    const Exposure& exposure = *line.first;
    const Style style = intent_style(exposure.verdict(), exposure.because());
    std::vector<Cell> cells{{endpoint_text(exposure.endpoint())}};
    if (layout.wide) {
      cells.push_back({exposure.endpoint().workload()});
      cells.push_back({exposure.endpoint().has_address() ? exposure.endpoint().address() : std::string(kNotLooked)});
    }
    if (of_cluster) cells.push_back({join(line.nodes, ", ")});
    cells.push_back({ports_text(line.ports, line.whole, ", "), style});
    cells.push_back({reach_text(exposure.source(), layout.wide ? 0 : kPrefixesShown), style});
    if (online) cells.push_back({listening_text(exposure)});
    cells.push_back({why_text(line, layout.wide), style});
    table.add(std::move(cells));
  }
  page.table(table);
  page.gap();
  page.say(summary(list));
  return page.text();
}

}  // namespace sextant::app::cli
