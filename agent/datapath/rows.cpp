#include "agent/datapath/rows.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include <bpf/bpf.h>
#include <sys/random.h>

#include "agent/datapath/hash_map.h"
#include "agent/datapath/map_use.h"
#include "agent/datapath/shared_maps.h"

namespace sextant::datapath {
namespace {

constexpr const char* kDisagreeing = "disagreeing";
constexpr const char* kAgreeing = "agreeing";
constexpr const char* kStrays = "strays";
constexpr const char* kReplies = "replies";

struct KeyLess {
  bool operator()(const row_key& a, const row_key& b) const {
    return std::tie(a.endpoint, a.source, a.protocol, a.port) < std::tie(b.endpoint, b.source, b.protocol, b.port);
  }
};
using RowMap = std::map<row_key, row_value, KeyLess>;

template <class Key, class Value>
Result<UniqueFd> make_hash(const char* name, std::uint32_t entries) {
  // Preallocated: the death program runs wherever the kernel frees a packet, also where it cannot allocate.
  const int fd = bpf_map_create(BPF_MAP_TYPE_HASH, name, sizeof(Key), sizeof(Value), entries, nullptr);
  if (fd < 0) return errno_failure(std::string("make map ") + name, fd);
  return UniqueFd(fd);
}

Result<UniqueFd> make_replies() {
  UniqueFd fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, kReplies, sizeof(std::uint32_t), sizeof(reply_table), 1, nullptr));
  if (!fd) return errno_failure(std::string("make map ") + kReplies, errno);
  const auto empty = std::make_unique<reply_table>();
  if (::getrandom(&empty->seed, sizeof empty->seed, 0) != sizeof empty->seed) {
    return errno_failure("draw the seed of the flows' hash", errno);
  }
  const std::uint32_t zero = 0;
  if (const int err = bpf_map_update_elem(fd.get(), &zero, empty.get(), BPF_ANY); err != 0) {
    return errno_failure(std::string("fill map ") + kReplies, err);
  }
  return fd;
}

std::uint64_t last_packet_ns(const row_value& row) {
  return std::max({row.last_delivered_ns, row.last_dropped_ns, row.last_refused_ns});
}

std::uint64_t earlier(std::uint64_t a, std::uint64_t b) {
  if (a == 0 || b == 0) return a + b;
  return std::min(a, b);
}

IpAddress address_of(const __u8 (&bytes)[16]) {
  IpAddress address;
  std::memcpy(address.bytes.data(), bytes, sizeof bytes);
  return address;
}

bool quiet(std::uint64_t last_ns, std::uint64_t now_ns, std::chrono::nanoseconds keep) {
  return now_ns > last_ns && now_ns - last_ns > static_cast<std::uint64_t>(keep.count());
}

Result<RowMap> read_rows(int fd, const char* name) {
  auto entries = read_hash_map<row_key, row_value>(fd, std::string("read map ") + name);
  if (!entries) return Failure(std::move(entries.error()));
  return RowMap(entries->begin(), entries->end());
}

}  // namespace

row_value merged(const row_value& a, const row_value& b) {
  row_value sum = a;
  sum.delivered += b.delivered;
  sum.dropped += b.dropped;
  sum.refused += b.refused;
  sum.first_ns = earlier(a.first_ns, b.first_ns);
  sum.last_delivered_ns = std::max(a.last_delivered_ns, b.last_delivered_ns);
  sum.last_dropped_ns = std::max(a.last_dropped_ns, b.last_dropped_ns);
  sum.last_refused_ns = std::max(a.last_refused_ns, b.last_refused_ns);
  sum.told_ns = std::max(a.told_ns, b.told_ns);
  if (b.told_ns > a.told_ns) std::memcpy(sum.sample, b.sample, sizeof sum.sample);
  if (b.last_delivered_ns > a.last_delivered_ns) sum.cgroup = b.cgroup;
  if (b.last_dropped_ns > a.last_dropped_ns) sum.drop_reason = b.drop_reason;
  if (last_packet_ns(b) > last_packet_ns(a)) sum.intended = b.intended;
  return sum;
}

Result<Rows> Rows::create(const RowsConfig& config) {
  auto disagreeing = make_hash<row_key, row_value>(kDisagreeing, config.rows);
  if (!disagreeing) return Failure(std::move(disagreeing.error()));
  auto agreeing = make_hash<row_key, row_value>(kAgreeing, config.rows);
  if (!agreeing) return Failure(std::move(agreeing.error()));
  auto strays = make_hash<stray_key, stray_value>(kStrays, config.strays);
  if (!strays) return Failure(std::move(strays.error()));
  auto replies = make_replies();
  if (!replies) return Failure(std::move(replies.error()));
  return Rows(config, std::move(*disagreeing), std::move(*agreeing), std::move(*strays), std::move(*replies));
}

Rows::Rows(const RowsConfig& config, UniqueFd disagreeing, UniqueFd agreeing, UniqueFd strays, UniqueFd replies)
    : config_(config),
      disagreeing_(std::move(disagreeing)),
      agreeing_(std::move(agreeing)),
      strays_(std::move(strays)),
      replies_(std::move(replies)) {}

Result<> Rows::lend_to(bpf_object& object) const {
  const std::pair<const char*, int> maps[] = {{kDisagreeing, disagreeing_.get()},
                                              {kAgreeing, agreeing_.get()},
                                              {kStrays, strays_.get()},
                                              {kReplies, replies_.get()}};
  for (const auto& [name, fd] : maps) {
    if (auto lent = lend_map(object, name, fd); !lent) return lent;
  }
  return {};
}

std::optional<RowObservation> Rows::to_observation(const row_key& key, const row_value& value,
                                                   const RowNames& names) const {
  auto endpoint = names.endpoint(key.endpoint);
  if (!endpoint) return std::nullopt;
  RowObservation row{
      .key = {.endpoint = std::move(*endpoint),
              .protocol = static_cast<Protocol>(key.protocol),
              .port = key.port,
              .source = key.source},
      .intended = static_cast<Verdict>(value.intended),
      .delivered = value.delivered,
      .dropped = value.dropped,
      .refused = value.refused,
      .first_seen = clock_.to_time(value.first_ns),
      .last_delivered = clock_.to_time(value.last_delivered_ns),
      .last_dropped = clock_.to_time(value.last_dropped_ns),
      .sample = address_of(value.sample),
  };
  if (value.dropped > 0) row.drop_reason = names.reason(value.drop_reason);
  if (const Cgroup* cgroup = value.cgroup == 0 ? nullptr : names.cgroup(value.cgroup)) {
    row.cgroup = cgroup->path;
    row.pod_uid = cgroup->pod_uid;
  }
  return row;
}

Result<std::vector<RowObservation>> Rows::read(const RowNames& names) const {
  auto rows = read_rows(disagreeing_.get(), kDisagreeing);
  if (!rows) return Failure(std::move(rows.error()));
  const auto agreeing = read_rows(agreeing_.get(), kAgreeing);
  if (!agreeing) return Failure(agreeing.error());
  for (const auto& [key, value] : *agreeing) {
    const auto [place, added] = rows->emplace(key, value);
    if (!added) place->second = merged(place->second, value);
  }
  std::vector<RowObservation> observations;
  observations.reserve(rows->size());
  for (const auto& [key, value] : *rows) {
    if (auto row = to_observation(key, value, names)) observations.push_back(std::move(*row));
  }
  return observations;
}

std::optional<RowObservation> Rows::find(const row_key& key, const RowNames& names) const {
  row_value disagreeing{};
  row_value agreeing{};
  const bool disagrees = bpf_map_lookup_elem(disagreeing_.get(), &key, &disagreeing) == 0;
  const bool agrees = bpf_map_lookup_elem(agreeing_.get(), &key, &agreeing) == 0;
  if (disagrees && agrees) return to_observation(key, merged(disagreeing, agreeing), names);
  if (disagrees) return to_observation(key, disagreeing, names);
  if (agrees) return to_observation(key, agreeing, names);
  return std::nullopt;
}

std::optional<StrayDelivery> Rows::find(const stray_key& key, const RowNames& names) const {
  stray_value value{};
  if (bpf_map_lookup_elem(strays_.get(), &key, &value) != 0) return std::nullopt;
  StrayDelivery stray{
      .address = address_of(key.address),
      .sample = address_of(value.sample),
      .protocol = static_cast<Protocol>(key.protocol),
      .port = key.port,
      .count = value.count,
      .first_seen = clock_.to_time(value.first_ns),
      .last_seen = clock_.to_time(value.last_ns),
  };
  if (const Cgroup* cgroup = names.cgroup(key.cgroup)) {
    stray.cgroup = cgroup->path;
    stray.pod_uid = cgroup->pod_uid;
  }
  return stray;
}

Result<> Rows::sweep() {
  clock_.refresh();
  const auto disagreeing = read_rows(disagreeing_.get(), kDisagreeing);
  if (!disagreeing) return Failure(disagreeing.error());
  const auto agreeing = read_rows(agreeing_.get(), kAgreeing);
  if (!agreeing) return Failure(agreeing.error());
  const auto strays = read_hash_map<stray_key, stray_value>(strays_.get(), std::string("read map ") + kStrays);
  if (!strays) return Failure(strays.error());

  const std::uint64_t now = KernelClock::now_ns();
  for (const auto& [key, value] : *disagreeing) {
    if (!quiet(last_packet_ns(value), now, config_.keep_disagreeing)) continue;
    bpf_map_delete_elem(disagreeing_.get(), &key);
    bpf_map_delete_elem(agreeing_.get(), &key);
  }
  for (const auto& [key, value] : *agreeing) {
    if (disagreeing->contains(key) || !quiet(last_packet_ns(value), now, config_.keep_agreeing)) continue;
    bpf_map_delete_elem(agreeing_.get(), &key);
  }
  for (const auto& [key, value] : *strays) {
    if (quiet(value.last_ns, now, config_.keep_disagreeing)) bpf_map_delete_elem(strays_.get(), &key);
  }
  return {};
}

std::vector<Datapath::MapUse> Rows::use() const {
  return {map_use(kDisagreeing, disagreeing_.get()), map_use(kAgreeing, agreeing_.get()),
          map_use(kStrays, strays_.get()), map_use(kReplies, replies_.get())};
}

}  // namespace sextant::datapath
