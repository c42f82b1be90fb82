#include "agent/app/cli/cluster/gateway.h"

#include <utility>

#include "agent/base/version.h"

namespace sextant::app::cli {
namespace {

constexpr std::size_t kMostBytes = ClientConfig{}.max_answer_bytes;

const char* variable(const Io& io, const char* name) { return io.env ? io.env(name) : nullptr; }

kube::Api api_of(const Gateway& gateway) {
  kube::Api api(gateway.connection);
  api.user_agent = std::string("sextant/") + kVersion;
  api.patience = {
      .connect = gateway.timeout, .handshake = gateway.timeout, .send = gateway.timeout, .answer = gateway.timeout};
  return api;
}

}  // namespace

Result<Gateway> Gateway::open(const Io& io, const GlobalOptions& global) {
  const ClusterOptions& options = *global.cluster;
  if (options.proxy) return Gateway{.proxy = options.proxy, .timeout = global.timeout};
  auto files = kube::personal_kubeconfig(options.kubeconfig, variable(io, "KUBECONFIG"), variable(io, "HOME"));
  files.context = options.context;
  auto connection = kube::read_kubeconfig(files);
  if (!connection)
    return failure(connection.error().what +
                       " (`kubectl proxy` can do what kubectl can: leave it running, and add --server "
                       "http://127.0.0.1:8001)",
                   connection.error().code);
  return Gateway{.connection = *std::move(connection), .timeout = global.timeout};
}

Lane::Lane(boost::asio::any_io_executor executor, const Gateway& gateway)
    : gateway_(gateway), api_(api_of(gateway)), channel_(std::move(executor), api_) {}

boost::asio::awaitable<Result<HttpAnswer>> Lane::get(std::string target, std::string accept) {
  if (gateway_.proxy) {
    ClientConfig config{.server = *gateway_.proxy, .timeout = gateway_.timeout};
    auto answer = co_await get_once(std::move(config), std::move(target), std::move(accept));
    co_return answer;
  }
  auto answer = co_await get_by_tls(std::move(target), std::move(accept));
  co_return answer;
}

boost::asio::awaitable<Result<HttpAnswer>> Lane::get_by_tls(std::string target, std::string accept) {
  auto head = co_await channel_.get(std::move(target), std::move(accept));
  if (!head) co_return Failure(head.error());
  const auto until = std::chrono::steady_clock::now() + gateway_.timeout;
  auto body = co_await channel_.read_all(kMostBytes, until);
  if (!body) co_return Failure(body.error());
  HttpAnswer answer{.status = head->status, .content_type = std::move(head->content_type), .body = *std::move(body)};
  co_return answer;
}

}  // namespace sextant::app::cli
