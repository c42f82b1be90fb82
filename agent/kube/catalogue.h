// Catalogue: which kinds the API server serves, and in which versions (discovery: /apis and below).
//
// Asked once for all kinds together; again after invalidate(), and when an answer is older than kKeep. Only an answer
// that lists what is served says that a kind is absent: a 404 may be anybody's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/base/result.h"
#include "agent/kube/channel.h"
#include "agent/kube/resource.h"
#include "agent/kube/status.h"

namespace sextant::kube {

class Catalogue {
 public:
  static constexpr std::chrono::seconds kKeep{20};

  Catalogue(boost::asio::any_io_executor executor, Api& api);

  // The version in which to ask for a resource; nullopt: it is not served. Built-in kinds are not looked up.
  boost::asio::awaitable<Result<std::optional<std::string>>> version_of(const Resource& resource);
  // What is served may have changed.
  void invalidate();
  void stop();
  const RequestCounts& requests() const { return requests_; }

 private:
  boost::asio::awaitable<Result<std::optional<std::string>>> look_up(const Resource& resource);
  boost::asio::awaitable<Result<>> load_groups();
  boost::asio::awaitable<Result<>> load_resources(std::string api_version);
  boost::asio::awaitable<Result<Document>> get(std::string target);

  Channel channel_;
  boost::asio::steady_timer turn_;  // those who wait for the one who asks
  bool is_asking_ = false;
  bool stopped_ = false;
  std::optional<std::map<std::string, std::vector<std::string>>> groups_{};  // versions, the preferred one first
  std::map<std::string, std::set<std::string>> plurals_{};                   // by apiVersion
  std::chrono::steady_clock::time_point loaded_at_{};
  RequestCounts requests_{};
};

}  // namespace sextant::kube
