// The command line end to end, against the real API server.
#include "agent/app/cli/cli.h"

#include <fstream>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/app/cli/text.h"
#include "agent/report/convert.h"
#include "agent/report/json.h"
#include "tests/unit/app/cli_console_fixture.h"

namespace sextant::app::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class Cli : public testing::Test {
 protected:
  Outcome run(std::vector<std::string> args, Console console = {}) {
    console.env["SEXTANT_SERVER"] = daemon_.server();
    return console.run(std::move(args));
  }

  Answers answers_ = busy_node();
  Daemon daemon_{answers_};
};

TEST_F(Cli, PrintsEveryView) {
  for (const char* verb : {"status", "findings", "endpoints", "exposure", "attempts"}) {
    for (const char* output : {"table", "wide", "json", "yaml"}) {
      const Outcome outcome = run({verb, "-o", output});
      EXPECT_EQ(outcome.status, 0) << verb << outcome.err;
      EXPECT_THAT(outcome.out, Not(IsEmpty())) << verb;
      EXPECT_THAT(outcome.err, IsEmpty()) << verb;
      EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b"))) << verb;
    }
  }
}

TEST_F(Cli, JsonIsTheApis) {
  const auto pretty = [](const auto& message) { return report::to_json(message, report::JsonStyle::kPretty); };
  EXPECT_EQ(run({"status", "-o", "json"}).out, pretty(report::to_message(answers_.status_view)));
  EXPECT_EQ(run({"findings", "--all", "-o", "json"}).out, pretty(report::to_message(answers_.all_findings)));
  EXPECT_EQ(run({"endpoints", "--all", "-o", "json"}).out, pretty(report::to_message(answers_.rows)));
  EXPECT_EQ(run({"exposure", "-o", "json"}).out, pretty(report::to_message(answers_.exposures)));
  EXPECT_EQ(run({"attempts", "-o", "json"}).out, pretty(report::to_message(answers_.attempts_view)));
  EXPECT_EQ(run({"findings", "SXT001-6f1c2b9d", "-o", "json"}).out,
            pretty(report::to_message(answers_.all_findings[1])));
}

TEST_F(Cli, FindingsShowsOpenOnesAndAllOnRequest) {
  EXPECT_THAT(run({"findings"}).out, AllOf(HasSubstr("SXT001-6f1c2b9d"), Not(HasSubstr("SXT009"))));
  EXPECT_THAT(run({"findings", "--all"}).out, AllOf(HasSubstr("SXT001-6f1c2b9d"), HasSubstr("SXT009-00000001")));
}

TEST_F(Cli, FiltersGoToTheDaemon) {
  EXPECT_EQ(run({"findings", "--severity", "info"}).out, "No open findings that match.\n");
  EXPECT_THAT(run({"findings", "--code", "SXT001", "-n", "shop", "--severity", "critical,warning"}).out,
              HasSubstr("SXT001"));
  EXPECT_EQ(run({"findings", "-n", "ops"}).out, "No open findings that match.\n");
  EXPECT_EQ(run({"findings", "--since", "1s"}).out, "No open findings that match.\n");
  EXPECT_THAT(run({"endpoints", "-n", "nowhere"}).out, HasSubstr("No rows"));
  EXPECT_THAT(run({"attempts", "--top", "1"}).out, Not(HasSubstr("5432/TCP  deny            12")));
}

TEST_F(Cli, FailOnTellsByItsExitStatus) {
  EXPECT_EQ(run({"findings", "--fail-on", "critical"}).status, 1);
  EXPECT_EQ(run({"findings", "--fail-on", "info"}).status, 1);
  EXPECT_EQ(run({"findings", "--fail-on", "info", "-n", "ops"}).status, 0);
  EXPECT_EQ(run({"findings", "--fail-on", "info", "-n", "ops", "--all"}).status, 0) << "a resolved one is no failure";
  EXPECT_EQ(run({"findings", "--fail-on", "critical", "-o", "json"}).status, 1);
  EXPECT_EQ(run({"findings", "SXT001-6f1c2b9d", "--fail-on", "warning"}).status, 1);
}

TEST_F(Cli, FindingShowsOneInFull) {
  const Outcome outcome = run({"findings", "SXT001-6f1c2b9d"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("Fix, ready to apply"));
  const Outcome missing = run({"findings", "SXT001-00000000"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_EQ(missing.err, "sextant: findings: no finding has the id 'SXT001-00000000'\n");
}

TEST_F(Cli, EndpointsShowPublicSourcesUnlessAllAreAskedFor) {
  EXPECT_THAT(run({"endpoints"}).out, Not(HasSubstr("pod:app=web")));
  EXPECT_THAT(run({"endpoints", "--all"}).out, HasSubstr("pod:app=web"));
  EXPECT_THAT(run({"endpoints", "node/n1"}).out, AllOf(HasSubstr("node/n1"), Not(HasSubstr("shop/db"))));
}

TEST_F(Cli, ExposureOfOneEndpoint) {
  EXPECT_THAT(run({"exposure", "shop/db"}).out, AllOf(HasSubstr("shop/db"), Not(HasSubstr("node/n1"))));
}

TEST_F(Cli, ExplainAsksTheDaemon) {
  const Outcome outcome = run({"explain", "--to", "shop/db", "--from", "2600:1::7", "--port", "5432"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("deny: shop/db 5432/TCP from 2600:1::7\n"));
}

TEST_F(Cli, FitsTheTerminalAndColoursOnlyThere) {
  Console terminal{.columns = 60};
  const Outcome coloured = run({"findings"}, terminal);
  EXPECT_THAT(coloured.out, HasSubstr("\x1b[1;31mcritical"));
  for (const auto& args :
       std::vector<std::vector<std::string>>{{"findings", "--no-color"}, {"--no-color", "findings"}}) {
    const Outcome plain = run(args, terminal);
    EXPECT_THAT(plain.out, Not(HasSubstr("\x1b")));
    for (const auto& line : lines_of(plain.out)) EXPECT_LE(width(line), 60U) << line;
  }
  terminal.env["NO_COLOR"] = "1";
  EXPECT_THAT(run({"findings"}, terminal).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run({"findings"}, {.env = {{"TERM", "dumb"}}, .columns = 60}).out, Not(HasSubstr("\x1b")));
}

TEST_F(Cli, ColumnsCanBeGivenToAPipe) {
  for (const auto& line : lines_of(run({"findings"}, {.env = {{"COLUMNS", "50"}}}).out)) EXPECT_LE(width(line), 50U);
  for (const auto& line : lines_of(run({"findings"}, {.env = {{"COLUMNS", "wide"}}}).out)) EXPECT_LE(width(line), 100U);
}

TEST_F(Cli, AttemptsWatchedOnATerminalRedraws) {
  int looks = 0;
  Console terminal{.columns = 80, .pause = [&] { return ++looks < 3; }};
  const Outcome outcome = run({"attempts", "--watch"}, terminal);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(looks, 3);
  EXPECT_THAT(outcome.out, StartsWith("\x1b[H\x1b[2J"));
}

TEST_F(Cli, AttemptsWatchedInAPipeAreJsonLines) {
  int looks = 0;
  const Outcome outcome = run({"attempts", "--watch"}, {.pause = [&] { return ++looks < 3; }});
  const auto lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 3U);
  for (const auto& line : lines) EXPECT_TRUE(boost::json::parse(line).as_object().contains("attempts"));
}

TEST_F(Cli, AttemptsWatchOutlivesTheDaemon) {
  int looks = 0;
  std::optional<Daemon> second;
  const Outcome outcome = run({"attempts", "--watch"}, {.pause = [&] {
                                ++looks;
                                if (looks == 1) daemon_.stop();
                                if (looks == 3) second.emplace(answers_, daemon_.socket());
                                return looks < 5;
                              }});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(lines_of(outcome.out).size(), 3U);
  const auto notes = lines_of(outcome.err);
  ASSERT_EQ(notes.size(), 2U) << outcome.err;
  EXPECT_THAT(notes[0], AllOf(StartsWith("sextant: attempts: connect to unix:"), HasSubstr("; trying again")));
  EXPECT_EQ(notes[1], "sextant: attempts: connected again");
}

TEST_F(Cli, WhatTheDaemonCannotTellIsAnError) {
  answers_.broken = "no packets are seen: BPF is missing";
  const Outcome outcome = run({"attempts"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, "sextant: attempts: no packets are seen: BPF is missing\n");
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(CliAlone, SaysThatNoDaemonRuns) {
  const Outcome outcome =
      Console{.env = {{"SEXTANT_SERVER", "unix:/nonexistent"}}}.run({"findings", "--fail-on", "info"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err,
              StartsWith("sextant: findings: connect to unix:/nonexistent: No such file or directory (is sextantd"));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(CliAlone, BadUsageIsExitStatus2WithTheWayToHelp) {
  const Outcome outcome = Console{}.run({"findings", "--sevrity", "x"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err,
            "sextant: findings: no option '--sevrity'; did you mean '--severity'?\nsee 'sextant findings --help'\n");
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(CliAlone, VerbsOfLaterVersionsSaySo) {
  const Outcome outcome = Console{}.run({"verify", "--manifests", "x"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, "sextant: verify: not in this version\n");
}

TEST(CliAlone, HelpAndVersionNeedNoDaemon) {
  EXPECT_THAT(Console{}.run({}).out, HasSubstr("Usage: sextant VERB"));
  EXPECT_THAT(Console{}.run({"help", "explain"}).out, HasSubstr("Usage: sextant explain"));
  EXPECT_EQ(Console{}.run({"help", "nonsense"}).status, 2);
  EXPECT_THAT(Console{}.run({"version"}).out, StartsWith("sextant "));
  const auto version = boost::json::parse(Console{}.run({"version", "-o", "json"}).out).as_object();
  EXPECT_TRUE(version.contains("version"));
  EXPECT_TRUE(version.contains("commit"));
  EXPECT_THAT(Console{}.run({"version", "-o", "yaml"}).out, HasSubstr("commit:"));
  EXPECT_THAT(Console{}.run({"completion", "bash"}).out, HasSubstr("complete -F _sextant"));
}

TEST(CliAlone, SpeaksOfKubectlWhenRunAsItsPlugin) {
  std::ostringstream out;
  std::ostringstream err;
  const SystemClock clock;
  std::istringstream in;
  Io io{.in = in, .out = out, .err = err, .clock = clock};
  EXPECT_EQ(run({"/usr/local/bin/kubectl-sextant", "--help"}, io), 0);
  EXPECT_THAT(out.str(), HasSubstr("Usage: kubectl sextant VERB"));
  EXPECT_EQ(run({"kubectl-sextant", "nonsense"}, io), 2);
  EXPECT_THAT(err.str(), HasSubstr("see 'kubectl sextant --help'"));
}

TEST(CliAlone, AFullDiskIsAnError) {
  std::ofstream full("/dev/full");
  std::ostringstream err;
  EXPECT_EQ(Console{}.run({"version"}, full, err), 2);
  EXPECT_THAT(err.str(), HasSubstr("write standard output"));
}

}  // namespace
}  // namespace sextant::app::cli
