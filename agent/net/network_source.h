// Source: the node's links, addresses and IPv6 default routes (libnl, rtnetlink), live.
//
// An uplink is a link that an IPv6 default route of the main table leaves by (multipath included), or one that the
// configuration names. Told as whole pictures, only when something changed.
// Thread: everything, the sink included, on the executor given to run().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "agent/base/result.h"
#include "agent/model/network.h"

namespace sextant::net {

struct Config {
  std::vector<std::string> uplinks{};  // empty: by the default route
};

using Sink = std::function<void(const NetworkPicture&)>;

class NetworkSource {
 public:
  // Opens the netlink sockets. Errors say what the kernel refused.
  static Result<NetworkSource> open(Config config, Sink sink);
  NetworkSource(NetworkSource&&) noexcept;
  ~NetworkSource();

  // Dumps once and returns; run() delivers the same picture first.
  Result<NetworkPicture> picture();

  // Delivers the picture, then each change (coalesced over 100 ms) until cancelled; being cancelled is success.
  // A lost netlink message (ENOBUFS) makes a new dump, never a stale picture.
  boost::asio::awaitable<Result<>> run();

 private:
  struct State;
  explicit NetworkSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sextant::net
