// Values of the model for the tests of report/: filled, valid, and all different.
#pragma once

#include <chrono>
#include <string_view>

#include "agent/model/finding.h"
#include "agent/report/backend.h"

namespace sextant::report {

inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
inline Prefix net(std::string_view text) { return Prefix::parse(text).value(); }

// 2026-11-21T08:00:00Z and so many milliseconds.
inline Time at(std::chrono::milliseconds after = {}) {
  using namespace std::chrono;
  return sys_days{year{2026} / 11 / 21} + hours{8} + after;
}

inline PolicyRef db_policy() {
  return {.kind = ObjectKind::kCiliumNetworkPolicy,
          .ns = "shop",
          .name = "db",
          .rule = "spec.ingress[0]",
          .origin = {.file = "policies/db.yaml", .line = 12, .resource_version = {}}};
}

inline EndpointDetail db() {
  return {.ref = {.kind = EndpointKind::kPod, .ns = "shop", .name = "db"},
          .workload = "StatefulSet/db",
          .address = ip("2001:db8:1::5")};
}

inline Finding unintended_delivery() {
  return {.id = "SXT001-6f1c2b9d",
          .code = "SXT001",
          .name = "UnintendedDelivery",
          .severity = Severity::kCritical,
          .state = FindingState::kOpen,
          .node = "n1",
          .endpoint = db(),
          .protocol = Protocol::kTcp,
          .port = 5432,
          .source = SourceDetail{.source_class = "world",
                                 .prefixes = {net("2000::/3")},
                                 .except = {net("2001:db8::/32")},
                                 .sample = ip("2600:1::7")},
          .message = "shop/db 5432/TCP received a packet from the internet that no policy allows",
          .evidence = {{.witness = Witness::kIntended, .verdict = Verdict::kDeny, .detail = "default deny"},
                       {.witness = Witness::kRealized, .verdict = {}, .detail = {}}},
          .policies = {db_policy()},
          .fix = "kind: CiliumNetworkPolicy\nmetadata:\n  name: db\n",
          .runbook = "https://sextant.dev/runbooks/SXT001.md",
          .first_seen = at(),
          .last_seen = at(std::chrono::milliseconds{1250}),
          .resolved_at = {},
          .resolution = {},
          .count = 9'007'199'254'740'993,  // more than a double holds
          .openings = 1};
}

inline std::shared_ptr<const SourceClass> world_class() {
  return std::make_shared<SourceClass>(SourceClass{.id = 1,
                                                   .name = "world",
                                                   .is_public = true,
                                                   .prefixes = {net("2000::/3")},
                                                   .except = {},
                                                   .sample = ip("2600::1")});
}

inline EndpointRow db_row() {
  return {.endpoint = db(),
          .protocol = Protocol::kTcp,
          .port = 5432,
          .end_port = 5432,
          .source = world_class(),
          .intended = IntendedView{.verdict = Verdict::kDeny,
                                   .because = Because::kDefaultDeny,
                                   .why = "nothing matches",
                                   .policies = {db_policy()}},
          .listening = ListeningView{.verdict = Verdict::kAllow, .process = "postgres", .pid = 4242},
          .observed = ObservedView{
              .verdict = Verdict::kDeny, .packets = 12, .last_seen = at(), .drop_reason = "NETFILTER_DROP"}};
}

inline Exposure web_exposure() {
  return {.endpoint = {.ref = {.kind = EndpointKind::kPod, .ns = "shop", .name = "web"},
                       .workload = "Deployment/web",
                       .address = ip("2001:db8:1::4")},
          .protocol = Protocol::kTcp,
          .first_port = 80,
          .last_port = 81,
          .verdict = Verdict::kAllow,
          .because = Because::kRule,
          .prefixes = {net("2000::/3")},
          .except = {net("2001:db8:1::/48")},
          .world = true,
          .reason = "fromEntities: world",
          .policies = {db_policy()},
          .listening = {}};
}

}  // namespace sextant::report
