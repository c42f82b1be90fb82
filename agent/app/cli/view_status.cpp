#include <map>
#include <vector>

#include "agent/app/cli/page.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/time_text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

using v1alpha1::Status;

constexpr std::uint64_t kNearlyFull = 80;  // percent

template <class Message>
std::string since_text(const Message& message, Time now) {
  return message.has_since() ? age(time_of(message.since()), now) : std::string(kNotLooked);
}

void add_headline(Page& page, const Status& status) {
  std::vector<std::string> blind;
  for (const auto& witness : status.witnesses()) {
    if (witness.state() == "blind") blind.push_back(witness.witness());
  }
  std::vector<std::string> sick;
  for (const auto& source : status.sources()) {
    if (!source.healthy()) sick.push_back(source.name());
  }
  if (!status.ready()) {
    const std::vector<std::string> reasons(status.not_ready().begin(), status.not_ready().end());
    page.say(status.node() + ": not ready: " + join(reasons, "; "), Style::kWarning);
  } else if (!blind.empty() || !sick.empty() || !status.blind_spots().empty()) {
    std::string text = status.node() + ": not everything is seen";
    if (!blind.empty()) text += ": " + join(blind, ", ") + (blind.size() == 1 ? " is blind" : " are blind");
    page.say(text, Style::kWarning);
  } else {
    page.say(status.node() + ": well; every witness that is there sees", Style::kGood);
  }
}

std::string objects_text(const Status& status) {
  const std::map<std::string, std::uint64_t> sorted(status.objects().begin(), status.objects().end());
  std::vector<std::string> parts;
  for (const auto& [kind, number] : sorted) parts.push_back(std::to_string(number) + " " + kind);
  return join(parts, ", ");
}

void add_fields(Page& page, const Status& status, Time now) {
  std::uint64_t kernel = 0;
  for (const auto& map : status.maps()) kernel += map.bytes();
  std::string memory = bytes_text(status.resident_bytes());
  if (kernel > 0) memory += ", and " + bytes_text(kernel) + " of kernel tables";
  page.fields(
      {{"Version", status.version() + (status.has_started() ? ", up " + age(time_of(status.started()), now) : "")},
       {"Policies as", status.cilium_release().empty() ? "" : "Cilium " + status.cilium_release()},
       {"Uplinks", status.uplinks().empty() ? "none" : list_text(status.uplinks(), 0),
        status.uplinks().empty() ? Style::kWarning : Style::kPlain},
       {"Objects", objects_text(status)},
       {"Memory", memory}});
}

void add_witnesses(Page& page, const Status& status, Time now) {
  page.heading("Witnesses");
  Table table({{.title = "WITNESS", .keep = 4, .least = 9},
               {.title = "STATE", .keep = 3, .least = 8},
               {.title = "SINCE", .keep = 2},
               {.title = "WHAT IT COVERS, OR WHY NOT", .keep = 1, .least = 26, .wraps = true}});
  for (const auto& witness : status.witnesses()) {
    const std::string& state = witness.state();
    const Style style = state == "sees" ? Style::kGood : state == "absent" ? Style::kDim : Style::kWarning;
    std::string what = witness.covers();
    if (!witness.reason().empty()) what += (what.empty() ? "" : "; ") + witness.reason();
    if (witness.lost() > 0) what += (what.empty() ? "" : "; ") + std::to_string(witness.lost()) + " lost";
    const bool doubt = witness.lost() > 0 || style == Style::kWarning;
    table.add({{witness.witness()},
               {state, style},
               {since_text(witness, now)},
               {what, doubt                  ? Style::kWarning
                      : style == Style::kDim ? style
                                             : Style::kPlain}});
  }
  page.table(table, 2);
}

void add_sources(Page& page, const Status& status, Time now) {
  if (status.sources().empty()) return;
  page.heading("Sources");
  for (const auto& source : status.sources()) {
    const std::string since = source.has_since() ? " (for " + since_text(source, now) + ")" : "";
    page.say(source.name() + (source.healthy() ? ": " : " fails: ") + source.detail() + since,
             source.healthy() ? Style::kPlain : Style::kWarning, 2);
  }
}

void add_doubts(Page& page, const Status& status) {
  if (!status.blind_spots().empty()) page.heading("Not seen");
  for (const auto& spot : status.blind_spots()) page.say(spot.what() + ": " + spot.why(), Style::kWarning, 2);
  if (!status.policy_problems().empty()) page.heading("Policy problems");
  for (const auto& problem : status.policy_problems()) {
    const char* effect = problem.rejected() ? " has no effect: " : " is known in part: ";
    page.say(policy_text(problem.policy()) + effect + problem.reason(), Style::kWarning, 2);
  }
}

void add_features(Page& page, const Status& status, bool wide) {
  std::vector<std::string> there;
  bool said = false;
  for (const auto& feature : status.features()) {
    if (feature.available() && feature.reason().empty()) {
      there.push_back(feature.name());
      continue;
    }
    if (!said) page.heading("Kernel");
    said = true;
    page.say(feature.name() + ": " + (feature.reason().empty() ? "missing" : feature.reason()),
             feature.available() ? Style::kPlain : Style::kWarning, 2);
  }
  if (there.empty() || (!said && !wide)) return;
  if (!said) page.heading("Kernel");
  page.say("there: " + join(there, ", "), Style::kPlain, 2);
}

void add_tables(Page& page, const Status& status) {
  if (status.maps().empty()) return;
  page.heading("Kernel tables");
  Table table({{.title = "TABLE", .keep = 4, .least = 12},
               {.title = "ENTRIES", .keep = 3, .right = true},
               {.title = "OF", .keep = 2, .right = true},
               {.title = "FULL", .keep = 5, .right = true},
               {.title = "MEMORY", .keep = 1, .right = true}});
  for (const auto& map : status.maps()) {
    const std::uint64_t percent = map.capacity() == 0 ? 0 : map.entries() * 100 / map.capacity();
    table.add({{map.map()},
               {std::to_string(map.entries())},
               {std::to_string(map.capacity())},
               {std::to_string(percent) + "%", percent >= kNearlyFull ? Style::kWarning : Style::kPlain},
               {bytes_text(map.bytes())}});
  }
  page.table(table, 2);
}

void add_losses(Page& page, const Status& status, bool wide) {
  Table table({{.title = "PROGRAM", .keep = 4, .least = 12},
               {.title = "EVENTS LOST", .keep = 3, .right = true},
               {.title = "ROWS LOST", .keep = 2, .right = true},
               {.title = "RUNS", .keep = 1, .right = true}});
  for (const auto& program : status.programs()) {
    const bool lost = program.events_lost() > 0 || program.rows_lost() > 0;
    if (!lost && !wide) continue;
    const Style style = lost ? Style::kWarning : Style::kPlain;
    table.add({{program.program()},
               {std::to_string(program.events_lost()), style},
               {std::to_string(program.rows_lost()), style},
               {program.runs() == 0 ? std::string(kNotLooked) : std::to_string(program.runs())}});
  }
  if (table.empty()) return;
  page.heading("Kernel programs");
  page.table(table, 2);
}

}  // namespace

std::string status_page(const Status& status, const Layout& layout, Time now) {
  Page page(layout);
  add_headline(page, status);
  add_fields(page, status, now);
  add_witnesses(page, status, now);
  add_doubts(page, status);
  add_sources(page, status, now);
  add_features(page, status, layout.wide);
  add_tables(page, status);
  add_losses(page, status, layout.wide);
  return page.text();
}

}  // namespace sextant::app::cli
