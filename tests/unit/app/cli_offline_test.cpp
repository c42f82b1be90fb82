#include "agent/app/cli/offline.h"

#include <filesystem>
#include <fstream>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "tests/unit/app/cli_console_fixture.h"

namespace sextant::app::cli {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* kNode = R"(
apiVersion: v1
kind: Node
metadata: { name: n1 }
spec: { podCIDRs: ["2001:db8:1::/64"] }
status: { addresses: [ { type: InternalIP, address: "2001:db8::1" } ] }
)";

constexpr const char* kPods = R"(
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
spec: { nodeName: n1 }
status: { podIPs: [ { ip: "2001:db8:1::5" } ] }
---
apiVersion: v1
kind: Pod
metadata: { name: internal, namespace: shop, labels: { app: internal } }
spec: { nodeName: n1 }
status: { podIPs: [ { ip: "fd00::5" } ] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [ { name: web, image: web } ] }
)";

constexpr const char* kDbPolicy = R"(
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: db } }
  ingress:
  - fromCIDR: [ "2001:db8:100::/48" ]
    toPorts: [ { ports: [ { port: "5432", protocol: TCP } ] } ]
)";

class OfflineTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("sextant_offline_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    write("node.yaml", kNode);
    write("pods.yaml", kPods);
    write("db.yaml", kDbPolicy);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }

  // No daemon is there to be asked.
  Outcome run(std::vector<std::string> args, std::string input = {}) const {
    return Console{.input = std::move(input), .env = {{"SEXTANT_SERVER", "unix:/nonexistent"}, {"COLUMNS", "140"}}}.run(
        std::move(args));
  }
  Outcome exposure(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"exposure", "--manifests", folder_.string()});
    return run(std::move(more));
  }

  std::filesystem::path folder_;
};

TEST_F(OfflineTest, ExposureShowsExactlyWhoReachesWhat) {
  const Outcome outcome = exposure();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ContainsRegex("shop/db +5432/TCP +2001:db8:100::/48"));
  EXPECT_THAT(outcome.out, HasSubstr("db.yaml:"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("LISTENS")));
}

TEST_F(OfflineTest, ATemplateIsPublicUntilTheNodesSayOtherwise) {
  EXPECT_THAT(exposure().out, ContainsRegex("shop/web +everything +the internet"));
  write("node.yaml", std::string(kNode).replace(std::string(kNode).find("2001:db8:1::/64"), 15, "fd00:10::/64"));
  EXPECT_THAT(exposure().out, Not(HasSubstr("shop/web")));
  std::filesystem::remove(folder_ / "node.yaml");
  EXPECT_THAT(exposure().out, HasSubstr("shop/web"));
}

TEST_F(OfflineTest, APodOfATemplateSpeaksForIt) {
  write("web.yaml", R"(
apiVersion: v1
kind: Pod
metadata:
  name: web-1
  namespace: shop
  labels: { app: web, pod-template-hash: 7d4c8f9b6d }
  ownerReferences: [ { apiVersion: apps/v1, kind: ReplicaSet, name: web-7d4c8f9b6d, uid: u, controller: true } ]
status: { podIPs: [ { ip: "2001:db8:1::9" } ] }
)");
  EXPECT_THAT(exposure().out, AllOf(HasSubstr("shop/web-1"), Not(ContainsRegex("shop/web "))));
}

TEST_F(OfflineTest, AServicesAddressIsARowOfItsOwn) {
  write("service.yaml", R"(
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, selector: { app: web }, ports: [ { port: 80, targetPort: 8080, nodePort: 30080 } ] }
status: { loadBalancer: { ingress: [ { ip: "2001:db8:f::80" } ] } }
)");
  const Outcome outcome = exposure({"--kube-proxy-replacement", "true", "-o", "wide"});
  EXPECT_THAT(outcome.out, ContainsRegex("service/shop/web +Service/web +2001:db8:f::80 +80/TCP"));
  EXPECT_THAT(outcome.out, HasSubstr("by NodePort [2001:db8::1]:30080/TCP: to Deployment shop/web 8080"));
}

TEST_F(OfflineTest, AnAddressThatIsNotPublicIsNotExposed) { EXPECT_THAT(exposure().out, Not(HasSubstr("internal"))); }

TEST_F(OfflineTest, CiliumsOptionsCount) {
  EXPECT_THAT(exposure({"node/n1"}).out, ContainsRegex("node/n1 +everything"));
  EXPECT_THAT(exposure({"shop/db", "--enable-policy", "never"}).out,
              ContainsRegex("shop/db +everything +the internet"));
  EXPECT_THAT(exposure({"shop/db", "--trusted-network", "2001:db8:100::/48"}).out, Not(HasSubstr("shop/db")));
}

TEST_F(OfflineTest, PodsWithAddressesOfBothFamiliesMakeADualStackCluster) {
  write("web.yaml", R"(
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: db-world, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: db } }
  ingress: [ { fromEndpoints: [ { matchLabels: { "reserved:world-ipv6": "" } } ] } ]
)");
  EXPECT_THAT(exposure({"shop/db"}).out, Not(HasSubstr("any/UDP")));
  EXPECT_THAT(exposure({"shop/db", "--dual-stack"}).out, HasSubstr("any/UDP"));
  write("node.yaml", std::string(kNode).replace(std::string(kNode).find("[\"2001:db8:1::/64"), 1, "[ 10.1.0.0/24, "));
  EXPECT_THAT(exposure({"shop/db"}).out, HasSubstr("any/UDP"));
}

TEST_F(OfflineTest, JsonIsTheApis) {
  const auto list = boost::json::parse(exposure({"shop/db", "-o", "json"}).out).at("exposure").as_array();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].at("port").to_number<int>(), 5432);
  EXPECT_EQ(list[0].at("source").at("prefixes").as_array().at(0).as_string(), "2001:db8:100::/48");
  EXPECT_TRUE(list[0].at("listening").is_null());
}

TEST_F(OfflineTest, ReadsStandardInputAndSeveralFolders) {
  const Outcome outcome = run({"exposure", "-f", (folder_ / "pods.yaml").string(), "-f", "-"}, kDbPolicy);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("shop/db"), HasSubstr("stdin:")));
  EXPECT_THAT(run({"exposure", "-f", "-", "-f", "-"}, kPods).err, HasSubstr("only once"));
}

TEST_F(OfflineTest, StandardInputEndsAtTheLimitOfAFile) {
  std::string text(kPods);
  text += "# " + std::string(manifests::kMaxFileBytes - text.size() - 2, 'x');
  EXPECT_EQ(run({"exposure", "-f", "-"}, text).status, 0);
  const Outcome beyond = run({"exposure", "-f", "-"}, text + "x");
  EXPECT_EQ(beyond.status, 2);
  EXPECT_THAT(beyond.err, HasSubstr("read standard input: longer than"));
}

TEST_F(OfflineTest, ABrokenFileIsNamedAndTheRestIsTold) {
  write("broken.yaml", "kind: Pod\nmetadata: [\n");
  const Outcome outcome = exposure();
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, AllOf(StartsWith("sextant: exposure: "), HasSubstr("broken.yaml:")));
  EXPECT_THAT(outcome.out, HasSubstr("shop/db"));
}

TEST_F(OfflineTest, AnObjectThatTwoPathsGiveIsAProblem) {
  const Outcome outcome = run({"exposure", "-f", folder_.string(), "-f", (folder_ / "db.yaml").string()});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err,
              HasSubstr("CiliumNetworkPolicy shop/db is in " + (folder_ / "db.yaml").string() + ":2 already"));
}

TEST_F(OfflineTest, APolicyThatCiliumRefusesIsSaid) {
  write("db.yaml",
        std::string(kDbPolicy).replace(std::string(kDbPolicy).find("2001:db8:100::/48"), 17, "not-a-prefix"));
  const Outcome outcome = exposure({"shop/db"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("db.yaml:2: CiliumNetworkPolicy shop/db"), HasSubstr("has no effect")));
  EXPECT_THAT(outcome.out, ContainsRegex("shop/db +everything"));
}

TEST_F(OfflineTest, NothingToJudgeIsAnError) {
  EXPECT_THAT(run({"exposure", "-f", "/nonexistent"}).err, StartsWith("sextant: exposure: "));
  EXPECT_EQ(run({"exposure", "-f", "/nonexistent"}).status, 2);
  const Outcome empty = run({"exposure", "-f", "-"}, "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n");
  EXPECT_EQ(empty.status, 2);
  EXPECT_THAT(empty.err, HasSubstr("hold no object that Sextant reads (1 file, 1 object of other kinds)"));
}

TEST_F(OfflineTest, ExplainTellsVerdictRuleAndLine) {
  const auto explain = [&](const std::string& from, const std::string& port) {
    return run({"explain", "-f", folder_.string(), "--to", "shop/db", "--from", from, "--port", port});
  };
  const Outcome office = explain("2001:db8:100::7", "5432");
  EXPECT_EQ(office.status, 0) << office.err;
  EXPECT_THAT(office.out,
              AllOf(StartsWith("allow: "), HasSubstr("spec.ingress[0] (" + (folder_ / "db.yaml:8").string() + ")")));
  const Outcome stranger = explain("2600::1", "5432");
  EXPECT_THAT(stranger.out, AllOf(StartsWith("deny: "), HasSubstr("does not match")));
  EXPECT_THAT(explain("2001:db8:100::7", "22").out, StartsWith("deny: "));
}

TEST_F(OfflineTest, ExplainTakesATemplateAndANode) {
  const auto explain = [&](const std::string& to) {
    return run({"explain", "-f", folder_.string(), "--to", to, "--from", "2600::1", "--port", "128/ICMPv6"});
  };
  EXPECT_THAT(explain("shop/Deployment/web").out, StartsWith("allow by default: "));
  EXPECT_EQ(explain("node/n1").status, 0);
  const Outcome nobody = explain("shop/nobody");
  EXPECT_EQ(nobody.status, 2);
  EXPECT_THAT(nobody.out, IsEmpty());
  EXPECT_THAT(nobody.err, HasSubstr("nobody"));
}

TEST_F(OfflineTest, ExplainOfAServicesAddressTellsBackendByBackend) {
  write("service.yaml", R"(
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { type: NodePort, selector: { app: db }, ports: [ { port: 5432, nodePort: 30432 } ] }
)");
  const auto explain = [&](const std::string& from, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"explain", "-f", folder_.string(), "--to", "2001:db8::1", "--port", "30432", "--from",
                               from, "--kube-proxy-replacement", "true"});
    return run(std::move(more));
  };
  const Outcome office = explain("2001:db8:100::7");
  EXPECT_EQ(office.status, 0) << office.err;
  EXPECT_THAT(office.out, AllOf(StartsWith("allow: 2001:db8::1 30432/TCP from 2001:db8:100::7\n"),
                                HasSubstr("service/shop/db at NodePort [2001:db8::1]:30432/TCP: allow, meant to be: "
                                          "CiliumNetworkPolicy shop/db\n"),
                                HasSubstr("to shop/db 5432, entered at n1, the source kept: allow\n"),
                                HasSubstr("sees 2001:db8:100::7: allow, for "), HasSubstr("db.yaml:8")));
  EXPECT_THAT(explain("2600::1").out, AllOf(StartsWith("deny: "), HasSubstr("does not match")));
  const auto json = boost::json::parse(explain("2600::1", {"-o", "json"}).out);
  EXPECT_EQ(json.at("doors").at(0).at("backends").at(0).at("backend").at("source"), "kept");
}

TEST_F(OfflineTest, TheNodeMustBeOneOfThem) {
  EXPECT_EQ(exposure({"--node", "n1"}).status, 0);
  const Outcome outcome = exposure({"--node", "n2"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("hold no Node 'n2'"));
}

}  // namespace
}  // namespace sextant::app::cli
