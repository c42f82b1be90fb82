#include "agent/report/page.h"

#include <gmock/gmock.h>

#include "agent/report/page_assets.h"
#include "fixed_backend.h"

namespace sextant::report {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "<img src=x onerror=\"alert('1')\">&";

std::string page_of(const FixedBackend& backend) {
  return render_page(backend.status_view, backend.recent, backend.exposures, at(std::chrono::hours{1}));
}

TEST(Page, ShowsFindingsExposureAndWitnesses) {
  FixedBackend backend;
  backend.status_view.witnesses = {
      {.witness = Witness::kDeath, .state = WitnessState::kBlind, .reason = "no BTF", .lost = 3}};
  backend.status_view.blind_spots = {{.what = "manifest db.yaml", .why = "line 3: bad indentation"}};
  const std::string page = page_of(backend);
  for (const char* text :
       {"1 critical finding is open.", "SXT001", "shop/db 5432/TCP", "default deny", "kind: CiliumNetworkPolicy",
        "80-81/TCP", "the internet", "2001:db8:1::/48", "no BTF; 3 lost", "Not seen: manifest db.yaml"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
}

TEST(Page, ShowsPortsThatDifferInNothingElseAsOneRow) {
  FixedBackend backend;
  Exposure open = backend.exposures[0];
  open.listening = ListeningView{.verdict = Verdict::kAllow, .process = "nginx"};
  Exposure idle = open;
  idle.listening = ListeningView{.verdict = Verdict::kDeny};
  idle.protocol = Protocol::kUdp;
  Exposure elsewhere = open;
  elsewhere.endpoint.ref.name = "other";
  backend.exposures = {idle, open, elsewhere};
  const std::string page = page_of(backend);
  EXPECT_THAT(
      page, HasSubstr("<p><b class=\"mono\">80-81/TCP</b> nginx</p><p class=\"quiet\">80-81/UDP: nothing listens</p>"));
  EXPECT_THAT(page, ContainsRegex("shop/other.*80-81/TCP"));
}

TEST(Page, TellsWhatNobodyWroteFromWhatSomebodyMeant) {
  FixedBackend backend;
  backend.exposures.resize(1);
  backend.exposures[0].verdict = Verdict::kAllow;
  backend.exposures[0].because = Because::kRule;
  EXPECT_THAT(page_of(backend), Not(HasSubstr("allow by default")));
  backend.exposures[0].because = Because::kDefaultAllow;
  EXPECT_THAT(page_of(backend), HasSubstr("allow by default"));
}

TEST(Page, LeavesResolvedFindingsOutAndSaysWhenAllIsWell) {
  FixedBackend backend;
  backend.recent[0].state = FindingState::kResolved;
  backend.exposures.clear();
  const std::string page = page_of(backend);
  EXPECT_THAT(page, HasSubstr("Nothing is open to the internet that was not meant to be"));
  EXPECT_THAT(page, HasSubstr("The internet can reach nothing on this node."));
  backend.status_view.not_ready = {"witness death: starting"};
  EXPECT_THAT(page_of(backend), HasSubstr("Not ready"));
  EXPECT_THAT(page_of(backend), Not(HasSubstr("Nothing is open to the internet")));
}

TEST(Page, EscapesWhatOthersWrote) {
  FixedBackend backend;
  Finding& finding = backend.recent[0];
  finding.message = finding.fix = finding.endpoint.ref.name = finding.source->source_class = finding.id = finding.code =
      finding.name = kHostile;
  finding.evidence[0].detail = finding.policies[0].name = finding.policies[0].rule = finding.policies[0].origin.file =
      kHostile;
  finding.runbook = "javascript:alert(1)";
  backend.exposures[0].reason = backend.exposures[0].endpoint.workload = backend.exposures[0].endpoint.ref.ns =
      kHostile;
  backend.exposures[0].listening = ListeningView{.verdict = Verdict::kAllow, .process = kHostile};
  StatusView& status = backend.status_view;
  status.node = status.version = kHostile;
  status.not_ready = {kHostile};
  status.sources = {{.name = kHostile, .detail = kHostile}};
  status.witnesses = {{.covers = kHostile, .reason = kHostile}};
  status.blind_spots = {{.what = kHostile, .why = kHostile}};
  status.policy_problems = {{.policy = finding.policies[0], .reason = kHostile}};
  const std::string page = page_of(backend);
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("onerror=\"")));
  EXPECT_THAT(page, Not(HasSubstr("javascript:")));
  EXPECT_THAT(page, HasSubstr("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;"));
}

TEST(Page, LoadsNothingFromElsewhereAndItsPolicyForbidsIt) {
  const std::string page = page_of(FixedBackend{});
  EXPECT_THAT(page, Not(ContainsRegex("<(img|iframe|object|embed|base|form)[ >]")));
  EXPECT_THAT(page, Not(ContainsRegex(" (src|action)=")));
  EXPECT_THAT(page, Not(ContainsRegex(" (style|on[a-z]+)=\"")));  // the policy would block them
  const std::string& policy = page_security_policy();
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, ContainsRegex("script-src 'sha256-[A-Za-z0-9+/]{43}='"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(page, HasSubstr("<script>" + std::string(kPageScript) + "</script>"));
  EXPECT_THAT(page, HasSubstr("<style>" + std::string(kPageStyle) + "</style>"));
}

TEST(Page, SurvivesTheWorstDay) {
  FixedBackend backend;
  backend.recent.assign(501, unintended_delivery());
  const std::string page = page_of(backend);
  EXPECT_THAT(page, HasSubstr("501 critical findings are open."));
  EXPECT_THAT(page, HasSubstr("1 more: see the command line."));
  backend.recent.pop_back();
  EXPECT_THAT(page_of(backend), Not(HasSubstr("more: see the command line.")));
}

}  // namespace
}  // namespace sextant::report
