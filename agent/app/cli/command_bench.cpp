// bench.
#include "agent/app/cli/command_options.h"
#include "agent/app/cli/time_text.h"
#include "agent/datapath/packet_bench.h"

namespace sextant::app::cli {
namespace {

constexpr std::chrono::seconds kShortest{1};
constexpr std::chrono::minutes kLongest{10};

Result<std::uint32_t> prefixes_from(const std::string& text) {
  const auto number = number_from(text);
  if (!number || *number < 1 || *number > datapath::kMostPrefixes)
    return failure("'" + text + "' is no number from 1 to " + std::to_string(datapath::kMostPrefixes));
  return number;
}

Result<std::chrono::milliseconds> bench_duration_from(const std::string& text) {
  auto duration = duration_from(text);
  if (duration && (*duration < kShortest || *duration > kLongest)) return failure("must be from 1s to 10m");
  return duration;
}

}  // namespace

void declare_bench(CLI::App& app, Parsed& parsed) {
  BenchOptions& options = parsed.line.bench;
  CLI::App& verb = add_verb(app, parsed, Verb::kBench, "bench",
                            "What a packet costs on this machine's kernel; attaches nothing, needs no daemon");
  add_values(verb, "--prefixes", "N", options.prefixes, prefixes_from,
             "How many prefixes policies name, 1 to " + std::to_string(datapath::kMostPrefixes) +
                 " (default 1000; repeatable: after the first only what depends on it is measured)")
      ->delimiter(',');
  add_value(verb, "--duration", "DURATION", options.duration, bench_duration_from,
            "How long to measure, 1s to 10m: the longer, the less noise (default 5s)");
  declare_global_options(verb, parsed);
  verb.footer("bench\nbench --prefixes 16,1000,100000 --duration 30s\nbench -o json");
}

}  // namespace sextant::app::cli
