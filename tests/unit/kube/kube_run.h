// Runs coroutines of the source on the test's own thread, with the short times of a test.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "agent/kube/back_off.h"
#include "agent/kube/channel.h"
#include "agent/kube/reflector.h"

namespace sextant::kube::test {

using namespace std::chrono_literals;

inline constexpr Pace kQuickPace{.first = 5ms, .longest = 50ms, .healthy = 2s, .obeyed = 1s};
inline constexpr Timing kQuickTiming{
    .pace = kQuickPace, .list = 400ms, .watch_least = 30s, .watch_grace = 1s, .absent = 50ms};
inline constexpr Patience kQuickPatience{.connect = 1s, .handshake = 1s, .send = 1s, .answer = 400ms};

// Until it holds; false: it did not within the time.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& holds,
                      std::chrono::milliseconds time = 20s) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    io.restart();
    io.run_for(2ms);
  }
  return true;
}

inline void run_for(boost::asio::io_context& io, std::chrono::milliseconds time) {
  io.restart();
  io.run_for(time);
}

// What a coroutine returns.
template <class T>
T result_of(boost::asio::io_context& io, boost::asio::awaitable<T> task) {
  std::optional<T> result;
  boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr thrown, T value) {
    if (thrown) std::rethrow_exception(thrown);
    result.emplace(std::move(value));
  });
  if (!run_until(io, [&] { return result.has_value(); })) throw std::runtime_error("the coroutine does not end");
  return std::move(*result);
}

inline std::string pod_text(const std::string& ns, const std::string& name, const std::string& node,
                            const std::string& address = "2001:db8::1", const std::string& labels = R"("app":"web")") {
  return R"({"metadata":{"namespace":")" + ns + R"(","name":")" + name + R"(","uid":")" + ns + "-" + name +
         R"(","resourceVersion":"@","labels":{)" + labels +
         R"(},"managedFields":[{"manager":"kubelet"}]},"spec":{"nodeName":")" + node +
         R"(","containers":[{"name":"c","image":"i","env":[{"name":"A","value":"B"}]}]},"status":{"phase":"Running","podIPs":[{"ip":")" +
         address + R"("}]}})";
}

inline std::string named_text(const std::string& name, const std::string& spec = "{}") {
  return R"({"metadata":{"name":")" + name + R"(","resourceVersion":"@"},"spec":)" + spec + "}";
}

}  // namespace sextant::kube::test
