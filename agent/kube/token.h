// Token: the bearer token as it is now.
//
// A service account's token is replaced by the kubelet long before it ends. It is read again after a minute (which is
// what k8s.io/client-go does, transport/token_source.go), and at once when the server refuses it.
#pragma once

#include <chrono>
#include <string>

#include "agent/base/result.h"
#include "agent/kube/connection.h"

namespace sextant::kube {

class Token {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kKeep{60};

  explicit Token(Material material) : material_(std::move(material)) {}

  // Without line breaks; empty: none is wanted. What was read last counts while the file cannot be read. Errors:
  // nothing could be read yet, or what is there is no token (a blank or a control character in it).
  Result<std::string> get(Clock::time_point now);
  // The server refused `token`. True: there is another one by now, which is worth a try.
  bool refused(const std::string& token, Clock::time_point now);

 private:
  Material material_;
  std::string held_{};
  Clock::time_point read_at_{};
  bool is_read_ = false;
};

}  // namespace sextant::kube
