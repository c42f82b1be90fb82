// What tests of delivery and death share: tables with an intent, the rows, and the events that came.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/datapath/cgroups.h"
#include "agent/datapath/datapath.h"
#include "agent/datapath/events.h"
#include "agent/datapath/rows.h"
#include "agent/datapath/shared_maps.h"
#include "agent/datapath/tables.h"
#include "agent/model/intent.h"

namespace sextant::test {

inline constexpr ClassId kLocal = 1, kWorld = 2, kTrusted = 3;
inline constexpr const char* kPublic = "2600:1::7";  // of class kWorld
inline constexpr const char* kTrustedSource = "2001:db8:100::1";

// shop/db at `address`. From the world: TCP 80 redirect, 443 and 1000-1999 allow, 8080 unknown; UDP 443 allow; all else
// deny. 2001:db8:100::/48 is trusted, what is not in 2000::/3 local.
inline KernelIntent example_intent(const std::string& address) {
  const auto ip = [](const char* text) { return IpAddress::parse(text).value(); };
  const auto source_class = [](ClassId id, const char* name, bool is_public) {
    return std::make_shared<const SourceClass>(SourceClass{.id = id, .name = name, .is_public = is_public});
  };
  const auto range = [](Protocol protocol, std::uint16_t first, std::uint16_t last, Verdict verdict) {
    return KernelRange{.protocol = protocol, .first_port = first, .last_port = last, .verdict = verdict};
  };
  KernelIntent intent;
  intent.endpoints = {{.endpoint = {.kind = EndpointKind::kPod, .ns = "shop", .name = "db"},
                       .addresses = {IpAddress::parse(address).value()},
                       .policy = 0}};
  intent.sources = {{.first = ip("::"), .source = kLocal},
                    {.first = ip("2000::"), .source = kWorld},
                    {.first = ip("2001:db8:100::"), .source = kTrusted},
                    {.first = ip("2001:db8:101::"), .source = kWorld},
                    {.first = ip("4000::"), .source = kLocal}};
  intent.classes = {source_class(kLocal, "local", false), source_class(kWorld, "world", true),
                    source_class(kTrusted, "trusted", false)};
  intent.policies = {{.default_port_map = 0}};
  intent.port_maps = {
      {range(Protocol::kAny, 0, 65535, Verdict::kDeny), range(Protocol::kTcp, 0, 79, Verdict::kDeny),
       range(Protocol::kTcp, 80, 80, Verdict::kRedirect), range(Protocol::kTcp, 81, 442, Verdict::kDeny),
       range(Protocol::kTcp, 443, 443, Verdict::kAllow), range(Protocol::kTcp, 444, 999, Verdict::kDeny),
       range(Protocol::kTcp, 1000, 1999, Verdict::kAllow), range(Protocol::kTcp, 2000, 8079, Verdict::kDeny),
       range(Protocol::kTcp, 8080, 8080, Verdict::kUnknown), range(Protocol::kTcp, 8081, 65535, Verdict::kDeny),
       range(Protocol::kUdp, 0, 442, Verdict::kDeny), range(Protocol::kUdp, 443, 443, Verdict::kAllow),
       range(Protocol::kUdp, 444, 65535, Verdict::kDeny)}};
  return intent;
}

class WitnessTest : public testing::Test {
 protected:
  static constexpr const char* kEndpoint = "2001:db8:1::5";

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }

  // Makes what the program under test shares with others. A second call starts anew.
  void make_maps(const datapath::RowsConfig& config = {}, std::uint32_t ring_bytes = 1U << 16U) {
    const datapath::EventHandlers handlers{.row = [this](const row_key& key) { told_.push_back(key); },
                                           .stray = [this](const stray_key& key) { told_strays_.push_back(key); },
                                           .sockets = [] {}};
    const datapath::Sizes sizes{.endpoints = 8, .source_ranges = 64, .cells = 64, .port_ranges = 256};
    rows_.emplace(datapath::Rows::create(config).value());
    events_.emplace(datapath::Events::create(ring_bytes, handlers).value());
    tables_.emplace(datapath::Tables::create(sizes).value());
    told_.clear();
    told_strays_.clear();
  }

  datapath::Lend lend() {
    return [this](bpf_object& object) -> Result<> {
      if (auto lent = rows_->lend_to(object); !lent) return lent;
      if (auto lent = events_->lend_to(object); !lent) return lent;
      return tables_->lend_to(object);
    };
  }

  void set_intent(const KernelIntent& intent) {
    ASSERT_TRUE(tables_->set_intent(intent, [](auto) {}));
  }

  datapath::RowNames names() {
    return {.endpoint = [this](std::uint32_t id) -> std::optional<EndpointRef> {
              const EndpointRef* endpoint = tables_->endpoint(id);
              return endpoint == nullptr ? std::nullopt : std::optional(*endpoint);
            },
            .reason = [this](std::uint32_t reason) { return reason_name_(reason); },
            .cgroup = [this](std::uint64_t id) { return cgroups_.find(id); }};
  }

  std::vector<RowObservation> rows() { return rows_->read(names()).value(); }

  // The row of the example's endpoint; counts are 0 when there is none.
  RowObservation row(Protocol protocol, std::uint16_t port, ClassId source = kWorld) {
    for (auto& row : rows()) {
      if (row.key.protocol == protocol && row.key.port == port && row.key.source == source) return row;
    }
    return {};
  }

  // Hands on the events that wait; how many rows have been told in all.
  std::size_t told() {
    EXPECT_TRUE(events_->drain());
    return told_.size();
  }

  std::optional<datapath::Rows> rows_{};
  std::optional<datapath::Events> events_{};
  std::optional<datapath::Tables> tables_{};
  datapath::Cgroups cgroups_{datapath::find_cgroup2().value_or("/nonexistent")};
  std::function<std::string(std::uint32_t)> reason_name_ = [](std::uint32_t) { return std::string(); };
  std::vector<row_key> told_{};
  std::vector<stray_key> told_strays_{};
};

}  // namespace sextant::test
