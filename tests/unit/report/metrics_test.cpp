#include "agent/report/metrics.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "fixed_backend.h"

namespace sextant::report {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every family, with several series and with text that needs care.
FixedBackend busy_backend() {
  FixedBackend out;
  out.status_view.cilium_release = "1.20.2";
  out.status_view.resident_bytes = 30U << 20U;
  out.status_view.features = {{.name = "tcx", .available = true}, {.name = "btf", .available = false}};
  out.status_view.maps = {{.map = "rows", .entries = 3, .capacity = 65536}};
  out.status_view.programs = {{.program = "uplink",
                               .events = 9,
                               .events_lost = 1,
                               .rows_lost = 2,
                               .run_time = std::chrono::milliseconds{1500}}};
  out.recent.push_back(unintended_delivery());
  out.recent.back().state = FindingState::kResolved;
  out.uplinks = {{.uplink = "eth\"0\\\n",
                  .fate = PacketFate::kJudged,
                  .verdict = Verdict::kDeny,
                  .protocol = Protocol::kTcp,
                  .packets = 7},
                 {.uplink = "eth\xff", .fate = PacketFate::kNotIpv6, .packets = 9}};
  out.attempts_view->attempts = {
      {.endpoint = db().ref, .protocol = Protocol::kTcp, .port = 5432, .verdict = Verdict::kDeny, .packets = 41}};
  out.metrics_view.config = {{"source", "manifests"}};
  out.metrics_view.blind = {{Witness::kDeath, std::chrono::milliseconds{2500}}};
  out.metrics_view.refused_calls = {{"execve", 2}};
  out.metrics_view.policy_compile.observe(std::chrono::milliseconds{3});
  out.metrics_view.policy_compile.observe(std::chrono::seconds{9});
  return out;
}

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() { counters.findings_opened["SXT001"] = 2; }
  std::string text() { return metrics.render(Exposition::kText); }

  FixedBackend backend = busy_backend();
  ServerCounters counters{.answers = {{200, 5}}, .connections_refused = 1};
  Metrics metrics{backend, counters, 2000};
};

TEST_F(MetricsTest, SayWhatTheInterfaceNames) {
  const std::string out = text();
  for (const char* line : {"sextant_build_info{version=\"",
                           "sextant_config_info{node=\"n1\",cilium_release=\"1.20.2\",source=\"manifests\"} 1\n",
                           "sextant_findings{code=\"SXT001\",severity=\"critical\",namespace=\"shop\"} 1\n",
                           "sextant_findings_opened_total{code=\"SXT001\"} 2\n",
                           "sextant_exposures{namespace=\"shop\",workload=\"Deployment/"
                           "web\",protocol=\"TCP\",port=\"80-81\",scope=\"world\"} 1\n",
                           "sextant_ingress_attempts_total{namespace=\"shop\",workload=\"StatefulSet/"
                           "db\",protocol=\"TCP\",port=\"5432\",verdict=\"deny\"} 41\n",
                           "sextant_events_total{program=\"uplink\"} 9\n",
                           "sextant_events_lost_total{program=\"uplink\"} 1\n",
                           "sextant_blind_seconds_total{witness=\"death\"} 2.5\n",
                           "sextant_refused_calls_total{call=\"execve\"} 2\n",
                           "sextant_map_entries{map=\"rows\"} 3\n",
                           "sextant_map_capacity{map=\"rows\"} 65536\n",
                           "sextant_program_run_seconds_total{program=\"uplink\"} 1.5\n",
                           "sextant_policy_compile_seconds_bucket{le=\"0.005\"} 1\n",
                           "sextant_policy_compile_seconds_bucket{le=\"+Inf\"} 2\n",
                           "sextant_policy_compile_seconds_count 2\n",
                           "sextant_series_dropped_total 0\n",
                           "sextant_feature_available{feature=\"btf\"} 0\n",
                           "sextant_api_requests_total{code=\"200\"} 5\n",
                           "sextant_api_connections_refused_total 1\n",
                           "# TYPE sextant_findings_opened_total counter\n",
                           "# HELP sextant_findings "}) {
    EXPECT_THAT(out, HasSubstr(line));
  }
}

TEST_F(MetricsTest, EscapeLabelsAndKeepToUtf8) {
  const std::string out = text();
  EXPECT_THAT(
      out,
      HasSubstr(R"(sextant_ingress_packets_total{uplink="eth\"0\\\n",fate="judged",verdict="deny",protocol="TCP"} 7)"));
  EXPECT_THAT(out, HasSubstr("sextant_ingress_packets_total{uplink=\"eth\xef\xbf\xbd\",fate=\"not_ipv6\",verdict=\"\","
                             "protocol=\"other\"} 9"));
}

TEST_F(MetricsTest, DoNotSpeakOfPartsThatDoNotExist) {
  EXPECT_THAT(text(), Not(HasSubstr("sextant_canary")));
  EXPECT_THAT(text(), Not(HasSubstr("sextant_kube")));
  EXPECT_THAT(text(), Not(HasSubstr("sextant_notifications")));
}

TEST_F(MetricsTest, NeverHoldTheAddressOfASource) {
  backend.attempts_view->sources = {{.prefix = net("2600:1::/48"), .endpoint = db().ref, .estimate = 9}};
  EXPECT_THAT(text(), Not(HasSubstr("2600:")));
}

TEST_F(MetricsTest, AFamilyHoldsItsLimitAndOneMoreIsCounted) {
  Metrics small(backend, counters, 3);
  for (int i = 0; i < 3; ++i) {
    backend.recent.push_back(unintended_delivery());
    backend.recent.back().endpoint.ref.ns = "ns" + std::to_string(i);  // with "shop" four
  }
  const std::string out = small.render(Exposition::kText);
  std::size_t findings = 0;
  for (std::size_t at = out.find("sextant_findings{"); at != std::string::npos;
       at = out.find("sextant_findings{", at + 1))
    ++findings;
  EXPECT_EQ(findings, 3U);
  EXPECT_THAT(out, HasSubstr("sextant_series_dropped_total 1\n"));
  EXPECT_THAT(small.render(Exposition::kText), HasSubstr("sextant_series_dropped_total 2\n"));
}

TEST_F(MetricsTest, AttemptsThatCannotBeReadStandStill) {
  static_cast<void>(text());
  backend.attempts_view = failure("read the table");
  EXPECT_THAT(text(), HasSubstr("verdict=\"deny\"} 41\n"));
}

TEST_F(MetricsTest, OpenMetricsNamesFamiliesWithoutSuffixAndEnds) {
  const std::string out = metrics.render(Exposition::kOpenMetrics);
  for (const char* text :
       {"# TYPE sextant_findings_opened counter\n", "\nsextant_findings_opened_total{code=\"SXT001\"} 2\n",
        "# TYPE sextant_build info\n", "\nsextant_build_info{version=", "# TYPE sextant_findings gauge\n",
        "# TYPE sextant_policy_compile_seconds histogram\n", "sextant_policy_compile_seconds_bucket{le=\"1.0\"} 1\n",
        "sextant_policy_compile_seconds_bucket{le=\"0.005\"} 1\n",
        "sextant_policy_compile_seconds_bucket{le=\"+Inf\"} 2\n", R"(uplink="eth\"0\\\n")"}) {
    EXPECT_THAT(out, HasSubstr(text));
  }
  EXPECT_TRUE(out.ends_with("\n# EOF\n"));
  EXPECT_THAT(out, Not(HasSubstr("\n\n")));
}

TEST_F(MetricsTest, PromtoolFindsNothingToSay) {
  if (std::system("command -v promtool >/dev/null") != 0)
    GTEST_SKIP() << "promtool is not installed (deploy/deps test)";
  std::string path = (std::filesystem::temp_directory_path() / "sextant-metrics-XXXXXX").string();
  const UniqueFd file(::mkstemp(path.data()));
  ASSERT_TRUE(file);
  std::ofstream(path) << text();
  const std::string command = "promtool check metrics <" + path + " 2>&1";
  std::string said;
  const CPtr<std::FILE, ::pclose> pipe(::popen(command.c_str(), "r"));
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) said += static_cast<char>(c);
  std::filesystem::remove(path);
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace sextant::report
