#include "agent/kube/tls.h"

#include <array>
#include <ctime>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "agent/base/ip.h"
#include "agent/base/text.h"

namespace sextant::kube {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

asio::const_buffer buffer_of(const std::string& text) { return asio::buffer(text); }

Result<> trust(asio::ssl::context& tls, const Connection& connection) {
  error_code error;
  if (!connection.ca.is_given()) {
    tls.set_default_verify_paths(error);
    return error ? failure("the system's certificates: " + error.message()) : Result<>();
  }
  const auto pem = connection.ca.read();
  if (!pem) return because("CA", pem.error());
  tls.add_certificate_authority(buffer_of(*pem), error);
  if (error) return failure("CA: no certificate in PEM form: " + error.message());
  return {};
}

Result<> identify(asio::ssl::context& tls, const Connection& connection) {
  if (!connection.client_certificate.is_given()) return {};
  const auto certificate = connection.client_certificate.read();
  if (!certificate) return because("client certificate", certificate.error());
  const auto key = connection.client_key.read();
  if (!key) return because("client key", key.error());
  error_code error;
  tls.use_certificate_chain(buffer_of(*certificate), error);
  if (error) return failure("client certificate: " + error.message());
  tls.use_private_key(buffer_of(*key), asio::ssl::context::pem, error);
  if (error) return failure("client key: " + error.message());
  return {};
}

// "2026-11-21T16:47:33Z"
std::string text_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "a time that cannot be read";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

Result<asio::ssl::context> make_tls(const Connection& connection) {
  asio::ssl::context tls(asio::ssl::context::tls_client);
  SSL_CTX* native = tls.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  // A watch is quiet most of the time, and there is one for each kind: its buffers are given back.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  error_code error;
  tls.set_verify_mode(asio::ssl::verify_peer, error);
  if (error) return failure("TLS: " + error.message());
  if (auto trusted = trust(tls, connection); !trusted) return because("TLS", trusted.error());
  if (auto identified = identify(tls, connection); !identified) return because("TLS", identified.error());
  return tls;
}

Result<> expect_valid_client(asio::ssl::context& tls) {
  const X509* certificate = SSL_CTX_get0_certificate(tls.native_handle());
  if (certificate == nullptr) return {};
  const ASN1_TIME* from = X509_get0_notBefore(certificate);
  const ASN1_TIME* until = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(until) < 0) return failure("TLS: the client certificate has expired: " + text_of(until));
  if (X509_cmp_current_time(from) > 0)
    return failure("TLS: the client certificate is not valid before " + text_of(from));
  return {};
}

Result<> expect_server(TlsStream& stream, const Connection& connection) {
  const std::string& name = connection.verified_name();
  SSL* native = stream.native_handle();
  X509_VERIFY_PARAM* wanted = SSL_get0_param(native);
  if (IpAddress::parse(name)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1) return {};
    return failure("TLS: " + quote(name) + " cannot be verified");
  }
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size()) == 1 &&
      SSL_set_tlsext_host_name(native, name.c_str()) == 1)
    return {};
  return failure("TLS: " + quote(name) + " cannot be verified");
}

std::string handshake_failure(TlsStream& stream, const error_code& error) {
  const long verified = SSL_get_verify_result(stream.native_handle());
  if (verified == X509_V_OK) return "TLS: " + error.message();
  return std::string("TLS: the server's certificate: ") + X509_verify_cert_error_string(verified);
}

}  // namespace sextant::kube
