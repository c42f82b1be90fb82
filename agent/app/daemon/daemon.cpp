#include "agent/app/daemon/daemon.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "agent/app/daemon/api_sources.h"
#include "agent/audit/services/kernel_services.h"
#include "agent/report/source_filter.h"
#include "agent/rights/system_calls.h"

namespace sextant::app {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr milliseconds kRoundDelay{20};   // deltas of one burst become one round
constexpr milliseconds kSettleDelay{20};  // events of one burst become one transaction
constexpr seconds kTick{1};
constexpr minutes kPruneEvery{60};
constexpr minutes kLossHold{10};  // a loss is a blind spot for this long after it stopped

// net.ipv4.ip_local_port_range holds for IPv6 too.
audit::PortRange ephemeral_ports() {
  audit::PortRange range = audit::Config{}.ephemeral;
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  if (file >> first >> last) range = {.first = first, .last = last};
  return range;
}

audit::Config audit_config(const Config& config) {
  return {.node = config.node,
          .quiet = config.findings.quiet,
          .settle = config.cilium.settle,
          .ephemeral = ephemeral_ports(),
          .bounded_pid = config.api.from.given ? static_cast<std::uint32_t>(::getpid()) : 0,
          .severities = config.findings.severities};
}

std::map<std::string, std::string> config_labels(const Config& config) {
  return {{"source", config.source.kubernetes ? "kubernetes" : "manifests"},
          {"datapath", config.datapath.enabled ? "true" : "false"},
          {"cilium_version", std::string(policy::to_string(config.cilium.options.release))},
          {"host_firewall", config.cilium.options.enable_host_firewall ? "true" : "false"}};
}

// awaitable_operators sees only exceptions: without this, `a && b` would wait on b for ever after a returned an Error.
asio::awaitable<void> must(asio::awaitable<Result<>> task) {
  auto result = co_await std::move(task);
  if (!result) throw std::runtime_error(result.error().what);
}

void log_change(const FindingChange& change) {
  const auto& f = change.finding;
  switch (change.kind) {
    case FindingChange::Kind::kOpened:
      spdlog::warn("finding {} {} {}: {}", f.openings > 1 ? "opened again" : "opened", f.id, to_string(f.severity),
                   f.message);
      return;
    case FindingChange::Kind::kResolved:
      spdlog::info("finding resolved {}: {} ({})", f.id, f.message, f.resolution);
      return;
    case FindingChange::Kind::kUpdated:
      spdlog::debug("finding updated {}: count {}", f.id, f.count);
      return;
  }
}

}  // namespace

Daemon::Daemon(asio::io_context& io, Config config, const Clock& clock)
    : config_(std::move(config)),
      clock_(clock),
      world_(config_.node),
      engine_(world_, options_from(config_, {}).options),
      intent_(engine_),
      lint_(io.get_executor(), world_, engine_),
      void_policies_(world_, engine_, !config_.source.kubernetes),
      views_(parts_, config_),
      losses_(kLossHold),
      round_timer_(io),
      settle_timer_(io) {
  parts_.world = &world_;
  parts_.engine = &engine_;
  parts_.started = clock.now();
  parts_.metrics.config = config_labels(config_);
  parts_.intent = &intent_;
  parts_.lint = &lint_;
  parts_.cilium_release = options_from(config_, {}).release;
  audit::Lookups lookups = intent_.lookups();
  lookups.void_policies = [this] { return void_policies_.remarks(); };
  auditor_.emplace(world_, std::move(lookups), audit_config(config_));
  parts_.auditor = &*auditor_;
  forwarding_ = config_.cilium.forwarding;
}

Result<std::unique_ptr<Daemon>> Daemon::start(asio::io_context& io, Config config, const Clock& clock) {
  std::unique_ptr<Daemon> daemon(new Daemon(io, std::move(config), clock));
  if (auto opened = daemon->open_store(); !opened) return Failure(opened.error());
  if (auto opened = daemon->open_sources(); !opened) return Failure(opened.error());
  // The API before the datapath: a port in use is known before anything is attached.
  if (auto bound = daemon->bind_api(); !bound) return Failure(bound.error());
  daemon->load_datapath();
  return daemon;
}

Result<> Daemon::open_store() {
  auto store = report::Store::open(config_.store.path, config_.store.keep);
  if (!store) return because("open store", store.error());
  store_.emplace(std::move(*store));
  auto findings = store_->load(clock_.now() - std::chrono::hours(24));
  if (!findings) return because("read store", findings.error());
  auditor_->restore(std::move(*findings));
  parts_.store = &*store_;
  return {};
}

Result<> Daemon::open_sources() {
  auto opened = config_.source.kubernetes ? open_cluster() : open_manifests();
  return opened ? open_network() : opened;
}

Result<> Daemon::open_manifests() {
  auto manifests = manifests::ManifestSource::open(
      *config_.source.manifests, {.delta = [this](const Delta& delta) { on_delta(delta); },
                                  .round = [this](const auto& problems, auto files,
                                                  auto ignored) { on_manifest_round(problems, files, ignored); }});
  if (!manifests) return because("open manifests", manifests.error());
  manifests_.emplace(std::move(*manifests));
  parts_.sources.push_back({.name = "manifests " + config_.source.manifests->string(), .since = clock_.now()});
  return {};
}

Result<> Daemon::open_cluster() {
  auto cluster = app::open_cluster(round_timer_.get_executor(), config_,
                                   {.delta = [this](const Delta& delta) { on_delta(delta); },
                                    .cilium =
                                        [this](const kube::CiliumFacts& facts) {
                                          cilium_ = facts;
                                          soon(round_pending_, round_timer_, kRoundDelay, &Daemon::intent_round);
                                        },
                                    .status = [this] { look_at_cluster(); }});
  if (!cluster) return because("source.kubernetes", cluster.error());
  cluster_.emplace(std::move(*cluster));
  spdlog::info("the API server is {}", cluster_->server());
  look_at_cluster();
  return {};
}

Result<> Daemon::open_network() {
  auto network = net::NetworkSource::open({.uplinks = config_.uplinks}, [this](const NetworkPicture& picture) {
    on_delta(picture);
    if (datapath_) {
      std::vector<Link> uplinks;
      std::ranges::copy_if(picture.links, std::back_inserter(uplinks), &Link::is_uplink);
      datapath_->set_uplinks(uplinks);
    }
    look_at_witnesses();
  });
  if (!network) return because("open netlink", network.error());
  network_.emplace(std::move(*network));
  return {};
}

void Daemon::load_datapath() {
  if (!config_.datapath.enabled) return;
  const datapath::Config config{.cgroup = config_.datapath.cgroup, .sizes = config_.datapath.sizes};
  auto loaded =
      datapath::Datapath::load(config, {.disagreement =
                                            [this](const RowObservation& row) {
                                              auditor_->on_row(row, clock_.now());
                                              soon(settle_pending_, settle_timer_, kSettleDelay, &Daemon::settle);
                                            },
                                        .stray =
                                            [this](const StrayDelivery& stray) {
                                              auditor_->on_stray(stray, clock_.now());
                                              soon(settle_pending_, settle_timer_, kSettleDelay, &Daemon::settle);
                                            },
                                        .listeners =
                                            [this](const ListenerPicture& picture) {
                                              auditor_->on_listeners(picture, clock_.now());
                                              soon(settle_pending_, settle_timer_, kSettleDelay, &Daemon::settle);
                                            },
                                        .status = [this] { on_witness_status(); }});
  if (loaded) {
    datapath_.emplace(std::move(*loaded));
    parts_.datapath = &*datapath_;
    return;
  }
  parts_.datapath_error = loaded.error().what;
  parts_.features = datapath::probe_features(config);
  spdlog::error("the kernel's witnesses are blind: {}", parts_.datapath_error);
}

Capabilities Daemon::needed_later() const {
  const Capabilities of_datapath = datapath_ ? datapath_->needed_later() : 0;
  const Capabilities of_api = config_.api.from.given ? report::needed_to_hear_only() : 0;
  return (of_datapath | of_api) & effective_capabilities();
}

Result<> Daemon::bind_api() {
  report::Audience audience{.allow_public = config_.api.allow_public};
  if (config_.api.from.given) audience.from = api_sources_ = api_sources(config_, world_);
  auto api = report::ApiServer::bind(
      {.socket = config_.api.socket, .listen = config_.api.listen, .audience = std::move(audience)}, views_);
  if (!api) return because("bind API", api.error());
  api_.emplace(std::move(*api));
  return {};
}

asio::awaitable<Result<>> Daemon::run() {
  using namespace asio::experimental::awaitable_operators;
  look_at_witnesses();
  try {
    auto source = manifests_ ? manifests_->run() : cluster_->run();
    co_await (must(std::move(source)) && must(network_->run()) && must(watch_kernel()) && must(api_->run()) &&
              must(tick()));
  } catch (const std::exception& error) {
    co_return failure(error.what());
  }
  co_return Result<>();
}

// The kernel's witnesses never stop the rest: what ends them makes them blind.
asio::awaitable<Result<>> Daemon::watch_kernel() {
  if (!datapath_) co_return Result<>();
  auto ended = co_await datapath_->run();
  if (!ended) {
    spdlog::error("the kernel's witnesses went blind: {}", ended.error().what);
    kernel_error_ = ended.error().what;
  }
  co_return Result<>();
}

void Daemon::on_delta(const Delta& delta) {
  heap_.on_change();
  world_.apply(delta);
  engine_.on(delta);
  lint_.changed();
  soon(round_pending_, round_timer_, kRoundDelay, &Daemon::intent_round);
}

void Daemon::on_manifest_round(const std::vector<manifests::Problem>& problems, std::size_t files,
                               std::size_t ignored) {
  std::vector<BlindSpot> spots;
  for (const auto& problem : problems) {
    spots.push_back({.what = "manifest " + problem.file, .why = problem.to_string()});
    spdlog::warn("{}", problem.to_string());
  }
  if (blind_spots_.set("manifests", std::move(spots))) parts_.blind_spots = blind_spots_.all();

  auto& status = parts_.sources.front();
  const bool healthy = problems.empty();
  if (healthy != status.healthy || !intent_known_) status.since = clock_.now();
  status.healthy = healthy;
  status.detail = healthy
                      ? std::to_string(files) + " files, " + std::to_string(ignored) + " objects of other kinds ignored"
                      : problems.front().to_string() +
                            (problems.size() > 1 ? " and " + std::to_string(problems.size() - 1) + " more" : "");
  intent_known_ = true;
  soon(round_pending_, round_timer_, kRoundDelay, &Daemon::intent_round);
}

void Daemon::on_witness_status() {
  look_at_witnesses();
  if (api_) api_->publish_status_changed();
}

void Daemon::soon(bool& pending, asio::steady_timer& timer, Duration delay, void (Daemon::*then)()) {
  if (std::exchange(pending, true)) return;
  timer.expires_after(std::chrono::duration_cast<milliseconds>(delay));
  timer.async_wait([this, &pending, then](boost::system::error_code cancelled) {
    pending = false;
    if (!cancelled) (this->*then)();
  });
}

void Daemon::intent_round() {
  if (!intent_known_) return;  // half-read policies would judge packets by half an intent
  follow_cluster();
  follow_nodes();
  std::vector<BlindSpot> spots;
  const auto begun = std::chrono::steady_clock::now();
  auditor_->on_forwarding(audit::completed(forwarding_, world_));
  auditor_->on_intent(clock_.now());
  if (datapath_) {
    KernelIntent intent = intent_.compile();
    audit::add_services(intent, auditor_->doors());
    parts_.metrics.policy_compile.observe(std::chrono::steady_clock::now() - begun);
    if (auto set = datapath_->set_intent(intent); !set) {
      spots.push_back({.what = "verdict tables", .why = set.error().what});
      spdlog::warn("verdict tables: {}", set.error().what);
    }
  }
  blind_spots_.set("tables", std::move(spots));
  parts_.intent_known = true;
  look_at_policies();
  void_policies_.look();
  look_at_witnesses();
  settle();
}

std::optional<bool> Daemon::has_cilium() const {
  if (!cluster_) return std::nullopt;
  return !cilium_.config.empty() || !cilium_.image.empty();
}

// Nodes that came or went may, or may no longer, ask the API.
void Daemon::follow_nodes() {
  if (!config_.api.from.given) return;
  std::vector<Prefix> sources = api_sources(config_, world_);
  if (sources == api_sources_) return;
  api_sources_ = std::move(sources);
  if (api_sources_.size() > report::kMostSources)
    spdlog::warn("api.from: {} prefixes; only the first {} are answered", api_sources_.size(), report::kMostSources);
  if (auto set = api_->answer_only(api_sources_); !set) spdlog::error("{}", set.error().what);
}

void Daemon::follow_cluster() {
  ClusterSays says{.cilium_config = cilium_.config,
                   .cilium_version = kube::release_in_image(cilium_.image),
                   .has_cilium = has_cilium(),
                   .is_dual_stack = world_.is_dual_stack(),
                   .pod_networks = cilium_pod_networks(world_)};
  if (says == says_) return;
  says_ = std::move(says);
  ClusterOptions follows = options_from(config_, says_);
  engine_.set_options(std::move(follows.options));
  forwarding_ = std::move(follows.forwarding);
  lint_.changed();
  if (std::exchange(parts_.cilium_release, follows.release) != follows.release)
    spdlog::info("policies are read as Cilium {} reads them", follows.release);
  std::vector<BlindSpot> spots;
  for (const std::string& problem : follows.problems)
    spots.push_back({.what = "cilium-config " + problem.substr(0, problem.find(':')), .why = problem});
  blind_spots_.set("cilium-config", std::move(spots));
}

// What the API server's kinds are known to be, and since when.
void Daemon::look_at_cluster() {
  if (!cluster_) return;
  const auto statuses = cluster_->statuses();
  ClusterReport report = report_of(statuses, config_.source.stale, clock_.now());
  for (const auto& status : statuses) {
    const auto [told, is_new] = told_states_.try_emplace(status.resource, kube::KindState::kStarting);
    if (std::exchange(told->second, status.state) == status.state) continue;
    const auto level = status.error.empty() ? spdlog::level::info : spdlog::level::warn;
    spdlog::log(level, "{}: {}{}{}", status.resource, kube::to_string(status.state), status.error.empty() ? "" : ": ",
                status.error);
  }
  parts_.sources = std::move(report.sources);
  parts_.metrics.kube = use_of(statuses, cluster_->other_requests());
  if (blind_spots_.set("cluster", std::move(report.spots))) look_at_witnesses();
  const bool settled_first = !intent_known_ && cluster_->is_settled();
  intent_known_ = intent_known_ || settled_first;
  if (intent_.set(std::move(report.staleness)) || settled_first)
    soon(round_pending_, round_timer_, kRoundDelay, &Daemon::intent_round);
}

void Daemon::look_at_policies() {
  std::vector<BlindSpot> spots;
  for (const auto& problem : engine_.problems())
    if (!problem.rejected)
      spots.push_back({.what = "policy " + problem.policy.to_string(), .why = "cannot be computed: " + problem.reason});
  for (const auto& [endpoint, reason] : engine_.uncomputed())
    spots.push_back({.what = "policies of " + endpoint.to_string(), .why = "cannot be computed: " + reason});
  blind_spots_.set("policies", std::move(spots));
}

void Daemon::look_at_witnesses() {
  std::vector<BlindSpot> spots;
  for (const auto& witness : views_.witnesses())
    if (witness.state == WitnessState::kBlind)
      spots.push_back({.what = "witness " + std::string(to_string(witness.witness)), .why = witness.reason});
  for (const auto& uplink : world_.network().missing_uplinks)
    spots.push_back({.what = "uplink " + uplink, .why = "the configuration names it, and there is no such interface"});
  if (!kernel_error_.empty()) spots.push_back({.what = "kernel events", .why = kernel_error_});
  if (datapath_) {
    for (const auto& use : datapath_->program_use()) {
      const auto now = clock_.now();
      if (const auto lost = losses_.update(use.program + " events", use.events_lost, now))
        spots.push_back(
            {.what = "events " + use.program, .why = std::to_string(lost) + " events did not fit the ring buffer"});
      if (const auto lost = losses_.update(use.program + " rows", use.rows_lost, now))
        spots.push_back(
            {.what = "rows " + use.program, .why = std::to_string(lost) + " packets found no room in the tables"});
    }
  }
  blind_spots_.set("witnesses", std::move(spots));
  parts_.blind_spots = blind_spots_.all();
  auditor_->on_blind_spots(parts_.blind_spots, clock_.now());
  soon(settle_pending_, settle_timer_, kSettleDelay, &Daemon::settle);
}

// Nothing of ours makes one. Either a library does what it did not do before, or somebody else runs in this process.
void Daemon::look_at_refused_calls() {
  auto calls = rights::refused_calls();
  for (const auto& [call, times] : calls)
    if (const auto before = parts_.metrics.refused_calls[call]; times > before)
      spdlog::error("refused {} times: the system call {}, which was given up after the start", times - before, call);
  parts_.metrics.refused_calls = std::move(calls);
}

void Daemon::settle() {
  const auto changes = auditor_->settle(clock_.now());
  if (changes.empty()) return;
  const auto written = store_->write(changes);
  if (!written) spdlog::error("store: {}", written.error().what);
  std::vector<BlindSpot> spots;
  if (!written) spots.push_back({.what = "store", .why = written.error().what});
  if (blind_spots_.set("store", std::move(spots))) look_at_witnesses();
  for (const auto& change : changes) {
    log_change(change);
    api_->publish(change);
  }
}

asio::awaitable<Result<>> Daemon::tick() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Time pruned{};
  for (;;) {
    timer.expires_after(kTick);
    auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (cancelled) break;
    const Time now = clock_.now();
    if (datapath_) {
      if (auto rows = datapath_->rows())
        auditor_->on_rows(*rows, now);
      else
        spdlog::error("read rows: {}", rows.error().what);
    }
    for (const auto& witness : views_.witnesses())
      if (witness.state != WitnessState::kAbsent)
        parts_.metrics.blind[witness.witness] += witness.state == WitnessState::kBlind ? kTick : seconds(0);
    look_at_cluster();
    look_at_witnesses();
    look_at_refused_calls();
    settle();
    heap_.tick(intent_known_);
    if (now - pruned > kPruneEvery) {
      pruned = now;
      if (auto done = store_->prune(now); !done) spdlog::error("prune store: {}", done.error().what);
    }
  }
  round_timer_.cancel();
  settle_timer_.cancel();
  lint_.stop();
  co_return Result<>();
}

}  // namespace sextant::app
