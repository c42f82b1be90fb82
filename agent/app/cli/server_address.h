// Where the daemon answers: --server and $SEXTANT_SERVER.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sextant::app::cli {

inline constexpr std::string_view kDefaultServer = "unix:/run/sextant/sextant.sock";

struct ServerAddress {
  std::string socket{};  // of unix:PATH; else empty
  std::string host{};    // an address without brackets, or "localhost"
  std::uint16_t port = 0;

  std::string to_string() const;    // as it was written
  std::string host_header() const;  // "[::1]:9713"; "localhost" for a socket
};

// "unix:PATH", "http://[ADDRESS]:PORT", "http://ADDRESS:PORT", "http://localhost:PORT". Errors show the form.
Result<ServerAddress> server_from(std::string_view text);

}  // namespace sextant::app::cli
