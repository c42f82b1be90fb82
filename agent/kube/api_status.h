// ApiStatus: why the API server did not do what it was asked (meta/v1 Status), as an answer or as an event of a watch.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/document.h"

namespace sextant::kube {

struct ApiStatus {
  unsigned code = 0;      // of HTTP, also in an event
  std::string reason{};   // "Expired", "Forbidden"; may be empty
  std::string message{};  // fit to be told
  std::optional<std::chrono::seconds> retry_after{};

  bool is_expired() const { return code == 410 || reason == "Expired" || reason == "Gone"; }
  std::string to_string() const;  // "403 Forbidden: pods is forbidden: ..."
};

// Of an answer's body; what is no Status is told as far as it is text. `code` is the answer's own.
ApiStatus read_status(unsigned code, std::string_view body);
// Of the object of an ERROR event.
ApiStatus read_status(const Document& object);

}  // namespace sextant::kube
