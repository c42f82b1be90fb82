#include "agent/datapath/datapath.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <bpf/libbpf.h>

#include "agent/datapath/attempts.h"
#include "agent/datapath/cgroups.h"
#include "agent/datapath/death.h"
#include "agent/datapath/delivery.h"
#include "agent/datapath/events.h"
#include "agent/datapath/features.h"
#include "agent/datapath/listening.h"
#include "agent/datapath/rows.h"
#include "agent/datapath/tables.h"
#include "agent/datapath/uplink.h"
#include "agent/datapath/uplinks.h"

namespace sextant::datapath {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kTend{1};
constexpr std::chrono::seconds kSweep{60};
constexpr std::size_t kNamed = 3;         // of what was left out, in an error
constexpr int kLooksForCgroup = 3;        // seconds that a stray waits for the name of its cgroup
constexpr std::size_t kMostUnnamed = 64;  // further ones are told without a name

std::string left_out_text(std::span<const std::string> left_out) {
  std::string text = "does not fit, and is unknown: ";
  for (std::size_t i = 0; i < left_out.size() && i < kNamed; ++i) text += (i == 0 ? "" : ", ") + left_out[i];
  if (left_out.size() > kNamed) text += " and " + std::to_string(left_out.size() - kNamed) + " more";
  return text;
}

// awaitable_operators see only exceptions: an error that is returned would not end the parts that still run.
asio::awaitable<void> must(asio::awaitable<Result<>> part) {
  if (auto ended = co_await std::move(part); !ended) throw std::runtime_error(ended.error().what);
}

}  // namespace

// Members are destroyed in reverse: programs before the maps and books that they use.
struct Datapath::State {
  Config config;
  Sinks sinks;
  std::vector<Feature> features;
  Cgroups cgroups;
  Tables tables;
  Rows rows;
  std::optional<Events> events{};  // its handlers need the address of this
  std::optional<Uplink> uplink{};
  std::optional<Attempts> attempts{};
  std::optional<Uplinks> uplinks{};
  std::optional<Delivery> delivery{};
  std::optional<Death> death{};
  std::optional<Listening> listening{};
  std::vector<WitnessStatus> blind{};  // the witnesses that could not be loaded
  // Strays whose cgroup is younger than the last scan of the hierarchy: looked up again by the next seconds.
  struct Unnamed {
    stray_key key{};
    int looks = 0;
  };
  std::vector<Unnamed> unnamed{};

  Result<> load_events();
  void load_uplink();
  void load_delivery(const Result<std::string>& cgroup);
  void load_death();
  void load_listening();
  void mark_blind(Witness witness, const Error& why);

  Lend lend();
  RowNames names();
  void on_row(const row_key& key);
  void on_stray(const stray_key& key, int looks = 0);

  asio::awaitable<Result<>> listen();
  asio::awaitable<Result<>> tend();
  void tend_once();
};

Lend Datapath::State::lend() {
  return [this](bpf_object& object) -> Result<> {
    if (auto lent = tables.lend_to(object); !lent) return lent;
    if (auto lent = rows.lend_to(object); !lent) return lent;
    return events->lend_to(object);
  };
}

RowNames Datapath::State::names() {
  return {.endpoint = [this](std::uint32_t id) -> std::optional<EndpointRef> {
            const EndpointRef* endpoint = tables.endpoint(id);
            return endpoint == nullptr ? std::nullopt : std::optional(*endpoint);
          },
          .reason = [this](std::uint32_t reason) { return death ? death->reason_name(reason) : std::string(); },
          .cgroup = [this](std::uint64_t id) { return cgroups.find(id); }};
}

void Datapath::State::on_row(const row_key& key) {
  if (auto row = rows.find(key, names()); row && sinks.disagreement) sinks.disagreement(*row);
}

void Datapath::State::on_stray(const stray_key& key, int looks) {
  const auto stray = rows.find(key, names());
  if (!stray || !sinks.stray) return;
  if (stray->cgroup.empty() && looks < kLooksForCgroup && unnamed.size() < kMostUnnamed) {
    unnamed.push_back({.key = key, .looks = looks + 1});
    return;
  }
  sinks.stray(*stray);
}

void Datapath::State::mark_blind(Witness witness, const Error& why) {
  blind.push_back({.witness = witness,
                   .state = WitnessState::kBlind,
                   .reason = why.what,
                   .since = std::chrono::system_clock::now()});
}

Result<> Datapath::State::load_events() {
  auto made = Events::create(config.sizes.ring_bytes, {.row = [this](const row_key& key) { on_row(key); },
                                                       .stray = [this](const stray_key& key) { on_stray(key); },
                                                       .sockets =
                                                           [this] {
                                                             if (listening) listening->sockets_changed();
                                                           }});
  if (!made) return Failure(std::move(made.error()));
  events.emplace(std::move(*made));
  return {};
}

void Datapath::State::load_uplink() {
  auto loaded = Uplink::load(config.sizes, lend());
  if (!loaded) return mark_blind(Witness::kUplink, loaded.error());
  auto book = Attempts::create(loaded->attempt_maps());
  if (!book) return mark_blind(Witness::kUplink, book.error());
  uplink.emplace(std::move(*loaded));
  attempts.emplace(std::move(*book));
  uplinks.emplace(*uplink, tables);
}

void Datapath::State::load_delivery(const Result<std::string>& cgroup) {
  if (!cgroup) return mark_blind(Witness::kDelivery, cgroup.error());
  auto loaded = Delivery::load({.cgroup = *cgroup, .event_interval = config.event_interval}, lend());
  if (!loaded) return mark_blind(Witness::kDelivery, loaded.error());
  if (auto attached = loaded->attach(); !attached) return mark_blind(Witness::kDelivery, attached.error());
  delivery.emplace(std::move(*loaded));
}

void Datapath::State::load_death() {
  auto loaded = Death::load(config.event_interval, lend());
  if (!loaded) return mark_blind(Witness::kDeath, loaded.error());
  if (auto attached = loaded->attach(); !attached) return mark_blind(Witness::kDeath, attached.error());
  death.emplace(std::move(*loaded));
}

void Datapath::State::load_listening() {
  const auto on_picture = [this](const ListenerPicture& picture) {
    if (sinks.listeners) sinks.listeners(picture);
  };
  const auto on_status = [this] {
    if (sinks.status) sinks.status();
  };
  auto loaded = Listening::load({.poll = config.listen_poll, .min_gap = config.listen_min_gap}, lend(), cgroups,
                                {.picture = on_picture, .status = on_status});
  if (!loaded) return mark_blind(Witness::kListening, loaded.error());
  listening.emplace(std::move(*loaded));
}

Result<Datapath> Datapath::load(const Config& config, Sinks sinks) {
  libbpf_set_print(nullptr);  // what fails is told by the results
  auto cgroup = config.cgroup.empty() ? find_cgroup2() : Result<std::string>(config.cgroup);
  auto tables = Tables::create(config.sizes);
  if (!tables) return Failure(std::move(tables.error()));
  auto rows = Rows::create({.rows = config.sizes.rows});
  if (!rows) return Failure(std::move(rows.error()));
  std::unique_ptr<State> state(new State{.config = config,
                                         .sinks = std::move(sinks),
                                         .features = probe_features(config),
                                         .cgroups = Cgroups(cgroup.value_or("")),
                                         .tables = std::move(*tables),
                                         .rows = std::move(*rows)});
  if (auto made = state->load_events(); !made) return Failure(std::move(made.error()));
  state->load_delivery(cgroup);  // before the uplink, which believes its marks of what began here
  state->load_death();
  state->load_uplink();
  state->load_listening();
  if (!state->delivery && !state->death && !state->uplink && !state->listening) {
    return failure("no witness could be loaded: " + state->blind.front().reason);
  }
  return Datapath(std::move(state));
}

Datapath::Datapath(std::unique_ptr<State> state) : state_(std::move(state)) {}
Datapath::Datapath(Datapath&&) noexcept = default;
Datapath::~Datapath() = default;

Capabilities Datapath::needed_later() const {
  Capabilities needed = state_->uplinks ? state_->uplinks->needed_to_attach() : 0;
  if (!bpf_works_without_capability()) needed |= bpf_capabilities();
  return needed & effective_capabilities();
}

void Datapath::set_uplinks(const std::vector<Link>& uplinks) {
  if (state_->uplinks) state_->uplinks->set(uplinks);
}

Result<> Datapath::set_intent(const KernelIntent& intent) {
  Result<> booked;
  auto set = state_->tables.set_intent(intent, [&](std::span<const Roster::Departed> departed) {
    if (state_->attempts) booked = state_->attempts->farewell(departed);
  });
  if (!set) return Failure(std::move(set.error()));
  if (!set->empty()) return failure(left_out_text(*set));
  return booked;
}

asio::awaitable<Result<>> Datapath::run() {
  using namespace asio::experimental::awaitable_operators;
  try {
    co_await (must(state_->events->run()) && must(state_->listen()) && must(state_->tend()));
  } catch (const std::exception& error) {
    co_return failure(error.what());
  }
  co_return Result<>();
}

asio::awaitable<Result<>> Datapath::State::listen() {
  if (!listening) co_return Result<>();
  co_return co_await listening->run();
}

asio::awaitable<Result<>> Datapath::State::tend() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  auto swept = std::chrono::steady_clock::now();
  while (true) {
    timer.expires_after(kTend);
    const auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (cancelled) break;
    tend_once();
    const auto now = std::chrono::steady_clock::now();
    if (now - swept < kSweep) continue;
    swept = now;
    if (auto done = rows.sweep(); !done) co_return done;
  }
  co_return Result<>();
}

void Datapath::State::tend_once() {
  if (uplinks && uplinks->tend() && sinks.status) sinks.status();
  // What cannot be emptied stays in the kernel: the books stay exact, and the next second tries again.
  if (attempts) static_cast<void>(attempts->tend(tables.roster()));
  for (const auto& [key, looks] : std::exchange(unnamed, {})) on_stray(key, looks);
}

Result<std::vector<RowObservation>> Datapath::rows() const { return state_->rows.read(state_->names()); }

Result<std::vector<AttemptCount>> Datapath::attempts() const {
  if (!state_->attempts) return std::vector<AttemptCount>();
  return state_->attempts->list(state_->tables.roster());
}

Result<std::vector<SourceCount>> Datapath::sources() const {
  if (!state_->uplink) return std::vector<SourceCount>();
  return state_->uplink->source_sketch().list(state_->tables.roster());
}

Result<std::vector<UplinkCount>> Datapath::uplink_counts() const {
  if (!state_->uplinks) return std::vector<UplinkCount>();
  return state_->uplinks->counts();
}

const std::vector<Feature>& Datapath::features() const { return state_->features; }

std::vector<WitnessStatus> Datapath::statuses() const {
  std::vector<WitnessStatus> statuses = state_->blind;
  if (state_->uplinks) statuses.push_back(state_->uplinks->status());
  if (state_->delivery) statuses.push_back(state_->delivery->status());
  if (state_->death) statuses.push_back(state_->death->status());
  if (state_->listening) statuses.push_back(state_->listening->status());
  std::ranges::sort(statuses, {}, &WitnessStatus::witness);
  return statuses;
}

std::vector<Datapath::MapUse> Datapath::map_use() const {
  std::vector<MapUse> uses = state_->tables.use();
  const auto add = [&](std::vector<MapUse> more) { uses.insert(uses.end(), more.begin(), more.end()); };
  add(state_->rows.use());
  if (state_->uplink) add(state_->uplink->map_use());
  if (state_->delivery) add(state_->delivery->map_use());
  return uses;
}

std::vector<Datapath::ProgramUse> Datapath::program_use() const {
  std::vector<ProgramUse> uses;
  const auto add = [&](std::vector<ProgramUse> more) { uses.insert(uses.end(), more.begin(), more.end()); };
  if (state_->uplink) add(state_->uplink->program_use());
  if (state_->delivery) add(state_->delivery->use());
  if (state_->death) add(state_->death->use());
  if (state_->listening) add(state_->listening->use());
  return uses;
}

}  // namespace sextant::datapath
