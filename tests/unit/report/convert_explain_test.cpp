#include <gmock/gmock.h>

#include "agent/report/convert.h"
#include "values.h"

namespace sextant::report {
namespace {

using testing::HasSubstr;

TEST(ConvertExplain, AnExplanationKeepsTheOrderOfItsTrace) {
  const ExplainView view{
      .request = {.to = "shop/db", .from = "2600::1", .protocol = Protocol::kUdp, .port = 53},
      .decision = {.verdict = Verdict::kUnknown,
                   .because = Because::kUnknown,
                   .why = "fromGroups",
                   .policies = {db_policy()},
                   .trace = {{.policy = db_policy(), .matched = true}, {.detail = "port 443 is not 53"}}},
      .source_class = "world",
      .cilium_release = "1.20.2"};
  const v1alpha1::Explanation message = to_message(view);
  EXPECT_EQ(message.request().protocol(), "UDP");
  EXPECT_EQ(message.verdict(), "unknown");
  EXPECT_TRUE(message.trace(0).matched());
  EXPECT_EQ(message.trace(1).detail(), "port 443 is not 53");
}

TEST(ConvertExplain, ChecksWhatAClientAsks) {
  const auto ask = [](std::string to, std::string from, std::uint32_t port, std::string protocol) {
    v1alpha1::ExplainRequest message;
    message.set_to(to);
    message.set_from(from);
    message.set_port(port);
    message.set_protocol(protocol);
    return explain_request_from(message);
  };
  EXPECT_EQ(ask("shop/db", "::1", 65535, "")->protocol, Protocol::kTcp);
  EXPECT_EQ(ask("shop/db", "::1", 1, "icmpv6")->protocol, Protocol::kIcmpv6);
  EXPECT_THAT(ask("", "::1", 1, "").error().what, HasSubstr("to: "));
  EXPECT_THAT(ask("a", "", 1, "").error().what, HasSubstr("from: "));
  EXPECT_THAT(ask("a", "::1", 65536, "").error().what, HasSubstr("port: "));
  EXPECT_THAT(ask("a", "::1", 1, "x").error().what, HasSubstr("protocol: "));
}

TEST(ConvertExplain, OfAServiceKeepsDoorsBackendsAndWhatEachSees) {
  const ExplainView view{
      .doors = {{.endpoint = {.ref = {.kind = EndpointKind::kService, .ns = "shop", .name = "db"}},
                 .kind = "NodePort",
                 .service_port = "pg",
                 .port = 30432,
                 .verdict = Verdict::kAllow,
                 .intended_by = "Gateway shop/edge",
                 .backends = {{.name = "shop/db-0 5432",
                               .entry_node = "n1",
                               .view = {.port = 5432, .verdict = Verdict::kAllow, .source = "translated"},
                               .seen = {{.who = "node/n1", .decision = {.trace = {{.matched = true}}}}}}}}}};
  const v1alpha1::Explanation message = to_message(view);
  ASSERT_EQ(message.doors_size(), 1);
  const v1alpha1::DoorExplanation& door = message.doors(0);
  EXPECT_EQ(door.endpoint().kind(), "Service");
  EXPECT_EQ(door.port(), 30432U);
  EXPECT_EQ(door.verdict(), "allow");
  EXPECT_EQ(door.intended_by(), "Gateway shop/edge");
  ASSERT_EQ(door.backends_size(), 1);
  EXPECT_EQ(door.backends(0).backend().source(), "translated");
  EXPECT_EQ(door.backends(0).entry_node(), "n1");
  EXPECT_EQ(door.backends(0).seen(0).who(), "node/n1");
  EXPECT_TRUE(door.backends(0).seen(0).trace(0).matched());
}

}  // namespace
}  // namespace sextant::report
