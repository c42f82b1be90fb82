// Reflector: its conversations with the API server.
#include <utility>

#include "agent/kube/object_stream.h"
#include "agent/kube/reflector.h"

namespace sextant::kube {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::size_t kPage = 500;  // k8s.io/client-go, tools/pager
constexpr std::size_t kMostStatusBytes = 64U << 10U;
constexpr std::string_view kInitialEventsEnd = "metadata annotations k8s.io/initial-events-end";

// What an answer is made of, around the fields of the kind.
FieldTree tree_of_list(const Resource& resource) {
  FieldTree tree = FieldTree::nothing();
  tree.keep({"kind", "metadata resourceVersion", "metadata continue"});
  return tree.graft("items", resource.fields);
}

// The object of an event may also be a bookmark or a Status.
FieldTree tree_of_watch(const Resource& resource) {
  FieldTree object = resource.fields;
  object.keep({kInitialEventsEnd, "code", "reason", "message", "details"});
  FieldTree tree = FieldTree::nothing();
  tree.keep("type");
  return tree.graft("object", std::move(object));
}

bool is_no_streaming_list(const ApiStatus& status) {
  // 422 where the feature is off or unknown; 400 of proxies that know the parameters of watches; 500 where etcd is too
  // old.
  return status.code == 422 || status.code == 400 ||
         (status.code == 500 && status.message.find("RequestWatchProgress") != std::string::npos);
}

std::string text_in(const Document& document, std::string_view field) {
  const Document* metadata = document.get("metadata");
  return metadata == nullptr ? std::string() : std::string(metadata->string_at(field));
}

}  // namespace

std::string Reflector::with_selector(std::string query) const {
  if (!resource_.field_selector.empty()) query += "&fieldSelector=" + resource_.field_selector;
  return query;
}

std::string Reflector::query_of_watch(bool streams_list) {
  const auto least = around_.timing.watch_least.count();
  // Spread, so that the watches of all kinds and nodes do not end together.
  const auto seconds = least + static_cast<std::int64_t>(around_.seed % static_cast<std::uint64_t>(least + 1));
  std::string query = "watch=1&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(seconds);
  query += streams_list ? "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                        : "&resourceVersion=" + encode(version_);
  return with_selector(std::move(query));
}

// nullopt: the answer is 200, and its body to be read.
asio::awaitable<std::optional<Reflector::Ending>> Reflector::ask(std::string verb, std::string query) {
  const std::string accept = resource_.metadata_only
                                 ? "application/json;as=PartialObjectMetadata" +
                                       std::string(verb == "list" ? "List" : "") + ";g=meta.k8s.io;v=v1"
                                 : "application/json";
  std::string target = path_of(resource_, served_) + "?" + query;
  auto answer = co_await channel_.get(std::move(target), accept);
  ++requests_[{verb, answer ? answer->status : 0}];
  if (!answer) co_return Ending{.outcome = Outcome::kBroken, .why = answer.error().what};
  if (answer->status == 200) co_return std::nullopt;
  auto body = co_await channel_.read_all(kMostStatusBytes, steady_clock::now() + around_.timing.list);
  ApiStatus status = read_status(answer->status, body ? std::string_view(*body) : std::string_view());
  if (answer->retry_after) status.retry_after = answer->retry_after;
  const Outcome outcome = status.is_expired() ? Outcome::kExpired : Outcome::kRefused;
  co_return Ending{.outcome = outcome, .status = std::move(status)};
}

asio::awaitable<Reflector::Ending> Reflector::round() {
  if (version_.empty()) {
    auto served = co_await around_.catalogue.version_of(resource_);
    if (stopped_) co_return Ending{};
    if (!served) co_return Ending{.outcome = Outcome::kBroken, .why = served.error().what};
    if (!*served) co_return Ending{.outcome = Outcome::kAbsent};
    served_ = std::move(**served);
  }
  if (version_.empty() && !streams_list_) {
    Ending listed = co_await list();
    if (stopped_ || listed.outcome != Outcome::kEnded) co_return listed;
  }
  Ending watched = co_await watch();
  co_return watched;
}

asio::awaitable<Reflector::Ending> Reflector::list() {
  ledger_.begin_list();
  std::string token;
  do {
    std::string next;
    Ending page = co_await list_page(token, next);
    if (stopped_ || page.outcome != Outcome::kEnded) co_return page;
    token = std::move(next);
  } while (!token.empty());
  set_state(KindState::kSynced, {});
  co_return Ending{};
}

// One page. The last one ends the list.
asio::awaitable<Reflector::Ending> Reflector::list_page(std::string token, std::string& next) {
  std::string query = pages_ ? "limit=" + std::to_string(kPage) : std::string("limit=0");
  if (!token.empty()) query += "&continue=" + encode(token);
  auto refused = co_await ask("list", with_selector(std::move(query)));
  if (refused) {
    if (refused->outcome == Outcome::kExpired && !token.empty()) pages_ = false;
    co_return std::move(*refused);
  }
  std::optional<Document> end;
  ObjectStream stream(
      tree_of_list(resource_), [this](Document&& object) { put(std::move(object)); },
      [&end](Document&& document) { end = std::move(document); });
  const auto until = steady_clock::now() + around_.timing.list;
  for (;;) {
    auto piece = co_await channel_.read(until);
    if (!piece) co_return Ending{.outcome = Outcome::kBroken, .why = "list: " + piece.error().what};
    if (piece->empty()) break;
    auto fed = stream.feed(*piece);
    if (!fed) co_return Ending{.outcome = Outcome::kBroken, .why = "list: " + fed.error().what};
  }
  auto whole = stream.finish();
  if (!whole) co_return Ending{.outcome = Outcome::kBroken, .why = "list: " + whole.error().what};
  std::string version = end ? text_in(*end, "resourceVersion") : std::string();
  if (version.empty()) co_return Ending{.outcome = Outcome::kBroken, .why = "list: no resourceVersion"};
  next = text_in(*end, "continue");
  if (next.empty()) finish_list(std::move(version));
  co_return Ending{};
}

asio::awaitable<Reflector::Ending> Reflector::watch() {
  const bool streams_list = version_.empty();
  ended_by_event_.reset();
  auto refused = co_await ask("watch", query_of_watch(streams_list));
  if (refused) {
    if (streams_list && is_no_streaming_list(refused->status)) refused->outcome = Outcome::kNoStreamingList;
    co_return std::move(*refused);
  }
  is_listing_ = streams_list;
  is_watching_ = !streams_list;
  if (streams_list) {
    ledger_.begin_list();
  } else {
    set_state(KindState::kSynced, {});
  }
  ObjectStream stream(tree_of_watch(resource_), {}, [this](Document&& event) { on_event(std::move(event)); });
  const auto begun = steady_clock::now();
  const auto longest = 2 * around_.timing.watch_least + around_.timing.watch_grace;
  for (;;) {
    const Deadline until = begun + (is_listing_ ? around_.timing.list : longest);
    auto piece = co_await channel_.read(until);
    const bool was_list = is_listing_;
    if (!piece)
      co_return Ending{.outcome = was_list ? Outcome::kBroken : Outcome::kCut, .why = "watch: " + piece.error().what};
    if (piece->empty()) break;
    auto fed = stream.feed(*piece);
    if (!fed) co_return Ending{.outcome = Outcome::kBroken, .why = "watch: " + fed.error().what};
    if (!ended_by_event_) continue;
    if (was_list && is_no_streaming_list(ended_by_event_->status)) ended_by_event_->outcome = Outcome::kNoStreamingList;
    co_return std::move(*ended_by_event_);
  }
  auto whole = stream.finish();
  if (!whole) co_return Ending{.outcome = Outcome::kBroken, .why = "watch: " + whole.error().what};
  if (is_listing_) co_return Ending{.outcome = Outcome::kBroken, .why = "watch: ended within the initial events"};
  co_return Ending{};
}

}  // namespace sextant::kube
