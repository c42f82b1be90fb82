// TLS to the API server: 1.2 or 1.3, the server's certificate verified up to the CA, and its name or address against
// the certificate's.
#pragma once

#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "agent/base/result.h"
#include "agent/kube/connection.h"

namespace sextant::kube {

using TlsStream = boost::asio::ssl::stream<boost::beast::tcp_stream>;

// Reads the files anew, so that a CA or a client certificate that was replaced counts from the next connection on.
Result<boost::asio::ssl::context> make_tls(const Connection& connection);

// Whether the server would take the client certificate, if there is one, at this time of day: a server that refuses it
// says no more than "Unauthorized".
Result<> expect_valid_client(boost::asio::ssl::context& tls);

// Before the handshake: whom the certificate must name, and the name that is asked for (none for an address, RFC 6066).
Result<> expect_server(TlsStream& stream, const Connection& connection);

// After a handshake that failed: the certificate's fault where it was one ("certificate has expired").
std::string handshake_failure(TlsStream& stream, const boost::system::error_code& error);

}  // namespace sextant::kube
