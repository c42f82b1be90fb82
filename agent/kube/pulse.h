// Pulse: notices an API server that has gone silent while watches are open.
//
// A watch may rightly be silent for minutes, and HTTP/1.1 has no ping. When nothing at all has come from the server for
// a while, it is asked for /livez; where even that gets no answer, the watches are not to be waited for. With the
// numbers below that takes 50 s at most. A server that is heard is not asked.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/kube/channel.h"
#include "agent/kube/status.h"

namespace sextant::kube {

struct PulseTiming {
  std::chrono::milliseconds look{10'000};     // between looks
  std::chrono::milliseconds silence{20'000};  // after which it is asked
  std::chrono::milliseconds answer{20'000};   // for all of it: connecting, asking, reading
};

class Pulse {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // `is_needed`: whether a watch is open. `on_silence` gets when the server was heard last, and why it is given up.
  Pulse(boost::asio::any_io_executor executor, Api& api, PulseTiming timing, std::function<bool()> is_needed,
        std::function<void(Time, const std::string&)> on_silence);

  boost::asio::awaitable<void> run();
  void stop();
  const RequestCounts& requests() const { return requests_; }

 private:
  boost::asio::awaitable<bool> answers();

  Api& api_;
  PulseTiming timing_;
  std::function<bool()> is_needed_;
  std::function<void(Time, const std::string&)> on_silence_;
  Channel channel_;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer limit_;
  bool stopped_ = false;
  RequestCounts requests_{};
};

}  // namespace sextant::kube
