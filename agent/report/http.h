// Requests and answers as plain values: what stands between the sockets (http_session) and the views (router).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/report/filter.h"

namespace sextant::report {

enum class Method : std::uint8_t { kGet, kHead, kPost, kOther };

struct HttpRequest {
  Method method = Method::kGet;
  std::string target{};  // origin form or absolute form, still percent-encoded
  std::optional<std::string> host{};
  std::string accept{};
  std::string content_type{};
  std::string body{};
  bool checks_host = false;  // arrived on a loopback TCP listener
};

struct HttpResponse {
  using Done = std::function<void(HttpResponse)>;

  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};  // beside those that every answer has
  // Set: the answer is the stream of server-sent events that pass the filter, and `body` is unused.
  std::optional<FindingFilter> watch{};
  // Set: the answer is what this calls its parameter with, once, now or later, and nothing else here counts.
  std::function<void(Done)> later{};
};

std::string_view reason_phrase(unsigned status);

// {"error": what}
HttpResponse error_response(unsigned status, std::string_view what);

}  // namespace sextant::report
