// An ApiServer that serves on a thread of its own, on a Unix socket and on both families' loopback, until it is
// destroyed.
#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <stdlib.h>

#include "agent/report/api_server.h"
#include "fixed_backend.h"

namespace sextant::report {

class RunningServer {
 public:
  // Changes what it is given before it binds.
  explicit RunningServer(const std::function<void(ApiConfig&)>& change = [](ApiConfig&) {}) {
    std::string pattern = (std::filesystem::temp_directory_path() / "sextant-api-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    ApiConfig config{.socket = (folder_ / "sextant.sock").string(), .listen = {"[::1]:0", "127.0.0.1:0"}};
    change(config);
    server_.emplace(ApiServer::bind(std::move(config), backend).value());
    boost::asio::co_spawn(
        context_, server_->run(),
        boost::asio::bind_cancellation_slot(
            stop_.slot(), [this](std::exception_ptr error, Result<> result) { done_.set_value(!error && result); }));
    thread_ = std::thread([this] { context_.run(); });
  }
  ~RunningServer() {
    if (thread_.joinable()) stop();
    std::filesystem::remove_all(folder_);
  }

  // Cancels; whether run() ended well. The context has nothing left to do then.
  bool stop() {
    on_server([this] { stop_.emit(boost::asio::cancellation_type::terminal); });
    const bool ended = done_.get_future().get();
    thread_.join();
    return ended;
  }

  // Does something on the server's thread, and waits for it.
  void on_server(const std::function<void()>& task) {
    std::promise<void> done;
    boost::asio::post(context_, [&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }
  void publish(const FindingChange& change) {
    on_server([&] { server_->publish(change); });
  }

  std::string at(std::size_t index) const { return server_->listening().at(index); }
  std::string unix() const { return at(0); }
  std::string v6() const { return at(1); }
  std::string v4() const { return at(2); }
  ApiServer& server() { return *server_; }

  FixedBackend backend{};

 private:
  std::filesystem::path folder_{};
  boost::asio::io_context context_{1};
  boost::asio::cancellation_signal stop_{};
  std::optional<ApiServer> server_{};
  std::promise<bool> done_{};
  std::thread thread_{};
};

}  // namespace sextant::report
