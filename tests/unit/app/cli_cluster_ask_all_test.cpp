// ask_cluster (agent/app/cli/cluster/ask_all.cpp), and the verbs of a whole cluster, through a `kubectl proxy`.
#include "agent/app/cli/cluster/ask_all.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sextant/v1alpha1/finding.pb.h"
#include "sextant/v1alpha1/status.pb.h"
#include "sextant/v1alpha1/view.pb.h"
#include "tests/unit/app/cli_console_fixture.h"
#include "tests/unit/app/cli_kubectl_proxy_fixture.h"

namespace sextant::app::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kFindings = "/api/v1alpha1/findings";
constexpr const char* kStatus = "/api/v1alpha1/status";
constexpr const char* kExposure = "/api/v1alpha1/exposure";

v1alpha1::FindingList one_finding(const std::string& id) {
  v1alpha1::FindingList list;
  auto& finding = *list.add_findings();
  finding.set_id(id);
  finding.set_code(id.substr(0, 6));
  finding.set_severity("critical");
  finding.set_state("open");
  finding.set_message("message of " + id);
  return list;
}

v1alpha1::Status seeing_status() {
  v1alpha1::Status status;
  status.set_ready(true);
  auto& witness = *status.add_witnesses();
  witness.set_witness("uplink");
  witness.set_state("sees");
  return status;
}

v1alpha1::ExposureList service_exposed() {
  v1alpha1::ExposureList list;
  auto& exposure = *list.add_exposure();
  exposure.mutable_endpoint()->set_kind("Service");
  exposure.mutable_endpoint()->set_namespace_("shop");
  exposure.mutable_endpoint()->set_name("web");
  exposure.set_protocol("TCP");
  exposure.set_port(443);
  exposure.set_end_port(443);
  exposure.set_verdict("allow");
  exposure.mutable_source()->set_class_("world");
  exposure.mutable_source()->add_prefixes("2000::/3");
  return list;
}

class ClusterVerbs : public testing::Test {
 protected:
  Outcome run(std::vector<std::string> args) {
    args.insert(args.end(), {"--cluster", "--server", proxy.url(), "--timeout", "2s"});
    return console.run(args);
  }
  Gateway gateway() const { return {.proxy = server_from(proxy.url()).value(), .timeout = 2s}; }

  KubectlProxy proxy{};
  Console console{.env = {}, .columns = 120};
};

TEST_F(ClusterVerbs, FindingsOfEveryNodeAreOneTableWithAColumnOfNodes) {
  proxy.add_agent("n2", kFindings, one_finding("SXT001-00000002"));
  proxy.add_agent("n1", kFindings, one_finding("SXT001-00000001"));
  const Outcome told = run({"findings", "--no-color"});
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_THAT(told.out, AllOf(HasSubstr("NODE"), HasSubstr("n1"), HasSubstr("n2"), HasSubstr("2 open: 2 critical")));
  EXPECT_EQ(told.err, "");
}

TEST_F(ClusterVerbs, ANodeThatDoesNotAnswerIsNamedAndTheRestIsPrinted) {
  proxy.add_agent("n1", kFindings, one_finding("SXT001-00000001"));
  proxy.add_agent("n2", kFindings, one_finding("SXT001-00000002"));
  proxy.lose_agent("n2", kFindings);
  const Outcome told = run({"findings"});
  EXPECT_EQ(told.status, 2);
  EXPECT_THAT(told.out, AllOf(HasSubstr("SXT001-00000001"), Not(HasSubstr("SXT001-00000002"))));
  EXPECT_THAT(told.err, AllOf(StartsWith("sextant: findings: node n2 is silent: pod sextant/sextant-n2: 503"),
                              HasSubstr("connection refused"), HasSubstr("api.listen: loopback")));
}

TEST_F(ClusterVerbs, ANodeThatHangsIsSilentAfterTheTimeout) {
  proxy.add_agent("n1", kFindings, one_finding("SXT001-00000001"));
  proxy.add_agent("n2", kFindings, one_finding("SXT001-00000002"));
  proxy.set("/api/v1/namespaces/sextant/pods/http:sextant-n2:9713/proxy/api/v1alpha1/findings", {.status = 0});
  const Outcome told = run({"findings"});
  EXPECT_EQ(told.status, 2);
  EXPECT_THAT(told.out, HasSubstr("SXT001-00000001"));
  EXPECT_THAT(told.err, AllOf(HasSubstr("node n2 is silent"), HasSubstr("no answer within 2s")));
}

TEST_F(ClusterVerbs, WhatIsFoundDoesNotHideThatANodeIsSilent) {
  proxy.add_agent("n1", kFindings, one_finding("SXT001-00000001"));
  EXPECT_EQ(run({"findings", "--fail-on", "critical"}).status, 1);
  proxy.add_agent("n2", kFindings, v1alpha1::FindingList());
  proxy.lose_agent("n2", kFindings);
  EXPECT_EQ(run({"findings", "--fail-on", "critical"}).status, 2);
}

TEST_F(ClusterVerbs, NoFindingsIsSaidWithWhoLooked) {
  proxy.add_agent("n1", kFindings, v1alpha1::FindingList());
  proxy.set("/api/v1/namespaces/sextant/pods/http:sextant-n1:9713/proxy/api/v1alpha1/status",
            {.status = 200, .content_type = std::string(kProtobuf), .body = seeing_status().SerializeAsString()});
  EXPECT_EQ(run({"findings", "--no-color"}).out, "No open findings on 1 node. Looking: uplink.\n");
}

TEST_F(ClusterVerbs, OneFindingIsFoundOnWhicheverNodeItIs) {
  proxy.add_agent("n1", "/api/v1alpha1/findings?all=true", one_finding("SXT001-00000001"));
  proxy.add_agent("n2", "/api/v1alpha1/findings?all=true", one_finding("SXT001-00000002"));
  EXPECT_THAT(run({"findings", "SXT001-00000002"}).out, HasSubstr("message of SXT001-00000002"));
  EXPECT_THAT(run({"findings", "SXT001-00000003"}).err, HasSubstr("no node has a finding of the id 'SXT001-00000003'"));
  EXPECT_EQ(run({"findings", "SXT001-00000003"}).status, 2);
}

TEST_F(ClusterVerbs, WhatEveryNodeSaysIsOneLineWithTheNodes) {
  proxy.add_agent("n1", kExposure, service_exposed());
  proxy.add_agent("n2", kExposure, service_exposed());
  const Outcome told = run({"exposure"});
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_THAT(told.out, AllOf(HasSubstr("n1, n2"), HasSubstr("1 endpoint can be reached")));
  const Outcome json = run({"exposure", "-o", "json"});
  EXPECT_THAT(json.out, AllOf(HasSubstr(R"("node": "n1")"), HasSubstr(R"("node": "n2")")));
}

TEST_F(ClusterVerbs, StatusHasALineForEachNodeAndNamesTheSilentOnes) {
  proxy.add_agent("n1", kStatus, seeing_status());
  proxy.add_agent("n2", kStatus, seeing_status());
  proxy.lose_agent("n2", kStatus);
  const Outcome told = run({"status"});
  EXPECT_EQ(told.status, 2);
  EXPECT_THAT(told.out, AllOf(HasSubstr("well"), HasSubstr("silent"), HasSubstr("2 nodes: 1 well, 1 silent.")));
  EXPECT_THAT(run({"status", "-o", "json"}).out,
              AllOf(HasSubstr(R"("silent": [)"), HasSubstr(R"("node": "n2")"), HasSubstr("connection refused")));
}

TEST_F(ClusterVerbs, ANodeWithoutAPodIsNamed) {
  proxy.add_agent("n1", kFindings, one_finding("SXT001-00000001"));
  proxy.set("/api/v1/nodes?limit=500",
            {.status = 200,
             .content_type = "application/json",
             .body = R"({"items":[{"metadata":{"name":"n1"}},{"metadata":{"name":"bare"}}]})"});
  const Outcome told = run({"findings"});
  EXPECT_EQ(told.status, 2);
  EXPECT_THAT(told.err, HasSubstr("node bare is silent: no pod of Sextant is on it"));
}

TEST_F(ClusterVerbs, WhoMayNotListNodesIsToldThatBareOnesCannotBeNamed) {
  proxy.add_agent("n1", kFindings, one_finding("SXT001-00000001"));
  proxy.set("/api/v1/nodes?limit=500", {.status = 403, .content_type = "text/plain", .body = "nodes is forbidden"});
  const Outcome told = run({"findings"});
  EXPECT_EQ(told.status, 0);
  EXPECT_THAT(told.err, HasSubstr("nodes without Sextant cannot be named: list nodes: 403: nodes is forbidden"));
}

TEST_F(ClusterVerbs, NobodyToAskIsAnError) {
  proxy.set("/api/v1/namespaces/sextant/pods?labelSelector=app.kubernetes.io%2Fname%3Dsextant&limit=100",
            {.status = 200, .content_type = "application/json", .body = R"({"items":[]})"});
  const Outcome told = run({"findings"});
  EXPECT_EQ(told.status, 2);
  EXPECT_THAT(told.err, HasSubstr("no pod of namespace sextant has the label app.kubernetes.io/name=sextant"));
  EXPECT_THAT(run({"findings", "--sextant-namespace", "other"}).err, HasSubstr("list pods of other: 404"));
}

TEST_F(ClusterVerbs, AKubeconfigThatNeedsKubectlIsHelped) {
  const Outcome told = console.run({"findings", "--kubeconfig", "/nowhere/config"});
  EXPECT_EQ(told.status, 2);
  EXPECT_THAT(told.err, AllOf(HasSubstr("/nowhere/config"), HasSubstr("`kubectl proxy`"),
                              HasSubstr("--server http://127.0.0.1:8001")));
}

TEST_F(ClusterVerbs, NoMoreAreAskedAtOnceThanThereAreLanes) {
  for (int i = 0; i < 3 * static_cast<int>(kMostLanes); ++i)
    proxy.add_agent("n" + std::to_string(i), kFindings, one_finding("SXT001-0000000" + std::to_string(i % 10)));
  const auto told = ask_cluster(gateway(), "sextant", kFindings);
  ASSERT_TRUE(told) << told.error().what;
  EXPECT_EQ(told->answers.size(), 3 * kMostLanes);
  EXPECT_LE(proxy.most_at_once(), kMostLanes);
  EXPECT_GT(proxy.most_at_once(), 1U) << "they are asked in parallel";
}

TEST_F(ClusterVerbs, PodsAreListedPageByPage) {
  proxy.add_agent("n1", kFindings, one_finding("SXT001-00000001"));
  const std::string first =
      "/api/v1/namespaces/sextant/pods?labelSelector=app.kubernetes.io%2Fname%3Dsextant&limit=100";
  proxy.set(
      first,
      {.status = 200, .content_type = "application/json", .body = R"({"metadata":{"continue":"abc"},"items":[]})"});
  proxy.set(first + "&continue=abc",
            {.status = 200,
             .content_type = "application/json",
             .body = R"({"items":[{"metadata":{"name":"sextant-n1","namespace":"sextant"},)"
                     R"("spec":{"nodeName":"n1","containers":[]},"status":{"phase":"Running"}}]})"});
  EXPECT_EQ(run({"findings"}).status, 0);
  EXPECT_THAT(proxy.asked(), Contains(first + "&continue=abc"));
}

}  // namespace
}  // namespace sextant::app::cli
