#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "agent/app/cli/page.h"
#include "agent/app/cli/text.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"

namespace sextant::app::cli {
namespace {

using v1alpha1::BenchCase;
using v1alpha1::BenchReport;

struct Hook {
  const char* name;
  const char* heading;
};
constexpr std::array kHooks{Hook{"uplink", "Uplink: every packet that arrives"},
                            Hook{"delivery", "Delivery: packets that reach a socket"},
                            Hook{"death", "Death: packets that the kernel drops"}};

std::string decimal(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

// 1000 as "1k", 100000 as "100k".
std::string short_number(std::uint64_t number) {
  if (number % 1'000'000 == 0) return std::to_string(number / 1'000'000) + "M";
  return number % 1'000 == 0 ? std::to_string(number / 1'000) + "k" : std::to_string(number);
}

// "5.2%", "0.05%".
std::string share_text(double share) { return decimal(share * 100, share < 0.01 ? 2 : 1) + "%"; }

std::string cost_text(const BenchCase& each) {
  return each.noise() ? "< " + decimal(each.spread(), 1) : decimal(each.nanoseconds(), 1);
}

bool misses_goal(const BenchCase& each) { return each.has_goal() && each.nanoseconds() - each.spread() > each.goal(); }

void add_machine(Page& page, const BenchReport& report) {
  const auto& machine = report.machine();
  std::string cpu = machine.cpu().empty() ? machine.architecture() : machine.cpu();
  cpu += ", " + counted(machine.cpus(), "CPU", "CPUs");
  page.fields({{"Version", report.version()},
               {"Kernel", machine.kernel() + ", " + machine.architecture()},
               {"CPU", cpu},
               {"JIT", machine.jit() ? "on" : "off: programs are interpreted, and cost much more",
                machine.jit() ? Style::kPlain : Style::kWarning},
               {"Clock", machine.clock()},
               {"Empty program", decimal(report.empty_nanoseconds(), 1) + " ns, which every figure below is net of"}});
}

Table table_of(const v1alpha1::BenchTable& measured, bool wide) {
  std::vector<Column> columns{{.title = "PACKET", .keep = 9, .least = 20, .wraps = true},
                              {.title = "NS", .keep = 8, .right = true},
                              {.title = "NOISE", .keep = 7, .right = true}};
  const BenchCase none;
  const auto first = std::ranges::find_if(measured.cases(), [](const BenchCase& each) { return each.core_size() > 0; });
  const auto& rates = (first == measured.cases().end() ? none : *first).core();
  for (const auto& core : rates)
    columns.push_back({.title = short_number(core.packets_per_second()) + "/s", .keep = 6, .right = true});
  if (wide) columns.push_back({.title = "GOAL", .keep = 1, .right = true});
  Table table(columns);
  const std::string blank;
  for (const Hook& hook : kHooks) {
    bool said = false;
    for (const BenchCase& each : measured.cases()) {
      if (each.hook() != hook.name || !each.not_measured().empty()) continue;
      if (!said) table.add_heading(hook.heading);
      said = true;
      std::vector<Cell> row{{each.name()}, {cost_text(each), Style::kStrong}, {decimal(each.spread(), 1), Style::kDim}};
      for (const auto& core : each.core()) row.push_back({(each.noise() ? "< " : "") + share_text(core.share())});
      if (wide)
        row.push_back(
            {each.has_goal() ? decimal(each.goal(), 0) : blank, misses_goal(each) ? Style::kWarning : Style::kPlain});
      table.add(std::move(row));
    }
  }
  return table;
}

void add_not_measured(Page& page, const BenchReport& report) {
  for (const Hook& hook : kHooks) {
    for (const auto& table : report.tables()) {
      const auto missing = std::ranges::find_if(table.cases(), [&](const BenchCase& each) {
        return each.hook() == hook.name && !each.not_measured().empty();
      });
      if (missing == table.cases().end()) continue;
      page.say(std::string("Not measured: ") + hook.name + ": " + missing->not_measured() + ".", Style::kWarning);
      break;
    }
  }
}

void add_maps(Page& page, const BenchReport& report, bool wide) {
  std::uint64_t bytes = 0;
  for (const auto& map : report.maps()) bytes += map.bytes();
  page.say("Kernel memory of the tables, at their default sizes: " + bytes_text(bytes) + ".");
  if (!wide) return;
  Table table({{.title = "TABLE"}, {.title = "OF", .right = true}, {.title = "MEMORY", .right = true}});
  for (const auto& map : report.maps())
    table.add({{map.map()}, {std::to_string(map.capacity())}, {bytes_text(map.bytes())}});
  page.table(table, 2);
}

}  // namespace

std::string bench_page(const BenchReport& report, const Layout& layout) {
  Page page(layout);
  add_machine(page, report);
  for (const auto& table : report.tables()) {
    page.heading("Nanoseconds a packet, and of one core at so many packets a second; " +
                 counted(table.pods(), "pod", "pods") + ", " + counted(table.prefixes(), "prefix", "prefixes"));
    page.table(table_of(table, layout.wide), 2);
  }
  page.gap();
  page.say("Noise is how far " + std::to_string(report.rounds()) +
           " rounds differ, but for the outer quarters; a smaller difference is none. <: not told from nothing.");
  add_not_measured(page, report);
  add_maps(page, report, layout.wide);
  return page.text();
}

}  // namespace sextant::app::cli
