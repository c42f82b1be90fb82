#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/app/cli/text.h"
#include "agent/app/cli/views.h"
#include "tests/unit/app/cli_console_fixture.h"

namespace sextant::app::cli {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

void add_case(v1alpha1::BenchTable& table, const char* hook, const char* name, double nanoseconds, double spread) {
  auto& each = *table.add_cases();
  each.set_hook(hook);
  each.set_name(name);
  each.set_nanoseconds(nanoseconds);
  each.set_spread(spread);
  each.set_noise(nanoseconds <= spread);
  for (const std::uint64_t rate : {10'000U, 100'000U, 1'000'000U}) {
    auto& core = *each.add_core();
    core.set_packets_per_second(rate);
    core.set_share(std::max(nanoseconds, spread) * static_cast<double>(rate) / 1e9);
  }
}

v1alpha1::BenchReport report() {
  v1alpha1::BenchReport report;
  report.set_version("0.1.0");
  report.set_rounds(25);
  report.set_empty_nanoseconds(17.4);
  auto& machine = *report.mutable_machine();
  machine.set_kernel("Linux 6.18.44");
  machine.set_architecture("x86_64");
  machine.set_cpu("Intel Xeon");
  machine.set_cpus(2);
  machine.set_jit(true);
  machine.set_clock("tsc");
  auto& table = *report.add_tables();
  table.set_prefixes(1000);
  table.set_pods(250);
  add_case(table, "uplink", "not IPv6", 0.4, 0.9);
  add_case(table, "uplink", "ICMPv6 echo request, seen before", 48.25, 1.2);
  table.mutable_cases(1)->set_goal(15);
  add_case(table, "delivery", "established TCP", 4.96, 0.5);
  auto& death = *table.add_cases();
  death.set_hook("death");
  death.set_name("not IPv6");
  death.set_not_measured("the kernel is too old");
  auto& map = *report.add_maps();
  map.set_map("sources");
  map.set_capacity(262'144);
  map.set_bytes(12'582'912);
  return report;
}

TEST(BenchPage, SaysWhatTheFiguresMustBeReadWith) {
  EXPECT_THAT(bench_page(report(), {.width = 100}),
              AllOf(HasSubstr("Linux 6.18.44, x86_64"), HasSubstr("Intel Xeon, 2 CPUs"), ContainsRegex("JIT +on\n"),
                    ContainsRegex("Clock +tsc\n"), HasSubstr("17.4 ns"), HasSubstr("250 pods, 1000 prefixes")));
}

TEST(BenchPage, ShowsACostItsNoiseAndTheShareOfACoreAtThreeRates) {
  const std::string page = bench_page(report(), {.width = 80});
  EXPECT_THAT(page, ContainsRegex("PACKET +NS +NOISE +10k/s +100k/s +1M/s\n"));
  EXPECT_THAT(page, ContainsRegex("ICMPv6 echo request, seen before +48\\.2 +1\\.2 +0\\.05% +0\\.48% +4\\.8%\n"));
  EXPECT_THAT(page, HasSubstr("12 MiB"));
}

TEST(BenchPage, CallsNoFigureWhatIsNotAboveTheNoise) {
  EXPECT_THAT(bench_page(report(), {.width = 80}),
              ContainsRegex("not IPv6 +< 0\\.9 +0\\.9 +< 0\\.00% +< 0\\.01% +< 0\\.09%\n"));
}

TEST(BenchPage, SaysWhatWasNotMeasuredAndWhy) {
  const std::string page = bench_page(report(), {.width = 80});
  EXPECT_THAT(page, HasSubstr("Not measured: death: the kernel is too old."));
  EXPECT_THAT(page, Not(HasSubstr("Death: packets")));
}

TEST(BenchPage, WideShowsGoalsAndTables) {
  const std::string page = bench_page(report(), {.width = 0, .wide = true});
  EXPECT_THAT(page, AllOf(HasSubstr("GOAL"), ContainsRegex("sources +262144 +12 MiB")));
}

TEST(BenchPage, FitsEveryWidth) {
  for (const std::size_t columns : {60U, 80U, 120U}) {
    for (const auto& line : lines_of(bench_page(report(), {.width = columns}))) EXPECT_LE(width(line), columns) << line;
  }
  EXPECT_THAT(bench_page(report(), {.width = 80}), Not(HasSubstr("left out")));
}

}  // namespace
}  // namespace sextant::app::cli
