#include "agent/app/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/services/service_scene.h"

namespace sextant::app {
namespace {

using audit::test::kKpr;
using audit::test::kVip;
using audit::test::ServiceScene;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const ServiceScene& scene() {
  static const ServiceScene kScene{
      audit::test::pod("shop/db-0", "app: db", "2001:db8:1::5"), audit::test::cnp("shop/db", audit::test::kAllowNodes),
      audit::test::service("shop/db",
                           "type: LoadBalancer, clusterIPs: ['2001:db8:c::1'], selector: {app: db}, ports: [{port: 80, "
                           "targetPort: 8080, nodePort: 30080}]",
                           "loadBalancer: {ingress: [{ip: '" + std::string(kVip) + "'}]}")};
  return kScene;
}

Result<report::ExplainView> ask(const std::string& to, std::uint16_t port, const std::string& from = "2600:1::7") {
  const policy::Engine engine(scene().world, scene().options);
  const audit::Lookups lookups = audit::lookups_of(engine);
  const ExplainGround ground{
      .engine = engine,
      .services = {.world = scene().world, .lookups = lookups, .forwarding = kKpr, .entry_nodes = {"n1"}},
      .decide = [&engine](const policy::Subject& subject, const policy::Peer& peer, Protocol protocol,
                          std::uint16_t number) { return engine.decide(subject, peer, protocol, number, true); }};
  return explain(ground, {.to = to, .from = from, .protocol = Protocol::kTcp, .port = port});
}

std::string door_of(const std::string& to, std::uint16_t port) {
  const auto view = ask(to, port);
  return view && !view->doors.empty() ? view->doors.front().name : "none";
}

TEST(Explain, AServicesAddressIsAnsweredByItsDoor) {
  EXPECT_EQ(door_of(kVip, 80), "LoadBalancer [2001:db8:f::80]:80/TCP");
  EXPECT_EQ(door_of("2001:db8::1", 30080), "NodePort [2001:db8::1]:30080/TCP");
  EXPECT_EQ(door_of("node/n1", 30080), "NodePort [2001:db8::1]:30080/TCP");
  EXPECT_EQ(door_of("node/n1", 22), "none") << "the node itself";
}

TEST(Explain, AServicesNameIsAllItsDoorsToThePort) {
  const auto view = ask("service/shop/db", 80);
  ASSERT_TRUE(view) << view.error().what;
  EXPECT_THAT(view->doors, SizeIs(2));
  EXPECT_EQ(view->decision.verdict, Verdict::kDeny);
  EXPECT_EQ(view->source_class, "world");
  EXPECT_EQ(door_of("service/shop/db", 30080), "NodePort [2001:db8::1]:30080/TCP");
}

TEST(Explain, AnAddressOfAPodOrNodeIsThatEndpoint) {
  const auto pod = ask("2001:db8:1::5", 8080);
  ASSERT_TRUE(pod) << pod.error().what;
  EXPECT_THAT(pod->doors, IsEmpty());
  EXPECT_EQ(pod->decision.verdict, Verdict::kDeny);
  EXPECT_FALSE(pod->decision.trace.empty());
  EXPECT_TRUE(ask("2001:db8::2", 22)) << "another node";
}

TEST(Explain, SaysWhereNothingTakesIt) {
  EXPECT_THAT(ask(kVip, 81).error().what, HasSubstr("no public address of service shop/db takes 81/TCP"));
  EXPECT_THAT(ask("2001:db8:c::1", 80).error().what, HasSubstr("service shop/db")) << "Cilium lets nobody in there";
  EXPECT_THAT(ask("service/shop/web", 80).error().what, HasSubstr("no pod, node or service"));
  EXPECT_THAT(ask("2001:db8:9::9", 80).error().what, HasSubstr("no pod, node or service"));
  EXPECT_THAT(ask("nonsense", 80).error().what, HasSubstr("no destination"));
}

TEST(Explain, OfAServiceIsForClientsOfTheInternet) {
  EXPECT_THAT(ask(kVip, 80, "shop/db-0").error().what, HasSubstr("ask for a backend"));
  EXPECT_THAT(ask(kVip, 80, "2001:db8:1::5").error().what, HasSubstr("ask for a backend"));
}

}  // namespace
}  // namespace sextant::app
