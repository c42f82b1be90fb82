#include "agent/audit/auditor.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "agent/audit/exposure.h"
#include "agent/audit/finding_book.h"
#include "agent/audit/picture.h"
#include "agent/audit/rows.h"
#include "agent/audit/rules.h"
#include "agent/audit/services/service_rows.h"
#include "agent/audit/texts.h"

namespace sextant::audit {
namespace {

constexpr std::chrono::minutes kRefusalTold{10};  // that findings found no room is told for this long after the last

}  // namespace

struct Auditor::State {
  State(const World& world, Lookups lookups, const Config& the_config)
      : config(the_config), picture(world, std::move(lookups), the_config), book(the_config) {}

  using Gone = std::function<std::string(const Finding&)>;
  void reconcile(const Code& code, const std::vector<Claim>& claims, bool may_resolve, const Gone& gone, Time now);
  void look_at_states(Time now);
  void look_at_rows(Time now);
  void look_at_strays(Time now);
  void look_at_evidence(Time now);
  void look_at_refusals(Time now);
  void blind_spots_changed();
  bool quiet(const Finding& finding, Time now) const;
  Duration steady(const Finding& finding) const;

  const Config config;
  Picture picture;
  FindingBook book;
  StrayPods strays{};
  std::optional<Time> watching_since{};  // the first settle() of this life
  // Something that states depend on changed since they were looked at.
  bool states_stale = true;
  bool blind_spots_known = false;  // told after the sources were read: the list of a whole daemon
  std::vector<BlindSpot> told_blind_spots{};
  std::vector<BlindSpot> own_blind_spots{};
  bool strays_refused = false;
  std::optional<Time> findings_refused_at{};
  std::optional<Time> strays_refused_at{};
};

Auditor::Auditor(const World& world, Lookups lookups, Config config)
    : state_(std::make_unique<State>(world, std::move(lookups), config)) {}
Auditor::~Auditor() = default;
Auditor::Auditor(Auditor&&) noexcept = default;

void Auditor::restore(std::vector<Finding> findings) { state_->book.restore(std::move(findings)); }

void Auditor::on_forwarding(const Forwarding& forwarding) { state_->picture.forwarding = forwarding; }
const Forwarding& Auditor::forwarding() const { return state_->picture.forwarding; }

void Auditor::on_intent(Time now) {
  state_->picture.look_at_intent(now);
  state_->states_stale = true;
}

void Auditor::on_rows(const std::vector<RowObservation>& rows, Time) {
  if (state_->picture.rows.replace(rows)) state_->states_stale = true;
}

void Auditor::on_row(const RowObservation& row, Time) {
  state_->picture.rows.merge(row);
  state_->states_stale = true;
}

void Auditor::on_stray(const StrayDelivery& stray, Time) {
  if (!state_->strays.merge(stray)) state_->strays_refused = true;
}

void Auditor::on_listeners(const ListenerPicture& picture, Time) {
  state_->picture.listening.replace(picture);
  state_->states_stale = true;
}

void Auditor::on_blind_spots(std::vector<BlindSpot> spots, Time) {
  state_->blind_spots_known |= state_->picture.intent_known();
  if (state_->told_blind_spots == spots) return;
  state_->told_blind_spots = std::move(spots);
  state_->blind_spots_changed();
}

// Evidence that is a state is gone when its rule no longer claims it, once its witness has looked in this life.
void Auditor::State::reconcile(const Code& code, const std::vector<Claim>& claims, bool may_resolve, const Gone& gone,
                               Time now) {
  std::vector<FindingKey> held;
  for (const Claim& claim : claims) {
    book.hold(claim, now);
    held.push_back(book.key_of(claim));
  }
  std::ranges::sort(held);
  for (const FindingKey& key : book.open_of(code.id)) {
    if (std::ranges::binary_search(held, key)) continue;
    if (may_resolve || !book.unconfirmed(key)) book.resolve(key, gone(*book.open(key)), now);
  }
}

void Auditor::State::look_at_states(Time now) {
  if (!std::exchange(states_stale, false)) {
    for (const Code& code : {kUnprotectedEndpoint, kHostExposure, kBlindSpot, kServiceExposure, kIneffectivePolicy}) {
      book.still_holds(code.id, now);
    }
    return;
  }
  reconcile(
      kBlindSpot, blind_spots(picture), blind_spots_known, [](const Finding&) { return "Sextant sees again"; }, now);
  if (!picture.intent_known()) return;
  reconcile(
      kServiceExposure, service_exposures(picture), true,
      [this](const Finding& finding) { return service_exposure_gone(picture, finding); }, now);
  reconcile(
      kUnprotectedEndpoint, unprotected_endpoints(picture), true,
      [this](const Finding& finding) { return unprotected_endpoint_gone(picture, finding); }, now);
  reconcile(
      kIneffectivePolicy, ineffective_policies(picture), true,
      [this](const Finding& finding) { return ineffective_policy_gone(picture, finding); }, now);
  if (!picture.listening.known()) return;
  reconcile(
      kHostExposure, host_exposures(picture), true,
      [this](const Finding& finding) { return host_exposure_gone(picture, finding); }, now);
}

// What each row's fresh packets prove. Judged packets are not judged again: packets that came too early after a change,
// or under another intent, are no evidence later.
void Auditor::State::look_at_rows(Time now) {
  if (!picture.intent_known()) return;
  std::vector<RowKey> judged;
  for (const auto& [key, row] : picture.rows.all()) {
    if (!row.fresh) continue;
    judged.push_back(key);
    for (const auto& claim : {unintended_delivery(picture, row), unintended_drop(picture, row)}) {
      if (claim && now - claim->packets->last < config.quiet) book.hold(*claim, now);
    }
  }
  for (const RowKey& key : judged) picture.rows.judged(key);
}

void Auditor::State::look_at_strays(Time now) {
  if (!picture.intent_known()) return;
  std::vector<std::string> judged;
  for (const auto& [uid, stray] : strays.all()) {
    if (now - stray.first.first_seen < config.describe) continue;
    if (const auto claim = unmanaged_endpoint(picture, stray)) book.hold(*claim, now);
    judged.push_back(uid);
  }
  for (const std::string& uid : judged) strays.judged(uid);
  strays.prune(now - config.quiet - config.describe);
}

// A witness that was away has not seen that nothing came: quiet is counted while this life watches.
bool Auditor::State::quiet(const Finding& finding, Time now) const {
  return now - std::max(finding.last_seen, *watching_since) >= config.quiet;
}

// A row that flaps would open and resolve with every packet: each return asks for a longer calm.
Duration Auditor::State::steady(const Finding& finding) const {
  return std::min<Duration>(config.settle * (finding.openings - 1), config.quiet);
}

void Auditor::State::look_at_evidence(Time now) {
  using Over = std::function<std::optional<std::string>(const Finding&)>;
  const std::array<std::pair<Code, Over>, 3> codes{{
      {kUnintendedDelivery, [&](const Finding& f) { return unintended_delivery_over(picture, f, now, steady(f)); }},
      {kUnintendedDrop, [&](const Finding& f) { return unintended_drop_over(picture, f, now, steady(f)); }},
      {kUnmanagedEndpoint, [&](const Finding& f) { return unmanaged_endpoint_over(picture, f); }},
  }};
  for (const auto& [code, over] : codes) {
    for (const FindingKey& key : book.open_of(code.id)) {
      const Finding& finding = *book.open(key);
      std::optional<std::string> why = over(finding);
      if (!why && quiet(finding, now)) why = "quiet for " + texts::duration(config.quiet);
      if (why) book.resolve(key, std::move(*why), now);
    }
  }
}

// What found no room is a blind spot of the auditor's own.
void Auditor::State::look_at_refusals(Time now) {
  const bool findings = book.take_refused() > 0;
  const bool pods = std::exchange(strays_refused, false);
  const auto told = [now](std::optional<Time>& last, bool more) {
    if (more) last = now;
    return last && now - *last < kRefusalTold;
  };
  std::vector<BlindSpot> spots;
  if (told(findings_refused_at, findings)) {
    spots.push_back(
        {.what = "findings",
         .why = "more than " + std::to_string(config.max_findings) + " findings are open: further ones find no room"});
  }
  if (told(strays_refused_at, pods)) {
    spots.push_back({.what = "strays", .why = "too many unknown pods or ports receive: further ones find no room"});
  }
  if (own_blind_spots == spots) return;
  own_blind_spots = std::move(spots);
  blind_spots_changed();
}

void Auditor::State::blind_spots_changed() {
  picture.blind_spots = told_blind_spots;
  picture.blind_spots.insert(picture.blind_spots.end(), own_blind_spots.begin(), own_blind_spots.end());
  states_stale = true;
}

std::vector<FindingChange> Auditor::settle(Time now) {
  State& state = *state_;
  if (!state.watching_since) state.watching_since = now;
  state.look_at_rows(now);
  state.look_at_strays(now);
  state.look_at_evidence(now);
  state.look_at_refusals(now);
  state.look_at_states(now);
  state.picture.prune_changes(now - state.config.settle - state.config.quiet);
  return state.book.changes(now);
}

std::vector<Finding> Auditor::findings() const { return state_->book.all(); }

std::vector<EndpointRow> Auditor::rows() const { return rows_of(state_->picture); }

const std::vector<DoorPassages>& Auditor::doors() const { return state_->picture.doors(); }

std::vector<Exposure> Auditor::exposures() const {
  const Picture& picture = state_->picture;
  std::vector<Exposure> all;
  for (const auto& [endpoint, intent] : picture.intents()) {
    auto exposures = with_listeners(exposures_of(*intent, picture.detail(endpoint)), picture.listening_of(endpoint));
    std::ranges::move(exposures, std::back_inserter(all));
  }
  for (const DoorPassages& door : picture.doors()) {
    for (Exposure& exposure : exposures_of(picture.world(), door)) {
      const BackendView& backend = exposure.door->backends.front();
      exposure.listening = picture.listening_at(backend.ref, exposure.protocol, backend.port);
      all.push_back(std::move(exposure));
    }
  }
  return all;
}

}  // namespace sextant::audit
