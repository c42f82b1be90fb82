// A certificate authority for tests, made by OpenSSL in memory.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace sextant::kube::test {

struct Identity {
  std::string certificate{};  // PEM
  std::string key{};          // PEM
};

class TestCa {
 public:
  explicit TestCa(std::string_view name = "test CA");
  ~TestCa();
  const std::string& pem() const { return pem_; }

  // `names` as in openssl.cnf: "DNS:localhost,IP:127.0.0.1,IP:::1"; empty: none, as of a client. Valid from a day ago,
  // for so long from now.
  Identity issue(const std::string& names, std::chrono::seconds valid = std::chrono::hours(1)) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string pem_{};
};

}  // namespace sextant::kube::test
