// What `kubectl proxy` is to the command line: an API server on a port of the loopback, without TLS. Answers each path
// as the test says, and counts how many are being answered at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <google/protobuf/message.h>

#include "agent/app/cli/client.h"
#include "agent/base/c_ptr.h"

namespace sextant::app::cli {

class KubectlProxy {
 public:
  KubectlProxy();
  ~KubectlProxy();
  KubectlProxy(const KubectlProxy&) = delete;
  KubectlProxy& operator=(const KubectlProxy&) = delete;

  // The answer to a target, with its query. What is not set is a 404; a status of 0 is never answered.
  void set(const std::string& target, HttpAnswer answer);
  // A node with a pod of Sextant that answers `message` to `target`.
  void add_agent(const std::string& node, const std::string& target, const google::protobuf::Message& message);
  // The agent of a node that was added is not reached any more.
  void lose_agent(const std::string& node, const std::string& target);

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  unsigned most_at_once() const { return most_; }
  std::vector<std::string> asked() const;  // targets

 private:
  void accept();
  void serve(const UniqueFd& peer);
  HttpAnswer answer_to(const std::string& target);
  void list_agents();

  UniqueFd fd_{};
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_{};
  std::map<std::string, HttpAnswer> answers_{};
  std::vector<std::string> nodes_{};
  std::vector<std::string> asked_{};
  std::atomic<unsigned> serving_ = 0, most_ = 0;
  std::list<std::thread> threads_{};
  std::thread acceptor_{};
};

}  // namespace sextant::app::cli
