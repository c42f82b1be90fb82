#include "agent/datapath/attempts.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

#include "agent/datapath/mapped_array.h"

namespace sextant::datapath {
namespace {

constexpr std::string_view kDoing = "read the attempts";
constexpr std::size_t kRestCells = ATTEMPT_REST_CELLS;
constexpr Protocol kBookProtocols[BOOK_PROTOCOLS] = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmpv6,
                                                     Protocol::kAny};

// A counter that a program may be raising.
std::uint64_t load(__u64& counter) { return std::atomic_ref(counter).load(std::memory_order_relaxed); }

}  // namespace

Attempts::Attempts(const AttemptMaps& maps, Readers readers)
    : maps_(maps), readers_(std::move(readers)), book_(maps.limit) {}

Result<Attempts> Attempts::create(const AttemptMaps& maps) {
  auto readers = Readers::create();
  if (!readers) return Failure(std::move(readers.error()));
  return Attempts(maps, std::move(*readers));
}

attempt_bank Attempts::fill(std::uint32_t bank) const {
  return {.used = load(maps_.banks[bank].used), .rest = load(maps_.banks[bank].rest)};
}

std::uint64_t Attempts::used() const { return fill(*maps_.bank_in_use % ATTEMPT_BANKS).used; }

std::uint64_t Attempts::rest() const { return fill(0).rest + fill(1).rest; }

bool Attempts::runs_low() const { return used() > std::uint64_t{maps_.limit} * 3 / 4 || rest() > rest_at_flip_; }

Result<> Attempts::tend(const Roster& roster) {
  clock_.refresh();
  if (emptying_) return readers_.gone() ? empty_bank(roster) : Result<>();
  const std::chrono::nanoseconds since(KernelClock::now_ns() - flipped_ns_);
  if (runs_low() && since >= kFlipGap) flip();
  return {};
}

void Attempts::flip() {
  emptying_ = *maps_.bank_in_use % ATTEMPT_BANKS;
  rest_at_flip_ = rest();
  flipped_ns_ = KernelClock::now_ns();
  *maps_.bank_in_use = (*emptying_ + 1) % ATTEMPT_BANKS;
  readers_.begin();
}

Result<> Attempts::empty_bank(const Roster& roster) {
  if (auto waited = readers_.wait(); !waited) return because(kDoing, std::move(waited.error()));
  if (auto added = add_bank(book_, *emptying_, [&](std::uint32_t id) { return roster.find(id); }); !added) return added;
  if (auto cleared = clear_bank(*emptying_); !cleared) return cleared;
  emptying_.reset();
  book_.fold([&](const EndpointRef& endpoint) { return roster.find(endpoint) != nullptr; });
  return {};
}

Result<> Attempts::farewell(std::span<const Roster::Departed> departed) {
  if (departed.empty()) return {};
  std::map<std::uint32_t, const EndpointRef*> names;
  for (const Roster::Departed& gone : departed) names.emplace(gone.seat.id, &gone.endpoint);
  const Name name = [&](std::uint32_t id) {
    const auto it = names.find(id);
    return it == names.end() ? nullptr : it->second;
  };
  // The cells stay: nobody knows their ids from now on.
  for (std::uint32_t bank = 0; bank < ATTEMPT_BANKS; ++bank) {
    if (auto added = add_bank(book_, bank, name); !added) return added;
  }
  auto rest = map_rest();
  if (!rest) return Failure(std::move(rest.error()));
  if (rest->elements().empty()) return {};
  for (const Roster::Departed& gone : departed) {
    const auto slot = rest->elements().subspan(gone.seat.slot * kRestCells, kRestCells);
    add_rest(book_, slot, gone.endpoint);
    std::ranges::fill(slot, attempt_rest{});
  }
  return {};
}

Result<std::vector<AttemptCount>> Attempts::list(const Roster& roster) const {
  AttemptBook sum = book_;
  for (std::uint32_t bank = 0; bank < ATTEMPT_BANKS; ++bank) {
    if (auto added = add_bank(sum, bank, [&](std::uint32_t id) { return roster.find(id); }); !added) {
      return Failure(std::move(added.error()));
    }
  }
  auto rest = map_rest();
  if (!rest) return Failure(std::move(rest.error()));
  if (rest->elements().empty()) return sum.list();
  const auto slot = [&](const Seat& seat) { return rest->elements().subspan(seat.slot * kRestCells, kRestCells); };
  for (const Roster::Departed& gone : roster.departed()) add_rest(sum, slot(gone.seat), gone.endpoint);
  for (const auto& [endpoint, seat] : roster.seats()) add_rest(sum, slot(seat), endpoint);
  return sum.list();
}

Result<> Attempts::add_bank(AttemptBook& to, std::uint32_t bank, const Name& name) const {
  if (fill(bank).used == 0) return {};
  auto window = MappedArray<attempt>::map(maps_.cells, std::uint64_t{bank} * maps_.buckets, maps_.buckets, true);
  if (!window) return because(kDoing, std::move(window.error()));
  for (attempt& cell : window->elements()) {
    const std::uint64_t key = load(cell.key);
    const std::uint64_t packets = load(cell.packets);
    const EndpointRef* endpoint = packets == 0 ? nullptr : name(static_cast<std::uint32_t>(key >> 32U));
    if (endpoint == nullptr) continue;
    to.add({.endpoint = *endpoint,
            .protocol = static_cast<Protocol>(key >> 8U & 0xffU),
            .port = static_cast<std::uint16_t>(key >> 16U),
            .verdict = static_cast<Verdict>(key & 0xffU),
            .packets = packets,
            .last_seen = clock_.to_time(load(cell.last_ns))});
  }
  return {};
}

Result<MappedArray<attempt_rest>> Attempts::map_rest() const {
  auto window = MappedArray<attempt_rest>::map(maps_.rest, 0, rest() == 0 ? 0 : maps_.slots * kRestCells, true);
  if (!window) return because(kDoing, std::move(window.error()));
  return window;
}

void Attempts::add_rest(AttemptBook& to, std::span<attempt_rest> slot, const EndpointRef& endpoint) const {
  for (std::uint32_t book = 0; book < BOOK_PROTOCOLS; ++book) {
    for (std::uint8_t verdict = 0; verdict < VERDICT_COUNT; ++verdict) {
      attempt_rest& cell = slot[attempt_rest_index(0, book, verdict)];
      const std::uint64_t packets = load(cell.packets);
      if (packets == 0) continue;
      to.add({.endpoint = endpoint,
              .protocol = kBookProtocols[book],
              .port_known = false,
              .verdict = static_cast<Verdict>(verdict),
              .packets = packets,
              .last_seen = clock_.to_time(load(cell.last_ns))});
    }
  }
}

Result<> Attempts::clear_bank(std::uint32_t bank) {
  auto window = MappedArray<attempt>::map(maps_.cells, std::uint64_t{bank} * maps_.buckets, maps_.buckets, true);
  if (!window) return because("empty the attempts", std::move(window.error()));
  std::ranges::fill(window->elements(), attempt{});
  maps_.banks[bank].used = 0;
  return {};
}

}  // namespace sextant::datapath
