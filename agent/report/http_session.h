// One connection's life: requests in, answers out, one after the other, each within its limits.
//
// Limits (ApiConfig): the target's, the header's and the body's size, the time to ask, the time between requests, and
// the time to take an answer. What is beyond is answered with its status where that can still be done, and ends the
// connection.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>

#include "agent/report/api_server.h"
#include "agent/report/counters.h"
#include "agent/report/router.h"
#include "agent/report/watch_hub.h"

namespace sextant::report {

using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol, boost::asio::any_io_executor>;

// What every connection of a server shares; outlives them.
struct SessionContext {
  const ApiConfig& config;
  const Router& router;
  WatchHub& hub;
  ServerCounters& counters;
};

// Serves until the client is done, a limit is crossed, or the stream is closed. Never throws.
boost::asio::awaitable<void> serve(Stream& stream, SessionContext context, bool checks_host);

// Answers 503 without reading more than it must, for a connection beyond the limit.
boost::asio::awaitable<void> refuse(Stream& stream, SessionContext context);

}  // namespace sextant::report
