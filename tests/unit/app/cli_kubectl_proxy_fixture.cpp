#include "tests/unit/app/cli_kubectl_proxy_fixture.h"

#include <chrono>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace sextant::app::cli {
namespace {

constexpr std::chrono::milliseconds kThinking{20};  // so that questions at once meet

std::string agent_path(const std::string& node) {
  return "/api/v1/namespaces/sextant/pods/http:sextant-" + node + ":9713/proxy";
}

}  // namespace

KubectlProxy::KubectlProxy() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(fd_.get(), 64), 0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept(); });
}

KubectlProxy::~KubectlProxy() {
  ::shutdown(fd_.get(), SHUT_RDWR);  // wakes the accept
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
}

void KubectlProxy::set(const std::string& target, HttpAnswer answer) {
  const std::scoped_lock lock(mutex_);
  answers_[target] = std::move(answer);
}

void KubectlProxy::add_agent(const std::string& node, const std::string& target,
                             const google::protobuf::Message& message) {
  nodes_.push_back(node);
  list_agents();
  set(agent_path(node) + target,
      {.status = 200, .content_type = std::string(kProtobuf), .body = message.SerializeAsString()});
}

void KubectlProxy::lose_agent(const std::string& node, const std::string& target) {
  // As kube-apiserver 1.35 answers.
  set(agent_path(node) + target,
      {.status = 503,
       .content_type = "application/json",
       .body = R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":"ServiceUnavailable","code":503,)"
               R"("message":"error trying to reach service: dial tcp [fd00::2]:9713: connect: connection refused"})"});
}

void KubectlProxy::list_agents() {
  std::string pods;
  std::string names;
  for (const std::string& node : nodes_) {
    const char* separator = pods.empty() ? "" : ",";
    pods +=
        separator + (R"({"metadata":{"name":"sextant-)" + node + R"(","namespace":"sextant"},"spec":{"nodeName":")" +
                     node + R"(","containers":[]},"status":{"phase":"Running"}})");
    names += separator + (R"({"metadata":{"name":")" + node + R"("}})");
  }
  set("/api/v1/namespaces/sextant/pods?labelSelector=app.kubernetes.io%2Fname%3Dsextant&limit=100",
      {.status = 200, .content_type = "application/json", .body = R"({"metadata":{},"items":[)" + pods + "]}"});
  set("/api/v1/nodes?limit=500",
      {.status = 200, .content_type = "application/json", .body = R"({"metadata":{},"items":[)" + names + "]}"});
}

std::vector<std::string> KubectlProxy::asked() const {
  const std::scoped_lock lock(mutex_);
  return asked_;
}

void KubectlProxy::accept() {
  for (;;) {
    UniqueFd peer(::accept(fd_.get(), nullptr, nullptr));
    if (!peer) return;
    threads_.emplace_back([this, connection = std::move(peer)] { serve(connection); });
  }
}

HttpAnswer KubectlProxy::answer_to(const std::string& target) {
  const std::scoped_lock lock(mutex_);
  asked_.push_back(target);
  const auto found = answers_.find(target);
  if (found != answers_.end()) return found->second;
  return {.status = 404, .content_type = "text/plain", .body = "404 page not found"};
}

void KubectlProxy::serve(const UniqueFd& peer) {
  std::string request(8192, '\0');
  const auto size = ::recv(peer.get(), request.data(), request.size(), 0);
  if (size <= 0) return;
  const auto begin = request.find(' ') + 1;
  const unsigned now = ++serving_;
  for (unsigned most = most_; now > most && !most_.compare_exchange_weak(most, now);) {
  }
  const HttpAnswer answer = answer_to(request.substr(begin, request.find(' ', begin) - begin));
  std::this_thread::sleep_for(kThinking);
  --serving_;
  if (answer.status == 0) {
    ::recv(peer.get(), request.data(), request.size(), 0);  // until the client has had enough
    return;
  }
  const std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " x\r\nContent-Type: " + answer.content_type +
                           "\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
  static_cast<void>(::send(peer.get(), text.data(), text.size(), MSG_NOSIGNAL));
}

}  // namespace sextant::app::cli
