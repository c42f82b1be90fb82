#include "agent/report/convert.h"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include "agent/report/json.h"
#include "values.h"

namespace sextant::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Convert, AFindingPrintsAsTheInterfaceSays) {
  const boost::json::value json = json_value(to_message(unintended_delivery()));
  EXPECT_EQ(json.at("code"), "SXT001");
  EXPECT_EQ(json.at("severity"), "critical");
  EXPECT_EQ(json.at("state"), "open");
  EXPECT_EQ(boost::json::serialize(json.at("endpoint")),
            R"({"kind":"Pod","namespace":"shop","name":"db","workload":"StatefulSet/db","address":"2001:db8:1::5"})");
  EXPECT_EQ(json.at("protocol"), "TCP");
  EXPECT_EQ(json.at("port"), 5432);
  EXPECT_EQ(boost::json::serialize(json.at("source")),
            R"({"class":"world","prefixes":["2000::/3"],"exceptPrefixes":["2001:db8::/32"],"sample":"2600:1::7"})");
  EXPECT_EQ(boost::json::serialize(json.at("evidence").at(0)),
            R"({"witness":"intended","verdict":"deny","detail":"default deny"})");
  EXPECT_EQ(json.at("evidence").at(1).at("verdict"), "absent");
  EXPECT_EQ(json.at("policies").at(0).at("kind"), "CiliumNetworkPolicy");
  EXPECT_EQ(json.at("firstSeen"), "2026-11-21T08:00:00Z");
  EXPECT_EQ(json.at("lastSeen"), "2026-11-21T08:00:01.250Z");
  EXPECT_TRUE(json.at("resolvedAt").is_null());
  EXPECT_EQ(json.at("count"), 9'007'199'254'740'993);
}

// The store depends on it.
TEST(Convert, AFindingComesBackAsItWas) {
  Finding finding = unintended_delivery();
  finding.state = FindingState::kResolved;
  finding.resolved_at = at(std::chrono::hours{1});
  finding.resolution = "quiet for 10m";
  const Result<Finding> back = finding_from(to_message(finding));
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(to_message(*back).SerializeAsString(), to_message(finding).SerializeAsString());
  EXPECT_EQ(back->endpoint, finding.endpoint);
  EXPECT_EQ(back->source, finding.source);
  EXPECT_EQ(back->evidence, finding.evidence);
  EXPECT_EQ(back->policies, finding.policies);
  EXPECT_EQ(back->policies[0].origin.line, 12U);
  EXPECT_EQ(back->resolved_at, finding.resolved_at);
  EXPECT_EQ(back->first_seen, finding.first_seen);
  EXPECT_EQ(back->protocol, finding.protocol);
  EXPECT_EQ(back->count, finding.count);
}

TEST(Convert, AFindingWithoutRowComesBackWithoutRow) {
  const Finding blind{.id = "SXT010-00000000",
                      .code = "SXT010",
                      .endpoint = {.ref = {.kind = EndpointKind::kSextant, .ns = {}, .name = "witness death"}}};
  const Result<Finding> back = finding_from(to_message(blind));
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_FALSE(back->protocol || back->port || back->source || back->resolved_at || back->endpoint.address);
}

TEST(Convert, AWordThatIsNotKnownIsAnErrorThatNamesTheField) {
  const auto why = [](auto change) {
    v1alpha1::Finding message = to_message(unintended_delivery());
    change(message);
    const Result<Finding> read = finding_from(message);
    return read ? std::string() : read.error().what;
  };
  EXPECT_THAT(why([](auto& m) { m.set_severity("urgent"); }), HasSubstr("severity: 'urgent'"));
  EXPECT_THAT(why([](auto& m) { m.set_protocol("CARRIER-PIGEON"); }), HasSubstr("protocol: "));
  EXPECT_THAT(why([](auto& m) { m.set_port(65536); }), HasSubstr("port: 65536"));
  EXPECT_THAT(why([](auto& m) { m.mutable_endpoint()->set_address("x"); }), HasSubstr("endpoint.address: "));
  EXPECT_THAT(why([](auto& m) { m.mutable_source()->add_prefixes("::/129"); }), HasSubstr("source.prefixes: "));
  EXPECT_THAT(why([](auto& m) { m.mutable_evidence(0)->set_witness("x"); }), HasSubstr("evidence.witness: "));
}

TEST(Convert, ATimeOutsideTheClocksRangeDoesNotOverflow) {
  v1alpha1::Finding message = to_message(unintended_delivery());
  message.mutable_first_seen()->set_seconds(std::numeric_limits<std::int64_t>::max());
  message.mutable_first_seen()->set_nanos(std::numeric_limits<std::int32_t>::min());
  EXPECT_TRUE(finding_from(message));
}

TEST(Convert, ARowPrintsAsTheInterfaceSays) {
  EXPECT_EQ(to_json(to_message(db_row())),
            R"({"endpoint":{"kind":"Pod","namespace":"shop","name":"db","workload":"StatefulSet/db",)"
            R"("address":"2001:db8:1::5"},"protocol":"TCP","port":5432,"endPort":5432,)"
            R"("source":{"class":"world","prefixes":["2000::/3"],"exceptPrefixes":[],"sample":"2600::1"},)"
            R"("intended":{"verdict":"deny","why":"nothing matches","policies":[{"kind":"CiliumNetworkPolicy",)"
            R"("namespace":"shop","name":"db","rule":"spec.ingress[0]","file":"policies/db.yaml","line":12,)"
            R"("resourceVersion":""}],"because":"default deny"},)"
            R"("realized":null,"listening":{"verdict":"allow","process":"postgres","pid":4242},)"
            R"("observed":{"verdict":"deny","packets":12,"lastSeen":"2026-11-21T08:00:00Z",)"
            R"("dropReason":"NETFILTER_DROP"},"probed":null,"node":null})");
}

TEST(Convert, ATimeThatNeverCameIsNull) {
  EndpointRow row = db_row();
  row.observed->last_seen = {};
  EXPECT_THAT(to_json(to_message(row)), HasSubstr(R"("lastSeen":null)"));
}

TEST(Convert, AnExposureSaysWhetherItIsTheWholeInternet) {
  Exposure exposure = web_exposure();
  EXPECT_EQ(to_message(exposure).source().class_(), "world");
  exposure.world = false;
  EXPECT_EQ(to_message(exposure).source().class_(), "public");
  EXPECT_FALSE(to_message(exposure).has_listening());
}

TEST(Convert, AServicesDoorSaysWhereItLeads) {
  const Exposure exposure{.door = DoorView{.kind = "NodePort",
                                           .service_port = "https",
                                           .backends = {{.ref = {.ns = "shop", .name = "web-0"},
                                                         .address = IpAddress::parse("2001:db8:1::5").value(),
                                                         .port = 8443,
                                                         .verdict = Verdict::kAllow,
                                                         .source = "translated",
                                                         .why = "default allow"}},
                                           .intended_by = "Gateway infra/edge"}};
  const boost::json::value json = json_value(to_message(exposure));
  EXPECT_EQ(json.at("door").at("kind"), "NodePort");
  EXPECT_EQ(json.at("door").at("servicePort"), "https");
  EXPECT_EQ(json.at("door").at("intendedBy"), "Gateway infra/edge");
  const boost::json::value& backend = json.at("door").at("backends").at(0);
  EXPECT_EQ(backend.at("endpoint").at("name"), "web-0");
  EXPECT_EQ(backend.at("port"), 8443);
  EXPECT_EQ(backend.at("source"), "translated");
  EXPECT_TRUE(json_value(to_message(Exposure{})).at("door").is_null());
}

TEST(Convert, AnAttemptAtAServicesPortNamesTheService) {
  const EndpointRef node{.kind = EndpointKind::kNode, .name = "n1"};
  const AttemptsView view{
      .attempts = {{.endpoint = node, .port = 30080, .packets = 2}, {.endpoint = node, .port = 22}},
      .doors = {{{node, Protocol::kTcp, 30080}, {.service = "shop/web", .backends = {"shop/web-0 8080"}}}}};
  const v1alpha1::AttemptList list = to_message(view);
  EXPECT_EQ(list.attempts(0).service(), "shop/web");
  EXPECT_EQ(list.attempts(0).backends(0), "shop/web-0 8080");
  EXPECT_EQ(list.attempts(1).service(), "");
}

TEST(Convert, AttemptsComeMostPacketsFirstAndFurtherPortsHaveNone) {
  const AttemptsView view{
      .attempts = {{.endpoint = db().ref, .port = 1, .packets = 1},
                   {.endpoint = db().ref, .port = 0, .port_known = false, .packets = 9}},
      .sources = {{.prefix = net("2600::/48"), .estimate = 1}, {.prefix = net("2601::/48"), .estimate = 2}}};
  const v1alpha1::AttemptList list = to_message(view);
  EXPECT_EQ(list.attempts(0).packets(), 9U);
  EXPECT_FALSE(list.attempts(0).has_port());
  EXPECT_EQ(list.attempts(1).port(), 1U);
  EXPECT_EQ(list.sources(0).prefix(), "2601::/48");
}

TEST(Convert, AStatusIsReadyWhenNothingIsMissing) {
  StatusView status{.node = "n1", .not_ready = {"witness death: starting"}};
  status.objects = {{"Pod", 3}};
  status.witnesses = {{.witness = Witness::kDeath, .state = WitnessState::kBlind, .reason = "no BTF", .since = at()}};
  status.programs = {{.program = "uplink", .run_time = std::chrono::milliseconds{1500}}};
  const v1alpha1::Status message = to_message(status);
  EXPECT_FALSE(message.ready());
  EXPECT_EQ(message.witnesses(0).state(), "blind");
  EXPECT_EQ(message.programs(0).run_seconds(), 1.5);
  EXPECT_TRUE(to_message(StatusView{}).ready());
}

TEST(Convert, WatchersAreToldWhatBecameOfAFinding) {
  EXPECT_EQ(to_message(FindingChange{.kind = FindingChange::Kind::kOpened}).type(), "opened");
  EXPECT_EQ(to_message(FindingChange{.kind = FindingChange::Kind::kUpdated}).type(), "updated");
  EXPECT_EQ(to_message(FindingChange{.kind = FindingChange::Kind::kResolved}).type(), "resolved");
}

TEST(Convert, EveryWordOfAFindingReadsBack) {
  for (unsigned value = 0; value <= static_cast<unsigned>(Witness::kObserved); ++value) {
    Finding finding = unintended_delivery();
    finding.evidence = {{.witness = static_cast<Witness>(value)}};
    finding.severity = static_cast<Severity>(value % 3);
    finding.endpoint.ref.kind = static_cast<EndpointKind>(value % 5);
    finding.evidence[0].verdict = static_cast<Verdict>(value % 5);
    const Result<Finding> back = finding_from(to_message(finding));
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(back->evidence, finding.evidence);
    EXPECT_EQ(back->severity, finding.severity);
    EXPECT_EQ(back->endpoint, finding.endpoint);
  }
}

TEST(Convert, EveryProtocolReadsBack) {
  for (int number = 0; number <= 255; ++number) {
    const auto protocol = static_cast<Protocol>(number);
    EXPECT_EQ(protocol_from(to_string(protocol)), protocol);
  }
  EXPECT_FALSE(protocol_from("IP-256"));
}

}  // namespace
}  // namespace sextant::report
