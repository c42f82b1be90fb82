// The stream of /api/v1alpha1/watch on one connection: server-sent events until the client leaves or lags.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "agent/report/filter.h"
#include "agent/report/http_session.h"

namespace sextant::report {

// The answer's head is written. A comment opens the stream, and goes out again whenever nothing was sent for
// ApiConfig::heartbeat, so that both ends notice a connection that is gone.
boost::asio::awaitable<void> stream_events(Stream& stream, SessionContext context, FindingFilter filter);

}  // namespace sextant::report
