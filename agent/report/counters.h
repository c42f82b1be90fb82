// What the API server counts about itself, for /metrics. Every edge at which it drops something is here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace sextant::report {

struct ServerCounters {
  std::map<unsigned, std::uint64_t> answers{};                          // by status code
  std::uint64_t connections_refused = 0;                                // beyond the limit: 503, or closed
  std::uint64_t timeouts = 0;                                           // clients that took too long to ask or to read
  std::uint64_t accept_failures = 0;                                    // out of descriptors, mostly
  std::uint64_t watchers_dropped = 0;                                   // did not read fast enough
  std::size_t connections = 0;                                          // open now
  std::size_t watchers = 0;                                             // open now
  std::map<std::string, std::uint64_t, std::less<>> findings_opened{};  // by code
};

}  // namespace sextant::report
