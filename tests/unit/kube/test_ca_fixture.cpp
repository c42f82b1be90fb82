#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "agent/base/c_ptr.h"
#include "tests/unit/kube/test_ca.h"

namespace sextant::kube::test {
namespace {

using Key = CPtr<EVP_PKEY, EVP_PKEY_free>;
using Certificate = CPtr<X509, X509_free>;
using Bio = CPtr<BIO, BIO_free>;
using Extension = CPtr<X509_EXTENSION, X509_EXTENSION_free>;

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("test CA: ") + what);
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  must(key != nullptr, "key");
  return key;
}

template <class Write>
std::string pem_of(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(write(bio.get()) == 1, "PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

Certificate make_certificate(EVP_PKEY* key, std::string_view name, long serial, std::chrono::seconds valid) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24L * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), static_cast<long>(valid.count()));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0);
  must(X509_set_pubkey(certificate.get(), key) == 1, "public key");
  return certificate;
}

}  // namespace

struct TestCa::Keys {
  Key key = make_key();
  Certificate certificate{};
};

TestCa::TestCa(std::string_view name) : keys_(std::make_unique<Keys>()) {
  keys_->certificate = make_certificate(keys_->key.get(), name, 1, std::chrono::hours(24));
  X509* self = keys_->certificate.get();
  X509_set_issuer_name(self, X509_get_subject_name(self));
  extend(self, self, NID_basic_constraints, "critical,CA:TRUE");
  must(X509_sign(self, keys_->key.get(), EVP_sha256()) > 0, "signature");
  pem_ = pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, self); });
}

TestCa::~TestCa() = default;

Identity TestCa::issue(const std::string& names, std::chrono::seconds valid) const {
  const Key key = make_key();
  const Certificate certificate = make_certificate(key.get(), "sextant test", 2, valid);
  X509* ca = keys_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(ca));
  if (!names.empty()) extend(certificate.get(), ca, NID_subject_alt_name, names);
  must(X509_sign(certificate.get(), keys_->key.get(), EVP_sha256()) > 0, "signature");
  return {.certificate = pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }),
          .key = pem_of([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace sextant::kube::test
