#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/audit/auditor.h"
#include "agent/policy/engine.h"
#include "tests/unit/audit/services/service_scene.h"

namespace sextant::audit {
namespace {

using test::ServiceScene;
using testing::HasSubstr;
using testing::IsEmpty;

const Time kNow = Time(std::chrono::hours(24 * 365 * 50));

// The node n1 with a pod that has a public address and no policy.
struct Night {
  ServiceScene scene{test::pod("shop/db-0", "app: db", "2001:db8:1::5")};
  policy::Engine engine{scene.world, {}};
  Auditor auditor{scene.world, engine, {.node = "n1"}};

  Night() { auditor.on_forwarding(test::kKpr); }
  void add(const std::string& text) {
    const Delta delta(policy::test::object(text));
    scene.world.apply(delta);
    engine.on(delta);
  }
  std::vector<std::string> open() {
    auditor.on_intent(kNow);
    auditor.on_listeners({.taken = kNow}, kNow);
    static_cast<void>(auditor.settle(kNow));
    std::vector<std::string> codes;
    for (const Finding& finding : auditor.findings()) {
      if (finding.state == FindingState::kOpen) codes.push_back(finding.code + " " + finding.endpoint.ref.to_string());
    }
    return codes;
  }
  Finding finding(std::string_view code) {
    for (Finding& finding : auditor.findings()) {
      if (finding.code == code) return std::move(finding);
    }
    ADD_FAILURE() << "no " << code;
    return {};
  }
};

TEST(ServiceExposure, IsOneFindingForTheServiceAndNoneForThePodBehindIt) {
  Night night;
  EXPECT_THAT(night.open(), testing::ElementsAre("SXT005 shop/db-0"));
  night.add(test::service(
      "shop/db", "type: LoadBalancer, selector: {app: db}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]",
      "loadBalancer: {ingress: [{ip: '2001:db8:f::80'}]}"));
  EXPECT_THAT(night.open(), testing::ElementsAre("SXT011 service/shop/db"));
  const Finding finding = night.finding("SXT011");
  EXPECT_EQ(finding.severity, Severity::kCritical);
  EXPECT_EQ(finding.port, 80);
  EXPECT_EQ(finding.endpoint.address, test::ip(test::kVip));
  EXPECT_THAT(finding.message, HasSubstr("LoadBalancer [2001:db8:f::80]:80/TCP and 1 more"));
  EXPECT_THAT(finding.message, HasSubstr("shop/db-0 8080"));
  EXPECT_THAT(finding.evidence.at(1).detail, HasSubstr("NodePort [2001:db8::1]:30080/TCP"));
  EXPECT_THAT(finding.fix, HasSubstr("sextant.dev/public: \"80/TCP\""));
  EXPECT_THAT(finding.fix, HasSubstr("kind: CiliumNetworkPolicy"));
  EXPECT_THAT(night.finding("SXT005").resolution, HasSubstr("SXT011 of service/shop/db"));
}

TEST(ServiceExposure, ANodePortOpensAClosedPodToWhoeverComesThroughTheNode) {
  Night night;
  night.add(test::cnp("shop/db", test::kAllowNodes));
  night.auditor.on_forwarding(test::kKubeProxy);
  EXPECT_THAT(night.open(), IsEmpty());
  night.add(test::node_port("shop/db", "db"));
  EXPECT_THAT(night.open(), testing::ElementsAre("SXT011 service/shop/db"));
  const Finding finding = night.finding("SXT011");
  EXPECT_EQ(finding.port, 30080);
  EXPECT_THAT(finding.message, HasSubstr("with the source translated"));
  EXPECT_THAT(finding.fix, HasSubstr("externalTrafficPolicy: Local"));
  EXPECT_THAT(finding.fix, testing::Not(HasSubstr("kind: CiliumNetworkPolicy"))) << "it has one";
  night.add(test::node_port("shop/db", "db", "externalTrafficPolicy: Local"));
  EXPECT_THAT(night.open(), IsEmpty());
}

TEST(ServiceExposure, IsGoneWhenSomebodySaysThatItIsMeant) {
  Night night;
  night.add(test::load_balancer("shop/db", "db"));
  EXPECT_THAT(night.open(), testing::ElementsAre("SXT011 service/shop/db"));
  night.add(test::load_balancer("shop/db", "db", "", "annotations: {sextant.dev/public: 'true'}"));
  EXPECT_THAT(night.open(), testing::ElementsAre("SXT005 shop/db-0")) << "the pod's other ports are open still";
  EXPECT_THAT(night.finding("SXT011").resolution, HasSubstr("annotation sextant.dev/public"));
}

TEST(ServiceExposure, AnAnnotationThatCannotBeReadIsToldInTheFinding) {
  Night night;
  night.add(test::load_balancer("shop/db", "db", "", "annotations: {sextant.dev/public: 'yes'}"));
  EXPECT_THAT(night.open(), testing::ElementsAre("SXT011 service/shop/db"));
  EXPECT_THAT(night.finding("SXT011").evidence.at(1).detail, HasSubstr("'yes'"));
}

TEST(ServiceExposure, AHostPortIsAFindingOfItsPod) {
  Night night;
  night.add(test::pod("edge/nginx", "app: nginx", "fd00::9", "n1",
                      "containers: [{ports: [{containerPort: 8443, hostPort: 443}]}]"));
  const auto open = night.open();
  EXPECT_THAT(open, testing::Contains("SXT011 edge/nginx"));
  EXPECT_EQ(night.finding("SXT011").port, 443);
}

TEST(ServiceExposure, OfANodesOwnSocketIsToldBySXT008Alone) {
  Night night;
  night.add(test::pod("edge/proxy", "app: proxy", "2001:db8::1", "n1", "hostNetwork: true"));
  night.add(test::load_balancer("edge/proxy", "proxy"));
  night.auditor.on_intent(kNow);
  night.auditor.on_listeners({.taken = kNow,
                              .listeners = {{.protocol = Protocol::kTcp,
                                             .address = test::ip("::"),
                                             .port = 8080,
                                             .netns = 1,
                                             .host_netns = true,
                                             .process = "proxy",
                                             .pid = 7}}},
                             kNow);
  static_cast<void>(night.auditor.settle(kNow));
  std::vector<std::string> codes;
  for (const Finding& finding : night.auditor.findings()) codes.push_back(finding.code);
  EXPECT_THAT(codes, testing::Contains("SXT008"));
  EXPECT_THAT(codes, testing::Not(testing::Contains("SXT011")));
}

}  // namespace
}  // namespace sextant::audit
