#include <cstdint>
#include <string>
#include <string_view>

#include "agent/report/convert.h"
#include "agent/report/convert_parts.h"
#include "agent/report/utf8.h"

namespace sextant::report {

using detail::set_time;
using detail::word;

namespace {

// 16 hexadecimal digits.
std::string digits_of(std::uint64_t value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string digits(16, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, value >>= 4U) *digit = kHex[value & 15U];
  return digits;
}

void add_parts(const StatusView& status, v1alpha1::Status& out) {
  for (const SourceStatus& source : status.sources) {
    v1alpha1::SourceStatus& to = *out.add_sources();
    to.set_name(utf8(source.name));
    to.set_healthy(source.healthy);
    to.set_detail(utf8(source.detail));
    set_time(source.since, [&] { return to.mutable_since(); });
    if (!source.objects) continue;
    to.set_objects(*source.objects);
    to.set_checksum(digits_of(source.checksum));
  }
  for (const WitnessStatus& witness : status.witnesses) {
    v1alpha1::WitnessStatus& to = *out.add_witnesses();
    to.set_witness(word(witness.witness));
    to.set_state(word(witness.state));
    to.set_covers(utf8(witness.covers));
    to.set_reason(utf8(witness.reason));
    set_time(witness.since, [&] { return to.mutable_since(); });
    to.set_lost(witness.lost);
  }
  for (const Feature& feature : status.features) {
    v1alpha1::Feature& to = *out.add_features();
    to.set_name(utf8(feature.name));
    to.set_available(feature.available);
    to.set_reason(utf8(feature.reason));
  }
}

void add_doubts(const StatusView& status, v1alpha1::Status& out) {
  for (const BlindSpot& spot : status.blind_spots) {
    v1alpha1::BlindSpot& to = *out.add_blind_spots();
    to.set_what(utf8(spot.what));
    to.set_why(utf8(spot.why));
  }
  for (const PolicyProblem& problem : status.policy_problems) {
    v1alpha1::PolicyProblem& to = *out.add_policy_problems();
    *to.mutable_policy() = to_message(problem.policy);
    to.set_rejected(problem.rejected);
    to.set_reason(utf8(problem.reason));
  }
}

void add_kernel_use(const StatusView& status, v1alpha1::Status& out) {
  for (const MapUse& map : status.maps) {
    v1alpha1::MapUse& to = *out.add_maps();
    to.set_map(utf8(map.map));
    to.set_entries(map.entries);
    to.set_capacity(map.capacity);
    to.set_bytes(map.bytes);
  }
  for (const ProgramUse& program : status.programs) {
    v1alpha1::ProgramUse& to = *out.add_programs();
    to.set_program(utf8(program.program));
    to.set_events(program.events);
    to.set_events_lost(program.events_lost);
    to.set_rows_lost(program.rows_lost);
    to.set_runs(program.runs);
    to.set_run_seconds(std::chrono::duration<double>(program.run_time).count());
  }
}

}  // namespace

v1alpha1::Status to_message(const StatusView& status) {
  v1alpha1::Status out;
  out.set_node(utf8(status.node));
  out.set_version(utf8(status.version));
  out.set_cilium_release(utf8(status.cilium_release));
  set_time(status.started, [&] { return out.mutable_started(); });
  out.set_ready(status.not_ready.empty());
  for (const std::string& reason : status.not_ready) out.add_not_ready(utf8(reason));
  for (const auto& [kind, number] : status.objects) (*out.mutable_objects())[kind] = number;
  for (const std::string& uplink : status.uplinks) out.add_uplinks(utf8(uplink));
  out.set_resident_bytes(status.resident_bytes);
  add_parts(status, out);
  add_doubts(status, out);
  add_kernel_use(status, out);
  return out;
}

}  // namespace sextant::report
