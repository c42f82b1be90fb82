// A small API server on loopback for tests: HTTPS, lists in pages, watches with bookmarks and streamed lists, a history
// that can be compacted, and faults on demand. It answers as kube-apiserver 1.35 was seen to answer.
//
// Every connection has a thread. The store may be changed from the test's thread at any time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "agent/kube/connection.h"
#include "tests/unit/kube/test_ca.h"

namespace sextant::kube::test {

struct Request {
  std::string path{};   // "/api/v1/pods"
  std::string query{};  // decoded
  std::string authorization{};
  std::string accept{};
  bool has_client_certificate = false;
  std::uint64_t connection = 0;  // counted from 1

  std::string parameter(const std::string& key) const;  // empty: not given
  bool is_watch() const { return parameter("watch") == "1"; }
  bool streams_list() const { return parameter("sendInitialEvents") == "true"; }
};

// What goes wrong with an answer.
struct Fault {
  enum class Body : std::uint8_t {
    kWhole,
    kTruncated,  // broken off in the middle of what it says
    kGarbled,    // no JSON
    kDripping,   // a byte every 50 ms
    kSilent,     // the header, and nothing more
    kNever,      // not even the header
    kReset,      // closed without a header
    kTwice,      // every event twice
    kReversed    // events that are ready together in the wrong order
  };
  Body body = Body::kWhole;
  unsigned status = 200;  // another one, or a text: is answered with them
  std::string text{};
  std::string fields{};  // of the header: "Retry-After: 1\r\n"
};

// A meta/v1 Status.
std::string status_text(unsigned code, const std::string& reason, const std::string& message);

class FakeApi {
 public:
  // Serves the built-in kinds' collections, and no others.
  explicit FakeApi(const std::string& names = "DNS:localhost,IP:127.0.0.1,IP:::1",
                   std::chrono::seconds valid = std::chrono::hours(1), const std::string& address = "127.0.0.1");
  ~FakeApi();

  Connection connection() const;  // with the token "good"
  const TestCa& ca() const { return ca_; }

  // The store. `object` is JSON in which "@" stands for the resource version.
  void put(const std::string& collection, const std::string& object);
  void remove(const std::string& collection, const std::string& ns, const std::string& name);
  void serve(const std::string& collection);  // "/apis/cilium.io/v2/ciliumnodes"
  void withdraw(const std::string& collection);
  // Everything before now is no more in the history, and lists that were begun cannot be gone on with.
  void compact();
  void bookmark();     // to every watch that asks for bookmarks
  void end_watches();  // as their time being over does
  void cut_connections();
  // While down, connections are closed as soon as they are made.
  void set_down(bool down);

  // What is asked to be done with a request; nullopt: what should be.
  void set_fault(std::function<std::optional<Fault>(const Request&)> fault);
  void set_streams_lists(bool streams);
  void set_tokens(std::set<std::string> tokens);

  std::vector<Request> requests() const;
  std::size_t count(const std::string& path, bool watches) const;

 private:
  struct Object {
    std::string text{};
    std::uint64_t version = 0;
  };
  struct Event {
    std::uint64_t version = 0;
    std::string collection{};
    std::string before{};  // empty: it is new
    std::string after{};   // empty: it is gone
  };
  class Session;
  friend class Session;

  void accept();
  std::string stamped(const std::string& object, std::uint64_t version) const;

  TestCa ca_{};
  boost::asio::io_context io_{};
  boost::asio::ssl::context tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string address_;

  mutable std::mutex mutex_{};
  std::condition_variable changed_{};
  std::map<std::string, std::map<std::string, Object>> collections_{};  // by path, then by "ns/name"
  std::vector<Event> history_{};
  std::uint64_t version_ = 100;
  std::uint64_t oldest_ = 0;     // watches from before it are too old
  std::uint64_t continued_ = 0;  // as are lists that were begun before it
  std::uint64_t bookmarks_ = 0, endings_ = 0, connections_ = 0;
  bool streams_lists_ = true;
  bool down_ = false;
  bool stopped_ = false;
  std::set<std::string> tokens_{"good"};
  std::function<std::optional<Fault>(const Request&)> fault_{};
  std::vector<Request> requests_{};
  std::list<std::shared_ptr<Session>> sessions_{};
  std::list<std::thread> threads_{};
  std::thread acceptor_thread_{};
};

}  // namespace sextant::kube::test
