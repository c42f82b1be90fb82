// What `sextant explain --batch` costs: verdicts of a compiled cluster, whole lines of many checks, and the corpus from
// end to end. One node's worth: 250 pods, 100 policies. items_per_second are checks; a check of a line has four
// verdicts, one for each release.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "agent/app/cli/batch/answer.h"
#include "agent/app/cli/batch/batch.h"
#include "agent/app/cli/batch/scenario.h"
#include "agent/base/document.h"
#include "agent/policy/inquiry.h"

namespace {

using namespace sextant;
using namespace sextant::app::cli;

constexpr int kPods = 250;
constexpr int kPolicies = 100;
constexpr int kNamespaces = 10;
constexpr int kChecks = 20'000;
constexpr const char* kCorpus = "tests/data/conformance/mixed-a.jsonl.xz";  // from the root of the sources

std::string number(int n) { return std::to_string(n); }
std::string ns(int n) { return "ns" + number(n % kNamespaces); }

std::string pod(int n) {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p)" + number(n) + R"(","namespace":")" + ns(n) +
         R"(","labels":{"app":"a)" + number(n % 20) + R"("}},"spec":{"nodeName":"n)" + number(n % 3) +
         R"("},"status":{"podIPs":[{"ip":"2001:db8:1::)" + number(n + 1) + R"("}]}})";
}

std::string policy(int n) {
  return R"({"apiVersion":"cilium.io/v2","kind":"CiliumNetworkPolicy","metadata":{"name":"c)" + number(n) +
         R"(","namespace":")" + ns(n) + R"("},"spec":{"endpointSelector":{"matchLabels":{"app":"a)" + number(n % 20) +
         R"("}},"ingress":[{"fromEndpoints":[{"matchLabels":{"app":"a)" + number(n % 7) +
         R"("}}]},{"fromCIDRSet":[{"cidr":"2a00:)" + number(n) + R"(::/32","except":["2a00:)" + number(n) +
         R"(:1::/48"]}],"toPorts":[{"ports":[{"port":"443","protocol":"TCP"},{"port":"8000","endPort":8100}]}]},)" +
         R"({"fromEntities":["world"],"toPorts":[{"ports":[{"port":")" + number(1000 + n) + R"("}]}]}]}})";
}

std::string cluster() { return R"({"name":"c1","families":"dual","node":"n1"})"; }
std::string objects() {
  std::string text = "[";
  for (int i = 0; i < kPods; ++i) text += pod(i) + ",";
  for (int i = 0; i < kPolicies; ++i) text += policy(i) + (i + 1 < kPolicies ? "," : "]");
  return text;
}

struct Question {
  std::string to{};
  std::string from{};
  std::uint16_t port = 0;
};

std::vector<Question> questions() {
  std::mt19937 random(1);
  std::vector<Question> all;
  const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };
  for (int i = 0; i < kChecks; ++i) {
    const int pod = below(kPods);
    const std::string from =
        i % 4 == 0 ? "2001:db8:1::" + number(below(kPods) + 1)
                   : "2a00:" + number(below(kPolicies)) + ":" + number(below(3)) + "::" + number(i % 9999);
    all.push_back({.to = R"({"pod":")" + ns(pod) + "/p" + number(pod) + "\"}",
                   .from = R"({"address":")" + from + "\"}",
                   .port = static_cast<std::uint16_t>(i % 3 == 0 ? 443 : 1000 + below(kPolicies))});
  }
  return all;
}

std::string line() {
  std::string text =
      R"({"id":"bench","family":"bench","cluster":)" + cluster() + R"(,"objects":)" + objects() + R"(,"checks":[)";
  for (const Question& question : questions()) {
    text += text.ends_with('[') ? "" : ",";
    text += R"({"to":)" + question.to + R"(,"from":)" + question.from + R"(,"protocol":"TCP","port":)" +
            number(question.port) + "}";
  }
  return text + "]}";
}

std::vector<Version> versions() {
  std::vector<Version> all;
  for (const policy::Release release : policy::kReleases) all.push_back({std::string(to_string(release)), release});
  return all;
}

// One release's verdicts, once everything is compiled and every end was seen.
void compiled_checks(benchmark::State& state) {
  const Scenario scenario = read_scenario(parse_json(cluster()).value(), parse_json(objects()).value()).value();
  const policy::Engine engine(scenario.world, scenario.options);
  policy::Ends ends;
  const std::vector<Question> asked = questions();
  for (const Question& question : asked) {
    ends.subjects.push_back(read_subject(question.to).value());
    ends.peers.push_back(read_peer(question.from).value());
  }
  policy::Inquiry inquiry(engine, ends);
  const auto ask = [&](std::size_t i) { return inquiry.verdict(i, i, Protocol::kTcp, asked[i].port); };
  for (std::size_t i = 0; i < asked.size(); ++i) benchmark::DoNotOptimize(ask(i));
  for (auto unused : state) {
    for (std::size_t i = 0; i < asked.size(); ++i) benchmark::DoNotOptimize(ask(i));
  }
  state.SetItemsProcessed(state.iterations() * kChecks);
}
BENCHMARK(compiled_checks)->Unit(benchmark::kMillisecond);

// A line read, compiled, judged for four releases, and written: on one core.
void one_long_line(benchmark::State& state) {
  ScenarioAnswerer answerer(versions());
  const std::string text = line();
  std::string out;
  for (auto unused : state) {
    out.clear();
    if (const auto answered = answerer.answer(text, out); !answered)
      return state.SkipWithError(answered.error().what.c_str());
  }
  state.SetItemsProcessed(state.iterations() * kChecks);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(one_long_line)->Unit(benchmark::kMillisecond);

std::string corpus() {
  struct Close {
    void operator()(FILE* file) const { ::pclose(file); }
  };
  const std::unique_ptr<FILE, Close> pipe(::popen((std::string("xz -dc ") + kCorpus).c_str(), "r"));
  std::string text;
  std::vector<char> part(1U << 20U);
  while (const std::size_t got = pipe == nullptr ? 0 : std::fread(part.data(), 1, part.size(), pipe.get()))
    text.append(part.data(), got);
  return text;
}

std::size_t count(std::string_view text, std::string_view word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

// Small scenarios, each compiled for four releases for 90 checks: on every core.
void corpus_end_to_end(benchmark::State& state) {
  const std::string text = corpus();
  if (text.empty()) return state.SkipWithError((std::string("cannot read ") + kCorpus).c_str());
  for (auto unused : state) {
    std::size_t at = 0;
    const ByteSource source = [&](char* to, std::size_t most) -> Result<std::size_t> {
      const std::size_t size = std::min(most, text.size() - at);
      std::copy_n(text.data() + at, size, to);
      at += size;
      return size;
    };
    std::ostringstream out, err;
    const auto answered = answer_batch(source, out, err, {.versions = versions(), .name = kCorpus});
    if (!answered || !*answered) return state.SkipWithError(err.str().c_str());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count(text, "{\"to\":{")));
  state.counters["lines"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * static_cast<double>(count(text, "\n")), benchmark::Counter::kIsRate);
}
BENCHMARK(corpus_end_to_end)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
