#include "tests/unit/kube/fake_api.h"

#include <algorithm>
#include <ranges>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "agent/base/document.h"
#include "tests/unit/kube/field_selector.h"

namespace sextant::kube::test {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string kind_of(const std::string& collection) {
  static const std::map<std::string, std::string> kKinds{
      {"pods", "Pod"}, {"namespaces", "Namespace"}, {"nodes", "Node"}};
  const auto found = kKinds.find(collection.substr(collection.rfind('/') + 1));
  return found == kKinds.end() ? "Thing" : found->second;
}

std::string key_of(const std::string& object) {
  const auto document = parse_json(object);
  const Document* metadata = document->get("metadata");
  return std::string(metadata->string_at("namespace")) + "/" + std::string(metadata->string_at("name"));
}

std::string event_text(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

std::string bookmark_text(std::uint64_t version, bool ends_list) {
  const std::string annotations = ends_list ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "";
  return event_text("BOOKMARK", R"({"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":")" +
                                    std::to_string(version) + "\"" + annotations + R"(},"spec":{"containers":null}})");
}

}  // namespace

std::string Request::parameter(const std::string& key) const {
  for (const auto part : std::views::split(query, '&')) {
    const std::string_view text(part.begin(), part.end());
    if (text.starts_with(key + "=")) return std::string(text.substr(key.size() + 1));
  }
  return {};
}

std::string status_text(unsigned code, const std::string& reason, const std::string& message) {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":")" + message +
         R"(","reason":")" + reason + R"(","code":)" + std::to_string(code) + "}";
}

// One connection.
class FakeApi::Session {
 public:
  Session(FakeApi& api, tcp::socket socket, std::uint64_t number)
      : api_(api), stream_(std::move(socket), api.tls_), number_(number) {}

  void close() {
    error_code ignored;
    stream_.next_layer().shutdown(tcp::socket::shutdown_both, ignored);
  }

  void run() {
    error_code error;
    stream_.handshake(asio::ssl::stream_base::server, error);
    boost::beast::flat_buffer buffer;
    while (!error) {
      http::request<http::string_body> message;
      http::read(stream_, buffer, message, error);
      if (!error && !answer(request_of(message))) break;
    }
    close();
  }

 private:
  Request request_of(const http::request<http::string_body>& message) {
    const std::string target(message.target());
    const auto mark = target.find('?');
    X509* peer = SSL_get1_peer_certificate(stream_.native_handle());
    Request request{.path = target.substr(0, mark),
                    .query = mark == std::string::npos ? "" : decoded(target.substr(mark + 1)),
                    .authorization = std::string(message[http::field::authorization]),
                    .accept = std::string(message[http::field::accept]),
                    .has_client_certificate = peer != nullptr,
                    .connection = number_};
    X509_free(peer);
    return request;
  }

  // False: the connection is over.
  bool answer(const Request& request) {
    std::unique_lock lock(api_.mutex_);
    api_.requests_.push_back(request);
    const auto fault = api_.fault_ ? api_.fault_(request) : std::nullopt;
    fault_ = fault.value_or(Fault{});
    if (fault_.body == Fault::Body::kReset) return false;
    if (fault_.body == Fault::Body::kNever) return hang(lock);
    if (fault_.status != 200 || !fault_.text.empty()) return reply(lock, fault_.status, fault_.text);
    if (request.authorization.empty() ? !request.has_client_certificate
                                      : !api_.tokens_.contains(request.authorization.substr(7)))
      return reply(lock, 401, status_text(401, "Unauthorized", "Unauthorized"));
    if (request.path == "/livez") return reply(lock, 200, "ok");
    if (request.path == "/apis") return reply(lock, 200, groups());
    if (std::string text = resources(request.path); !text.empty()) return reply(lock, 200, text);
    if (!api_.collections_.contains(request.path)) return reply(lock, 404, "404 page not found\n");
    return request.is_watch() ? watch(lock, request) : list(lock, request);
  }

  bool hang(std::unique_lock<std::mutex>& lock) {
    api_.changed_.wait(lock, [this] { return api_.stopped_; });
    return false;
  }

  std::string groups() const {
    std::map<std::string, std::set<std::string>> versions;
    for (const auto& [path, objects] : api_.collections_) {
      std::vector<std::string> parts;
      for (const auto part : std::views::split(path, '/')) parts.emplace_back(part.begin(), part.end());
      if (parts[1] == "apis") versions[parts[2]].insert(parts[3]);
    }
    std::string text;
    for (const auto& [group, its] : versions) {
      std::string list;
      for (const auto& version : its) list += (list.empty() ? "" : ",") + (R"({"version":")" + version + "\"}");
      text += (text.empty() ? "" : ",") + (R"({"name":")" + group + R"(","versions":[)" + list +
                                           R"(],"preferredVersion":{"version":")" + *its.rbegin() + "\"}}");
    }
    return R"({"kind":"APIGroupList","groups":[)" + text + "]}";
  }

  // Of "/apis/GROUP/VERSION"; empty: it is no such path.
  std::string resources(const std::string& path) const {
    std::string text;
    for (const auto& [collection, objects] : api_.collections_) {
      const auto slash = collection.rfind('/');
      if (collection.substr(0, slash) == path)
        text += (text.empty() ? "" : ",") + (R"({"name":")" + collection.substr(slash + 1) + "\"}");
    }
    return text.empty() ? "" : R"({"kind":"APIResourceList","resources":[)" + text + "]}";
  }

  bool list(std::unique_lock<std::mutex>& lock, const Request& request) {
    const FieldSelector selector(request.parameter("fieldSelector"));
    const std::string limit_text = request.parameter("limit");
    const std::size_t limit = limit_text.empty() || limit_text == "0" ? SIZE_MAX : std::stoul(limit_text);
    std::string from = request.parameter("continue");
    std::uint64_t begun = api_.version_;
    if (!from.empty()) {
      begun = std::stoull(from);
      from = from.substr(from.find(':') + 1);
      if (begun < api_.continued_)
        return reply(lock, 410, status_text(410, "Expired", "The provided continue parameter is too old"));
    }
    std::string items;
    std::string last;
    std::string next;
    std::size_t taken = 0;
    for (const auto& [key, object] : api_.collections_[request.path]) {
      if ((!from.empty() && key <= from) || !selector.matches(object.text)) continue;
      if (taken++ == limit) {
        next = std::to_string(begun) + ":" + last;
        break;
      }
      items += (items.empty() ? "" : ",") + object.text;
      last = key;
    }
    const std::string metadata = R"({"resourceVersion":")" + std::to_string(begun) + R"(","continue":")" + next + "\"}";
    return reply(lock, 200,
                 R"({"kind":")" + kind_of(request.path) + R"(List","apiVersion":"v1","metadata":)" + metadata +
                     R"(,"items":[)" + items + "]}");
  }

  bool watch(std::unique_lock<std::mutex>& lock, const Request& request) {
    const bool streams_list = request.streams_list();
    if (streams_list && !api_.streams_lists_) {
      return reply(
          lock, 422,
          status_text(422, "Invalid",
                      "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"));
    }
    std::uint64_t seen = streams_list ? api_.version_ : std::stoull(request.parameter("resourceVersion"));
    const FieldSelector selector(request.parameter("fieldSelector"));
    std::vector<std::string> events;
    if (streams_list) {
      for (const auto& [key, object] : api_.collections_[request.path])
        if (selector.matches(object.text)) events.push_back(event_text("ADDED", object.text));
      events.push_back(bookmark_text(seen, true));
    } else if (seen < api_.oldest_) {
      events.push_back(event_text("ERROR", status_text(410, "Expired", "too old resource version")));
    }
    std::uint64_t bookmarks = api_.bookmarks_;
    const std::uint64_t endings = api_.endings_;
    bool open = begin(lock, 200, true);
    while (open) {
      open = send_events(lock, events);
      if (!open) break;
      events.clear();
      api_.changed_.wait(lock, [&] {
        return api_.stopped_ || api_.version_ > seen || api_.bookmarks_ > bookmarks || api_.endings_ > endings ||
               !api_.collections_.contains(request.path);
      });
      if (api_.stopped_) return false;
      for (const Event& event : api_.history_)
        if (event.version > seen && event.collection == request.path) add_event(event, selector, events);
      seen = api_.version_;
      if (std::exchange(bookmarks, api_.bookmarks_) != api_.bookmarks_) events.push_back(bookmark_text(seen, false));
      if (api_.endings_ > endings || !api_.collections_.contains(request.path)) return finish(lock);
    }
    return false;
  }

  void add_event(const Event& event, const FieldSelector& selector, std::vector<std::string>& events) const {
    const bool was = !event.before.empty() && selector.matches(event.before);
    const bool is = !event.after.empty() && selector.matches(event.after);
    const std::string before = api_.stamped(event.before, event.version);
    if (is) events.push_back(event_text(was ? "MODIFIED" : "ADDED", event.after));
    if (was && !is) events.push_back(event_text("DELETED", before));
  }

  bool send_events(std::unique_lock<std::mutex>& lock, std::vector<std::string> events) {
    if (fault_.body == Fault::Body::kReversed) std::ranges::reverse(events);
    for (const std::string& event : events) {
      const int times = fault_.body == Fault::Body::kTwice ? 2 : 1;
      for (int i = 0; i < times; ++i)
        if (!send_body(lock, event)) return false;
    }
    return true;
  }

  // The answer's parts, as the fault has them.

  bool begin(std::unique_lock<std::mutex>& lock, unsigned status, bool chunked, std::size_t size = 0) {
    const std::string length = chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(size);
    return write(lock, "HTTP/1.1 " + std::to_string(status) + " -\r\n" + length +
                           "\r\nContent-Type: application/json\r\n" + fault_.fields + "\r\n");
  }

  bool reply(std::unique_lock<std::mutex>& lock, unsigned status, const std::string& text) {
    if (!begin(lock, status, true)) return false;
    return send_body(lock, text) && finish(lock);
  }

  bool send_body(std::unique_lock<std::mutex>& lock, const std::string& text) {
    switch (fault_.body) {
      case Fault::Body::kSilent:
        return hang(lock);
      case Fault::Body::kTruncated:
        write(lock, chunk(text.substr(0, text.size() / 2)));
        return false;
      case Fault::Body::kGarbled:
        return write(lock, chunk(R"({"type":"ADDED","object":{"metadata":{"name":"x",,}}})"));
      case Fault::Body::kDripping:
        for (const char c : text) {
          if (api_.changed_.wait_for(lock, 50ms, [this] { return api_.stopped_; }) || !write(lock, chunk({c})))
            return false;
        }
        return true;
      default:
        return write(lock, chunk(text));
    }
  }

  bool finish(std::unique_lock<std::mutex>& lock) { return write(lock, "0\r\n\r\n"); }

  static std::string chunk(const std::string& text) {
    std::array<char, 32> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
    return size.data() + text + "\r\n";
  }

  bool write(std::unique_lock<std::mutex>& lock, const std::string& text) {
    lock.unlock();
    error_code error;
    asio::write(stream_, asio::buffer(text), error);
    lock.lock();
    return !error;
  }

  FakeApi& api_;
  asio::ssl::stream<tcp::socket> stream_;
  std::uint64_t number_;
  Fault fault_{};
};

FakeApi::FakeApi(const std::string& names, std::chrono::seconds valid, const std::string& address)
    : tls_(asio::ssl::context::tls_server), acceptor_(io_), address_(address) {
  const Identity identity = ca_.issue(names, valid);
  tls_.use_certificate_chain(asio::buffer(identity.certificate));
  tls_.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
  tls_.add_certificate_authority(asio::buffer(ca_.pem()));
  tls_.set_verify_mode(asio::ssl::verify_peer);  // a client certificate is taken, but not wanted
  const tcp::endpoint endpoint(asio::ip::make_address(address), 0);
  acceptor_.open(endpoint.protocol());
  acceptor_.bind(endpoint);
  acceptor_.listen();
  for (const char* path : {"/api/v1/namespaces", "/api/v1/nodes", "/api/v1/pods", "/api/v1/services",
                           "/api/v1/namespaces/kube-system/configmaps", "/apis/discovery.k8s.io/v1/endpointslices",
                           "/apis/networking.k8s.io/v1/networkpolicies", "/apis/networking.k8s.io/v1/ingresses",
                           "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"})
    collections_[path];
  acceptor_thread_ = std::thread([this] { accept(); });
}

FakeApi::~FakeApi() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& session : sessions_) session->close();
  }
  changed_.notify_all();
  error_code ignored;
  ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  acceptor_thread_.join();
  for (std::thread& thread : threads_) thread.join();
}

void FakeApi::accept() {
  for (;;) {
    error_code error;
    tcp::socket socket(io_);
    acceptor_.accept(socket, error);
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    if (error || down_) continue;
    socket.set_option(tcp::no_delay(true));
    auto session = sessions_.emplace_back(std::make_shared<Session>(*this, std::move(socket), ++connections_));
    threads_.emplace_back([session] { session->run(); });
  }
}

Connection FakeApi::connection() const {
  return {.host = address_,
          .port = acceptor_.local_endpoint().port(),
          .ca = {.text = ca_.pem()},
          .token = {.text = "good"}};
}

// The version that an object was given before is put anew.
std::string FakeApi::stamped(const std::string& object, std::uint64_t version) const {
  constexpr std::string_view kField = R"("resourceVersion":")";
  const auto at = object.find(kField);
  if (at == std::string::npos) return object;
  const auto begin = at + kField.size();
  return object.substr(0, begin) + std::to_string(version) + object.substr(object.find('"', begin));
}

void FakeApi::put(const std::string& collection, const std::string& object) {
  const std::lock_guard lock(mutex_);
  Object& stored = collections_.at(collection)[key_of(object)];
  Event event{
      .version = ++version_, .collection = collection, .before = stored.text, .after = stamped(object, version_)};
  stored = {.text = event.after, .version = version_};
  history_.push_back(std::move(event));
  changed_.notify_all();
}

void FakeApi::remove(const std::string& collection, const std::string& ns, const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& objects = collections_.at(collection);
  const auto found = objects.find(ns + "/" + name);
  history_.push_back({.version = ++version_, .collection = collection, .before = found->second.text});
  objects.erase(found);
  changed_.notify_all();
}

void FakeApi::serve(const std::string& collection) {
  const std::lock_guard lock(mutex_);
  collections_[collection];
}

void FakeApi::withdraw(const std::string& collection) {
  const std::lock_guard lock(mutex_);
  collections_.erase(collection);
  changed_.notify_all();
}

void FakeApi::compact() {
  const std::lock_guard lock(mutex_);
  oldest_ = continued_ = ++version_;
  changed_.notify_all();
}

void FakeApi::bookmark() {
  const std::lock_guard lock(mutex_);
  ++bookmarks_;
  changed_.notify_all();
}

void FakeApi::end_watches() {
  const std::lock_guard lock(mutex_);
  ++endings_;
  changed_.notify_all();
}

void FakeApi::cut_connections() {
  const std::lock_guard lock(mutex_);
  for (const auto& session : sessions_) session->close();
}

void FakeApi::set_down(bool down) {
  const std::lock_guard lock(mutex_);
  down_ = down;
}

void FakeApi::set_fault(std::function<std::optional<Fault>(const Request&)> fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

void FakeApi::set_streams_lists(bool streams) {
  const std::lock_guard lock(mutex_);
  streams_lists_ = streams;
}

void FakeApi::set_tokens(std::set<std::string> tokens) {
  const std::lock_guard lock(mutex_);
  tokens_ = std::move(tokens);
}

std::vector<Request> FakeApi::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t FakeApi::count(const std::string& path, bool watches) const {
  const auto all = requests();
  return static_cast<std::size_t>(
      std::ranges::count_if(all, [&](const Request& r) { return r.path == path && r.is_watch() == watches; }));
}

}  // namespace sextant::kube::test
