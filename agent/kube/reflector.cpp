// Reflector: what is told, and what follows from how a round ended. The rounds themselves: reflector_rounds.cpp.
#include "agent/kube/reflector.h"

#include <algorithm>
#include <charconv>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sextant::kube {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kHope{20};  // after a CRD has changed: it is served within seconds
constexpr milliseconds kWatchedAbsent{600'000};
constexpr unsigned kMostFruitless = 3;  // short watches in a row that are no failure
constexpr std::chrono::seconds kShort{1};

// Versions of one kind grow (KEP-5504); one that is no number counts as the oldest.
std::uint64_t number_of(std::string_view version) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
  return error == std::errc{} && end == version.data() + version.size() ? number : 0;
}

std::string_view version_in(const Document& object) {
  const Document* metadata = object.get("metadata");
  return metadata == nullptr ? std::string_view() : metadata->string_at("resourceVersion");
}

// Items of a list of a built-in kind do not say what they are.
void name_kind(Document& object, std::string kind, std::string api_version) {
  const auto text = [](std::string value) {
    return Document{.kind = Document::Kind::kString, .text = std::move(value)};
  };
  std::erase_if(object.members,
                [](const auto& member) { return member.first == "kind" || member.first == "apiVersion"; });
  object.members.emplace_back("apiVersion", text(std::move(api_version)));
  object.members.emplace_back("kind", text(std::move(kind)));
}

}  // namespace

Reflector::Reflector(asio::any_io_executor executor, Resource resource, Feed feed, Surroundings around)
    : resource_(std::move(resource)),
      feed_(std::move(feed)),
      around_(std::move(around)),
      channel_(executor, around_.api),
      pause_(executor),
      back_off_(around_.timing.pace, around_.seed),
      fresh_at_(steady_clock::now()),
      state_since_(fresh_at_) {}

asio::awaitable<void> Reflector::run() {
  while (!stopped_) {
    round_began_ = steady_clock::now();
    const Ending ending = co_await round();
    if (stopped_) break;
    const milliseconds length = settle(ending);
    if (length == milliseconds(0)) continue;
    pause_.expires_after(length);
    auto [ignored] = co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(ignored);
  }
}

void Reflector::stop() {
  stopped_ = true;
  channel_.interrupt("stopped");
  pause_.cancel();
}

void Reflector::wake() {
  if (is_watching_) return;
  hopeful_until_ = steady_clock::now() + kHope;
  back_off_.reset();
  pause_.cancel();
}

void Reflector::server_is_back() {
  if (std::exchange(awaits_server_, false)) pause_.cancel();
}

void Reflector::give_up_silent(steady_clock::time_point since, const std::string& why) {
  if ((is_watching_ || is_listing_) && channel_.heard() < since) channel_.interrupt(why);
}

// ---- What is told --------------------------------------------------------------------------------------------------

void Reflector::put(Document&& object) {
  const Name name = name_of(object);
  if (name.name.empty()) return note_problem({.name = "(without a name)"}, failure("metadata.name: missing"));
  const std::uint64_t version = number_of(version_in(object));
  name_kind(object, resource_.kind, api_version_of(resource_, served_));
  const bool is_news = ledger_.note(name, digest_of(object), version);
  if (!is_news && !resource_.tells_every_change) return;
  if (rival_ != nullptr && rival_->version_of(name) > version) return;
  note_problem(name, feed_.put(std::move(object)));
}

void Reflector::remove(const Name& name) {
  if (problems_.erase(name) > 0 && around_.on_status) around_.on_status();
  if (rival_ != nullptr && rival_->has(name)) return;
  feed_.remove(name);
}

void Reflector::note_problem(const Name& name, const Result<>& read) {
  const bool changed =
      read ? problems_.erase(name) > 0 : std::exchange(problems_[name], read.error().what) != read.error().what;
  if (changed && around_.on_status) around_.on_status();
}

// What was not among the initial events, or on any page, is gone.
void Reflector::finish_list(std::string version) {
  for (const Name& name : ledger_.end_list()) remove(name);
  version_ = std::move(version);
  is_listing_ = false;
  pages_ = true;
  is_complete_ = true;
  ++lists_;
}

void Reflector::forget_all() {
  for (const Name& name : ledger_.clear()) remove(name);
  version_.clear();
}

// Whether an event comes after those before it. A server sends them in order; something else did not.
bool Reflector::follows(const Document& object, bool deletes) {
  if (is_listing_) return follows_in_list(object, deletes);
  const std::string version(version_in(object));
  if (version.empty()) return true;
  if (number_of(version) < number_of(version_)) return false;
  version_ = version;
  return true;
}

// Initial events are in no order, but what happens to an object meanwhile comes after its first.
bool Reflector::follows_in_list(const Document& object, bool deletes) const {
  const Name name = name_of(object);
  if (!ledger_.is_listed(name)) return !deletes;
  return number_of(version_in(object)) >= ledger_.version_of(name);
}

void Reflector::on_bookmark(const Document& object) {
  const Document* annotations = object.at({"metadata", "annotations"});
  const bool ends_list = annotations != nullptr && annotations->string_at("k8s.io/initial-events-end") == "true";
  if (is_listing_ && ends_list) {
    finish_list(std::string(version_in(object)));
    is_watching_ = true;
    set_state(KindState::kSynced, {});
  } else if (!is_listing_) {
    follows(object);
  }
}

void Reflector::on_event(Document&& event) {
  if (ended_by_event_) return;
  const std::string type(event.string_at("type"));
  const auto member = std::ranges::find(event.members, "object", &Document::Member::first);
  if (member == event.members.end() || !member->second.is_map()) {
    ended_by_event_ = Ending{.outcome = Outcome::kBroken, .why = "an event without an object"};
    return;
  }
  Document object = std::move(member->second);
  if (type == "ERROR") {
    const ApiStatus status = read_status(object);
    ended_by_event_ = Ending{.outcome = status.is_expired() ? Outcome::kExpired : Outcome::kRefused, .status = status};
  } else if (type == "BOOKMARK") {
    on_bookmark(object);
  } else if (!follows(object, type == "DELETED")) {
    ended_by_event_ = Ending{.outcome = Outcome::kBroken, .why = "events out of order"};
  } else if (type == "ADDED" || type == "MODIFIED") {
    put(std::move(object));
  } else if (type == "DELETED") {
    const Name name = name_of(object);
    if (ledger_.forget(name)) remove(name);
  } else {
    ended_by_event_ = Ending{.outcome = Outcome::kBroken, .why = "an event of no known type"};
  }
}

// ---- How a round ended ---------------------------------------------------------------------------------------------

void Reflector::end_watching() {
  is_listing_ = false;
  if (!std::exchange(is_watching_, false)) return;
  fresh_at_ = std::max(fresh_at_, channel_.heard());
}

milliseconds Reflector::settle(const Ending& ending) {
  end_watching();
  // One that took a while was no failure to come into a conversation; two short ones in a row are.
  if (steady_clock::now() - round_began_ > kShort) fruitless_ = 0;
  ++fruitless_;
  awaits_server_ = ending.outcome == Outcome::kBroken;
  switch (ending.outcome) {
    case Outcome::kEnded:
      break;
    case Outcome::kCut:  // the next round goes on from where this one was
      set_state(KindState::kFailing, ending.why);
      break;
    case Outcome::kExpired:
      version_.clear();
      break;
    case Outcome::kNoStreamingList:
      streams_list_ = false;
      break;
    case Outcome::kRefused:
      settle_refusal(ending.status);
      break;
    case Outcome::kBroken:
      version_.clear();
      set_state(KindState::kFailing, ending.why);
      break;
    case Outcome::kAbsent:
      forget_all();
      is_complete_ = true;
      set_state(KindState::kAbsent, {});
      break;
  }
  return pause_after(ending);
}

void Reflector::settle_refusal(const ApiStatus& status) {
  if (status.code == 404) around_.catalogue.invalidate();
  // These say nothing about how far the history goes back; after any other a list is the sure way.
  const bool may_go_on = status.code == 401 || status.code == 403 || status.code == 429;
  if (!may_go_on) version_.clear();
  set_state(status.code == 403 ? KindState::kForbidden : KindState::kFailing, status.to_string());
}

milliseconds Reflector::pause_after(const Ending& ending) {
  const auto now = steady_clock::now();
  switch (ending.outcome) {
    case Outcome::kEnded:
    case Outcome::kNoStreamingList:
      return fruitless_ < kMostFruitless ? milliseconds(0) : back_off_.next(now);
    case Outcome::kExpired:
      return fruitless_ < 2 ? milliseconds(0) : back_off_.next(now);
    case Outcome::kAbsent: {
      if (now < hopeful_until_) {
        around_.catalogue.invalidate();  // what it says may be from before the CRD was ready
        return back_off_.next(now);
      }
      const bool told = around_.watches_definitions && around_.watches_definitions();
      return told ? kWatchedAbsent : around_.timing.absent;
    }
    case Outcome::kCut:
    case Outcome::kRefused:
    case Outcome::kBroken:
      break;
  }
  return back_off_.next(now, ending.status.retry_after);
}

void Reflector::set_state(KindState state, std::string error) {
  if (state_ == state && error_ == error) return;
  if (std::exchange(state_, state) != state) state_since_ = steady_clock::now();
  error_ = std::move(error);
  if (around_.on_status) around_.on_status();
}

KindStatus Reflector::status(steady_clock::time_point now) const {
  constexpr std::size_t kMostProblems = 10;
  KindStatus status{.resource = resource_.title,
                    .object_kind = resource_.object_kind,
                    .state = state_,
                    .state_for = std::chrono::duration_cast<milliseconds>(now - state_since_),
                    .is_complete = is_complete_,
                    .error = error_,
                    .objects = ledger_.size(),
                    .checksum = ledger_.checksum(),
                    .requests = requests_,
                    .lists = lists_};
  // While the watch stands, what was told is as fresh as the server's last sign of life; an absent kind does not age.
  const auto heard = is_watching_ ? std::max({fresh_at_, channel_.heard(), around_.api.heard}) : fresh_at_;
  if (state_ != KindState::kAbsent) status.age = std::chrono::ceil<milliseconds>(now - heard);
  for (const auto& [name, cause] : problems_) {
    if (status.problems.size() == kMostProblems) {
      status.problems.push_back("and " + std::to_string(problems_.size() - kMostProblems) + " more");
      break;
    }
    status.problems.push_back(name.to_string() + ": " + cause);
  }
  return status;
}

}  // namespace sextant::kube
