#include "agent/app/cli/views.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/app/cli/text.h"
#include "agent/report/convert.h"
#include "tests/unit/app/cli_console_fixture.h"

namespace sextant::app::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

struct Pages {
  Answers answers = busy_node();
  v1alpha1::Status status = report::to_message(answers.status_view);
  v1alpha1::FindingList findings = report::to_message(answers.all_findings);
  v1alpha1::EndpointRowList rows = report::to_message(answers.rows);
  v1alpha1::ExposureList exposures = report::to_message(answers.exposures);
  v1alpha1::AttemptList attempts = report::to_message(answers.attempts_view);
  v1alpha1::Explanation explanation = report::to_message(
      answers.explain({.to = "shop/db", .from = "2600:1::7", .protocol = Protocol::kTcp, .port = 5432}).value());

  std::vector<std::string> all(const Layout& layout) const {
    return {
        status_page(status, layout, kConsoleNow),  findings_page(findings, {.resolved_too = true}, layout, kConsoleNow),
        endpoints_page(rows, layout, kConsoleNow), exposure_page(exposures, layout),
        explain_page(explanation, layout),         attempts_page(attempts, layout, kConsoleNow)};
  }
};

const Layout kPlain80{.width = 80};

TEST(Views, FitEveryWidth) {
  const Pages pages;
  for (const std::size_t columns : {60U, 80U, 120U, 200U}) {
    for (const auto& page : pages.all({.width = columns})) {
      for (const auto& line : lines_of(page)) {
        EXPECT_LE(width(line), columns) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
      }
    }
  }
}

TEST(Views, LoseNoColumnAt80) {
  for (const auto& page : Pages{}.all(kPlain80))
    EXPECT_THAT(page, AllOf(Not(HasSubstr("left out")), Not(HasSubstr("…"))));
}

TEST(Views, ColourOnlyWhenAsked) {
  const Pages pages;
  for (const auto& page : pages.all(kPlain80)) EXPECT_THAT(page, Not(HasSubstr("\x1b")));
  for (const auto& page : pages.all({.width = 80, .colour = true})) EXPECT_THAT(page, HasSubstr("\x1b["));
}

TEST(Views, WideShowsMoreAndCutsNothing) {
  const Pages pages;
  const auto wide = pages.all({.width = 0, .wide = true});
  for (const auto& page : wide) EXPECT_THAT(page, Not(HasSubstr("…")));
  EXPECT_THAT(wide[1], AllOf(HasSubstr("UnintendedDelivery"), HasSubstr("n1")));
  EXPECT_THAT(wide[2], AllOf(HasSubstr("2001:db8:1::5"), HasSubstr("policies/db.yaml:12")));
}

TEST(FindingsPage, PutsTheWorstOpenOneFirstAndSumsUp) {
  const Pages pages;
  const std::string page = findings_page(pages.findings, {.resolved_too = true}, kPlain80, kConsoleNow);
  EXPECT_LT(page.find("SXT001-6f1c2b9d"), page.find("SXT009-00000001"));
  EXPECT_THAT(page, HasSubstr("3m "));
  EXPECT_THAT(page, HasSubstr("(resolved: delivered again)"));
  EXPECT_THAT(page, HasSubstr("\n1 open: 1 critical; 1 resolved.\n"));
}

TEST(FindingsPage, ColoursSeverityAndDimsWhatIsResolved) {
  const std::string page =
      findings_page(Pages{}.findings, {.resolved_too = true}, {.width = 120, .colour = true}, kConsoleNow);
  EXPECT_THAT(page, HasSubstr("\x1b[1;31mcritical\x1b[0m"));
  EXPECT_THAT(page, HasSubstr("\x1b[2mSXT009-00000001\x1b[0m"));
}

TEST(FindingsPage, SaysNoneAndWhoLooked) {
  v1alpha1::ClusterStatus lookers;
  *lookers.add_nodes() = Pages{}.status;
  const FindingsShown shown{.lookers = &lookers};
  std::string page = findings_page({}, shown, kPlain80, kConsoleNow);
  EXPECT_THAT(page, HasSubstr("No open findings, but not everything is seen:"));
  EXPECT_THAT(page, HasSubstr("death is blind for 2h: tp_btf is missing"));
  lookers.mutable_nodes(0)->mutable_witnesses()->RemoveLast();
  page = findings_page({}, shown, kPlain80, kConsoleNow);
  EXPECT_EQ(page, "No open findings. Looking: intended, uplink.\n");
}

TEST(FindingsPage, SaysThatNothingMatchesAFilter) {
  EXPECT_EQ(findings_page({}, {.filtered = true}, kPlain80, kConsoleNow), "No open findings that match.\n");
  EXPECT_EQ(findings_page({}, {.resolved_too = true, .filtered = true}, kPlain80, kConsoleNow),
            "No findings that match.\n");
}

TEST(FindingPage, ShowsEvidencePoliciesHistoryFixAndRunbook) {
  const std::string page = finding_page(Pages{}.findings.findings(1), kPlain80, kConsoleNow);
  EXPECT_THAT(page, HasSubstr("SXT001-6f1c2b9d  UnintendedDelivery, critical, open\n"));
  EXPECT_THAT(page, HasSubstr("shop/db, of StatefulSet/db, 2001:db8:1::5, on node n1"));
  EXPECT_THAT(page, HasSubstr("5432/TCP"));
  EXPECT_THAT(page, HasSubstr("world: 2000::/3; seen 2600:1::7"));
  EXPECT_THAT(page, ContainsRegex("intended +deny +no rule lets world in"));
  EXPECT_THAT(page, HasSubstr("CiliumNetworkPolicy shop/db spec.ingress[0] (policies/db.yaml:12)"));
  EXPECT_THAT(page, HasSubstr("2026-11-21T07:57:00Z (3m ago)"));
  EXPECT_THAT(page, HasSubstr("\nRunbook  https://sextant.dev/runbooks/SXT001.md\n"));
}

TEST(FindingPage, TheFixCanBeCopiedAsItStands) {
  const std::string page = finding_page(Pages{}.findings.findings(1), {.width = 20}, kConsoleNow);
  EXPECT_THAT(page, HasSubstr("\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata:\n  name: db\n"));
}

TEST(FindingPage, OfAResolvedOneSaysWhy) {
  const std::string page = finding_page(Pages{}.findings.findings(0), kPlain80, kConsoleNow);
  EXPECT_THAT(page, HasSubstr("resolved   2026-11-21T07:59:00Z (1m ago): delivered again"));
}

TEST(ChangeLine, FitsOneLine) {
  const auto finding = Pages{}.findings.findings(1);
  for (const std::size_t columns : {60U, 80U, 120U}) {
    const std::string line = change_line("opened", finding, {.width = columns}, kConsoleNow);
    EXPECT_LE(width(line), columns + 1);  // the line break
    EXPECT_THAT(line, ContainsRegex("..:..:..  opened    critical  SXT001-6f1c2b9d  shop/db"));
  }
}

TEST(EndpointsPage, ShowsTheFiveWitnessesSideBySide) {
  const std::string page = endpoints_page(Pages{}.rows, {.width = 100}, kConsoleNow);
  EXPECT_THAT(page, HasSubstr("INTENDED"));
  EXPECT_THAT(page, ContainsRegex("\nshop/db, of StatefulSet/db, 2001:db8:1::5\n"));
  EXPECT_THAT(page, ContainsRegex("\n  5432/TCP +world +deny +- +postgres +delivered 3 +-\n"));
  EXPECT_THAT(page, ContainsRegex("\n  any/TCP +pod:app=web +allow +- +- +- +-\n"));
  EXPECT_THAT(page, ContainsRegex("\n  9100/TCP +world +allow by default"));
}

TEST(EndpointsPage, ColoursAContradictionOfTheIntent) {
  const std::string page = endpoints_page(Pages{}.rows, {.width = 120, .colour = true}, kConsoleNow);
  EXPECT_THAT(page, HasSubstr("\x1b[1;31mdelivered 3\x1b[0m"));
  EXPECT_THAT(page, Not(HasSubstr("\x1b[1;31mdeny")));
  EXPECT_THAT(page, HasSubstr("\x1b[1;31mallow by default\x1b[0m"));
}

TEST(EndpointsPage, RowsThatDifferInPortAndSourceOnlyAreOneLineUnlessWide) {
  v1alpha1::EndpointRowList list;
  for (const char* protocol : {"TCP", "UDP", "SCTP", "ICMPv6"}) {
    for (const char* source : {"world", "2001:db8:bad::/48"}) {
      auto& row = *list.add_endpoints();
      row.mutable_endpoint()->set_name("x");
      row.set_protocol(protocol);
      row.set_end_port(65535);
      row.mutable_source()->set_class_(source);
      row.mutable_intended()->set_verdict("deny");
    }
  }
  EXPECT_THAT(endpoints_page(list, {.width = 120}, kConsoleNow),
              ContainsRegex("\nx\n  everything +world, 2001:db8:bad::/48 +deny"));
  EXPECT_EQ(lines_of(endpoints_page(list, {.width = 120}, kConsoleNow)).size(), 3U);
  list.mutable_endpoints(0)->mutable_observed()->set_verdict("allow");
  EXPECT_EQ(lines_of(endpoints_page(list, {.width = 120}, kConsoleNow)).size(), 5U);
  EXPECT_EQ(lines_of(endpoints_page(list, {.width = 0, .wide = true}, kConsoleNow)).size(), 9U);
}

TEST(EndpointsPage, SaysThatThereIsNothing) {
  EXPECT_THAT(endpoints_page({}, kPlain80, kConsoleNow), HasSubstr("No rows"));
}

TEST(ExposurePage, MergesWhatDiffersInPortsOnly) {
  const std::string page = exposure_page(Pages{}.exposures, {.width = 120});
  EXPECT_THAT(page, ContainsRegex("node/n1 +everything +the internet"));
  EXPECT_THAT(
      page,
      ContainsRegex("shop/db +5432/TCP +2001:db8:100::/48 +postgres +CNP shop/db ingress.0. .policies/db.yaml:12."));
  EXPECT_THAT(page, HasSubstr("2 endpoints can be reached from the internet; 1 of them because nothing forbids it."));
  EXPECT_EQ(std::ranges::count(page, '\n'), 5);
}

TEST(ExposurePage, SaysUnknownAndNeverThatItIsClosed) {
  v1alpha1::ExposureList list;
  auto& exposure = *list.add_exposure();
  exposure.mutable_endpoint()->set_kind("Pod");
  exposure.mutable_endpoint()->set_name("x");
  exposure.set_protocol("TCP");
  exposure.set_port(1);
  exposure.set_end_port(1);
  exposure.set_verdict("unknown");
  exposure.set_reason("fromGroups cannot be computed");
  exposure.mutable_source()->set_class_("world");
  const std::string page = exposure_page(list, {.width = 120, .colour = true});
  EXPECT_THAT(page, HasSubstr("\x1b[33munknown: fromGroups cannot be computed\x1b[0m"));
  EXPECT_THAT(page, HasSubstr("for 1 it cannot be told"));
}

TEST(ExposurePage, ShortensLongListsOfPrefixesButNotWhenWide) {
  v1alpha1::ExposureList list;
  auto& exposure = *list.add_exposure();
  exposure.set_verdict("allow");
  exposure.mutable_source()->set_class_("public");
  for (int i = 0; i < 20; ++i) exposure.mutable_source()->add_prefixes("2001:db8:" + std::to_string(i) + "::/48");
  EXPECT_THAT(exposure_page(list, {.width = 200}), HasSubstr("and 14 more"));
  EXPECT_THAT(exposure_page(list, {.width = 0, .wide = true}), HasSubstr("2001:db8:19::/48"));
}

TEST(ExposurePage, AServiceAtSeveralAddressesIsOneLineUnlessWide) {
  v1alpha1::ExposureList list;
  for (const char* address : {"2001:db8::1", "2001:db8::2"}) {
    auto& exposure = *list.add_exposure();
    exposure.mutable_endpoint()->set_kind("Service");
    exposure.mutable_endpoint()->set_namespace_("shop");
    exposure.mutable_endpoint()->set_name("db");
    exposure.mutable_endpoint()->set_address(address);
    exposure.set_protocol("TCP");
    exposure.set_port(30432);
    exposure.set_end_port(30432);
    exposure.set_verdict("allow");
    exposure.set_because("default allow");
    exposure.set_reason("by NodePort [" + std::string(address) + "]:30432/TCP: no policy selects it");
    exposure.mutable_source()->set_class_("world");
    exposure.mutable_door()->set_kind("NodePort");
    v1alpha1::Backend& backend = *exposure.mutable_door()->add_backends();
    backend.mutable_endpoint()->set_namespace_("shop");
    backend.mutable_endpoint()->set_name("db-0");
    backend.set_port(5432);
    backend.set_source("kept");
  }
  const std::string page = exposure_page(list, {.width = 140});
  EXPECT_THAT(page, HasSubstr("NodePort at 2 addresses to shop/db-0 5432, source kept, no policy; nobody means it\n"));
  EXPECT_THAT(exposure_page(list, {.width = 0, .wide = true}),
              AllOf(HasSubstr("by NodePort [2001:db8::1]:30432/TCP: no policy"), HasSubstr("[2001:db8::2]")));
  list.mutable_exposure(1)->mutable_door()->set_intended_by("Gateway shop/edge");
  EXPECT_THAT(exposure_page(list, {.width = 140}),
              AllOf(HasSubstr("NodePort 2001:db8::1 to"), HasSubstr("no policy; meant: Gateway shop/edge")));
}

TEST(ExposurePage, SaysThatNothingIsExposed) {
  EXPECT_EQ(exposure_page({}, kPlain80), "The internet can reach nothing here.\n");
}

TEST(ExplainPage, GivesVerdictWhyAndRulesInThatOrder) {
  const std::string page = explain_page(Pages{}.explanation, kPlain80);
  EXPECT_THAT(page, testing::StartsWith("deny: shop/db 5432/TCP from 2600:1::7\npolicies select the endpoint"));
  EXPECT_THAT(page, ContainsRegex("Source class +world"));
  EXPECT_THAT(page, HasSubstr("Cilium 1.19.3"));
  EXPECT_THAT(page, HasSubstr("\n  CiliumNetworkPolicy shop/db spec.ingress[0] (policies/db.yaml:12)\n"));
  EXPECT_THAT(page, HasSubstr("      does not match: source is not in 2001:db8:100::/48"));
  EXPECT_LT(page.find("Decided by"), page.find("Rules"));
}

TEST(AttemptsPage, ShowsAttemptsAndSourcesWithTheirError) {
  const std::string page = attempts_page(Pages{}.attempts, kPlain80, kConsoleNow);
  EXPECT_THAT(page, ContainsRegex("shop/db +more/TCP +deny +900 +now"));
  EXPECT_THAT(page, ContainsRegex("2600:1::/48 +shop/db +5432/TCP +deny +10-12"));
}

TEST(AttemptsPage, SaysThatNobodyTried) {
  EXPECT_THAT(attempts_page({}, kPlain80, kConsoleNow), HasSubstr("Nobody on the internet has tried"));
}

TEST(Views, AttemptsAtAServiceSayWhereItLeads) {
  v1alpha1::AttemptList list;
  v1alpha1::Attempt& attempt = *list.add_attempts();
  attempt.mutable_endpoint()->set_kind("Node");
  attempt.mutable_endpoint()->set_name("n1");
  attempt.set_protocol("TCP");
  attempt.set_port(30080);
  attempt.set_service("shop/web");
  for (const char* backend : {"shop/web-0 8080", "shop/web-1 8080", "shop/web-2 8080"}) attempt.add_backends(backend);
  EXPECT_THAT(attempts_page(list, {.width = 200}, kConsoleNow),
              HasSubstr("shop/web: shop/web-0 8080, shop/web-1 8080 and 1 more"));
}

TEST(StatusPage, LeadsWithWhatIsNotSeen) {
  const std::string page = status_page(Pages{}.status, kPlain80, kConsoleNow);
  EXPECT_THAT(page, testing::StartsWith("n1: not everything is seen: death is blind\n"));
  EXPECT_THAT(page, ContainsRegex("death +blind +2h +tp_btf is missing"));
  EXPECT_THAT(page, ContainsRegex("endpoints +60000 +65536 +91% +4096 KiB"));
  EXPECT_THAT(page, HasSubstr("21 MiB"));
}

TEST(StatusPage, IsCalmWhenAllIsWell) {
  v1alpha1::Status status;
  status.set_node("n1");
  status.set_ready(true);
  EXPECT_THAT(status_page(status, {.width = 80, .colour = true}, kConsoleNow), testing::StartsWith("\x1b[32mn1: well"));
  status.set_ready(false);
  status.add_not_ready("the policies have not been read yet");
  EXPECT_THAT(status_page(status, {.width = 80, .colour = true}, kConsoleNow),
              testing::StartsWith("\x1b[33mn1: not ready: the policies have not been read yet"));
}

TEST(Views, KeepEscapesOfOthersFromTheTerminal) {
  Pages pages;
  pages.findings.mutable_findings(1)->set_message("\x1b]0;owned\a");
  pages.findings.mutable_findings(1)->set_fix("\x1b[2J");
  pages.rows.mutable_endpoints(0)->mutable_listening()->set_process("\x1b[8m");
  pages.status.set_node("\x1b[8m");
  std::vector<std::string> all = pages.all(kPlain80);
  all.push_back(finding_page(pages.findings.findings(1), kPlain80, kConsoleNow));
  all.push_back(change_line("opened", pages.findings.findings(1), kPlain80, kConsoleNow));
  for (const auto& page : all) EXPECT_THAT(page, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace sextant::app::cli
