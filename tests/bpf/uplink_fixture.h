// What tests of the uplink program share: tables with an intent, the program, and packets through BPF_PROG_TEST_RUN.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include "agent/datapath/attempts.h"
#include "agent/datapath/kernel_clock.h"
#include "agent/datapath/rows.h"
#include "agent/datapath/tables.h"
#include "agent/datapath/uplink.h"
#include "agent/datapath/uplinks.h"
#include "tests/bpf/packet.h"
#include "tests/bpf/witness_fixture.h"

namespace sextant::test {

inline constexpr int kTcxNext = -1;

// A descriptor of the program's map of this name, to be closed.
inline int map_of(int program, std::string_view name) {
  std::array<std::uint32_t, 64> ids{};
  bpf_prog_info info{};
  std::uint32_t size = sizeof(info);
  info.nr_map_ids = ids.size();
  info.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
  if (bpf_prog_get_info_by_fd(program, &info, &size) != 0) return -1;
  for (std::uint32_t i = 0; i < info.nr_map_ids; ++i) {
    const int map = bpf_map_get_fd_by_id(ids[i]);
    bpf_map_info about{};
    size = sizeof(about);
    if (map >= 0 && bpf_map_get_info_by_fd(map, &about, &size) == 0 && name == about.name) return map;
    if (map >= 0) ::close(map);
  }
  return -1;
}

class UplinkTest : public testing::Test {
 protected:
  static constexpr const char* kEndpoint = "2001:db8:1::5";

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    load();
  }

  // Loads the program with tables of these sizes and the example's intent. A second call starts anew.
  void load(const datapath::Sizes& sizes = {
                .endpoints = 8, .source_ranges = 64, .cells = 64, .port_ranges = 256, .attempts = 64}) {
    uplinks_.reset();
    rows_.emplace(datapath::Rows::create({.rows = 8, .strays = 8}).value());
    tables_.emplace(datapath::Tables::create(sizes).value());
    auto uplink = datapath::Uplink::load(sizes, [this](bpf_object& object) -> Result<> {
      if (auto lent = rows_->lend_to(object); !lent) return lent;
      return tables_->lend_to(object);
    });
    ASSERT_TRUE(uplink) << uplink.error().what;
    uplink_.emplace(std::move(*uplink));
    attempts_.emplace(datapath::Attempts::create(uplink_->attempt_maps()).value());
    uplinks_.emplace(*uplink_, *tables_);
    set_intent(example_intent(kEndpoint));
  }

  void set_intent(const KernelIntent& intent) {
    const auto set = tables_->set_intent(intent, [&](auto departed) { EXPECT_TRUE(attempts_->farewell(departed)); });
    ASSERT_TRUE(set) << set.error().what;
    left_out_ = *set;
  }

  // Sends one frame through a program and checks what holds for every packet: it goes on, unchanged.
  static void run(int program, const Bytes& frame) {
    Bytes after(frame.size());
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = after.data(),
                .data_size_in = static_cast<std::uint32_t>(frame.size()),
                .data_size_out = static_cast<std::uint32_t>(after.size()), .repeat = 1);
    ASSERT_EQ(bpf_prog_test_run_opts(program, &options), 0);
    EXPECT_EQ(static_cast<int>(options.retval), kTcxNext);
    EXPECT_EQ(after, frame);
  }
  void arrive_frame(const Bytes& frame) { run(uplink_->program_fd(true), frame); }
  void arrive(const Bytes& packet) { arrive_frame(ethernet(packet)); }
  void arrive_l3(const Bytes& packet) { run(uplink_->program_fd(false), packet); }

  std::vector<UplinkCount> counts() { return uplinks_->counts().value(); }
  // Packets of one fate since the program was loaded.
  std::uint64_t fate(PacketFate fate, std::optional<Verdict> verdict = {}, std::optional<Protocol> protocol = {}) {
    std::uint64_t packets = 0;
    for (const UplinkCount& count : counts()) {
      if (count.fate != fate || (verdict && count.verdict != *verdict) || (protocol && count.protocol != *protocol))
        continue;
      packets += count.packets;
    }
    return packets;
  }
  std::uint64_t judged(Verdict verdict) { return fate(PacketFate::kJudged, verdict); }
  // Packets of every fate.
  std::uint64_t seen() {
    std::uint64_t packets = 0;
    for (const UplinkCount& count : counts()) packets += count.packets;
    return packets;
  }

  // Sends a packet, which must be booked once, in the fate given.
  void expect_fate(const Bytes& packet, PacketFate expected, const std::string& note = {},
                   std::source_location at = std::source_location::current()) {
    const testing::ScopedTrace trace(at.file_name(), static_cast<int>(at.line()), note);
    const std::uint64_t before = fate(expected), seen_before = seen();
    arrive(packet);
    EXPECT_EQ(fate(expected), before + 1) << to_string(expected);
    EXPECT_EQ(seen(), seen_before + 1) << "a packet is in exactly one fate";
  }

  // As if every flow of the cache had been silent for this much longer.
  void age_known_flows(std::uint64_t jiffies) {
    const int map = map_of(uplink_->program_fd(true), "known_flows");
    const auto cells = static_cast<std::uint32_t>(libbpf_num_possible_cpus()) * FLOWS_PER_CPU;
    for (std::uint32_t key = 0; key < cells; ++key) {
      known_flow flow{};
      ASSERT_EQ(bpf_map_lookup_elem(map, &key, &flow), 0);
      if (flow.generation == 0) continue;
      flow.seen -= jiffies;
      ASSERT_EQ(bpf_map_update_elem(map, &key, &flow, BPF_ANY), 0);
    }
    ::close(map);
  }

  std::vector<AttemptCount> attempts() { return attempts_->list(tables_->roster()).value(); }

  std::optional<datapath::Rows> rows_{};
  std::optional<datapath::Tables> tables_{};
  std::optional<datapath::Uplink> uplink_{};
  std::optional<datapath::Attempts> attempts_{};
  std::optional<datapath::Uplinks> uplinks_{};
  std::vector<std::string> left_out_{};
};

}  // namespace sextant::test
