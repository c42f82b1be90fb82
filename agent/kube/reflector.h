// Reflector: keeps what has been told of one kind equal to what the API server has, by a list and a watch.
//
// The list is streamed as a watch's initial events where the server offers that (Kubernetes 1.32 on), else paged. A new
// list tells only what differs from what was told, so that nothing flaps. While the server cannot be asked, what was
// told stays. Every failure is followed by a pause (BackOff); every state is told by status().
// Thread: one executor's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/base/document.h"
#include "agent/base/result.h"
#include "agent/kube/api_status.h"
#include "agent/kube/back_off.h"
#include "agent/kube/catalogue.h"
#include "agent/kube/channel.h"
#include "agent/kube/ledger.h"
#include "agent/kube/resource.h"
#include "agent/kube/status.h"

namespace sextant::kube {

// Where the objects of a kind go.
struct Feed {
  // It is there, like this; `kind` and `apiVersion` are set. An error says what of it cannot be read; it is told as a
  // problem until the object changes.
  std::function<Result<>(Document&&)> put{};
  std::function<void(const Name&)> remove{};
};

struct Timing {
  Pace pace{};
  std::chrono::milliseconds list{120'000};        // a page, or all initial events
  std::chrono::seconds watch_least{300};          // the server is asked to end a watch after this to twice this
  std::chrono::milliseconds watch_grace{30'000};  // and has so long to do it
  std::chrono::milliseconds absent{60'000};  // between looks for a kind that is not served, unless CRDs are watched
};

class Reflector {
 public:
  struct Surroundings {
    Api& api;
    Catalogue& catalogue;
    Timing timing{};
    std::function<void()> on_status{};            // state or problems have changed
    std::function<bool()> watches_definitions{};  // whether wake() will be called when the kind appears
    std::uint32_t seed = 0;
  };

  Reflector(boost::asio::any_io_executor executor, Resource resource, Feed feed, Surroundings around);

  // Until stop().
  boost::asio::awaitable<void> run();
  void stop();
  // The kind may be served by now: looks at once, and for a while more often.
  void wake();
  // The server does not answer others: a watch that has been silent since then is ended.
  void give_up_silent(std::chrono::steady_clock::time_point since, const std::string& why);
  // The server has answered others after it did not: no reason to wait any longer.
  void server_is_back();
  // Another reflector that tells objects under the same names; of two the newer counts.
  void set_rival(const Ledger* rival) { rival_ = rival; }

  const Ledger& ledger() const { return ledger_; }
  const Resource& resource() const { return resource_; }
  bool is_watching() const { return is_watching_; }
  KindStatus status(std::chrono::steady_clock::time_point now) const;

 private:
  enum class Outcome : std::uint8_t {
    kEnded,    // as it should: the server's time for a watch is over
    kCut,      // a watch broke off; what came before counts
    kExpired,  // 410: the version is too old
    kNoStreamingList,
    kRefused,  // an answer that is not 200
    kBroken,   // no answer, or one that makes no sense
    kAbsent
  };
  struct Ending {
    Outcome outcome = Outcome::kEnded;
    ApiStatus status{};  // kRefused, kExpired
    std::string why{};   // the others
  };

  boost::asio::awaitable<Ending> round();
  boost::asio::awaitable<Ending> list();
  boost::asio::awaitable<Ending> list_page(std::string token, std::string& next);
  boost::asio::awaitable<Ending> watch();
  boost::asio::awaitable<std::optional<Ending>> ask(std::string verb, std::string query);
  std::string query_of_watch(bool streams_list);
  std::string with_selector(std::string query) const;

  void on_event(Document&& event);
  void on_bookmark(const Document& object);
  bool follows(const Document& object, bool deletes = false);
  bool follows_in_list(const Document& object, bool deletes) const;
  void put(Document&& object);
  void remove(const Name& name);
  void finish_list(std::string version);
  void forget_all();

  std::chrono::milliseconds settle(const Ending& ending);
  void settle_refusal(const ApiStatus& status);
  std::chrono::milliseconds pause_after(const Ending& ending);
  void set_state(KindState state, std::string error);
  void end_watching();
  void note_problem(const Name& name, const Result<>& read);

  Resource resource_;
  Feed feed_;
  Surroundings around_;
  Channel channel_;
  boost::asio::steady_timer pause_;
  BackOff back_off_;
  Ledger ledger_{};
  const Ledger* rival_ = nullptr;

  std::string served_{};      // the API's version of the kind that was asked last
  std::string version_{};     // resourceVersion to watch from; empty: a list is needed
  bool streams_list_ = true;  // the server offers it, as far as is known
  bool pages_ = true;         // false after a list that expired between two pages
  bool is_listing_ = false;   // initial events are coming in
  bool is_watching_ = false;  // and what was told is what the server has
  bool stopped_ = false;
  std::optional<Ending> ended_by_event_{};
  bool awaits_server_ = false;  // the last round got no answer
  unsigned fruitless_ = 0;      // short rounds in a row
  std::chrono::steady_clock::time_point round_began_{};
  std::chrono::steady_clock::time_point hopeful_until_{};
  std::chrono::steady_clock::time_point fresh_at_;

  KindState state_ = KindState::kStarting;
  std::chrono::steady_clock::time_point state_since_;
  bool is_complete_ = false;
  std::string error_{};
  std::map<Name, std::string> problems_{};
  RequestCounts requests_{};
  std::uint64_t lists_ = 0;
};

}  // namespace sextant::kube
