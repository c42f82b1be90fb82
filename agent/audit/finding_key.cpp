#include "agent/audit/finding_key.h"

#include <cstdio>
#include <string_view>

namespace sextant::audit {
namespace {

constexpr char kEndOfPart = '\x1f';  // ASCII unit separator

// http://www.isthe.com/chongo/tech/comp/fnv/ (64 bits).
class Fnv1a {
 public:
  void add(std::string_view part) {
    for (const char c : part) add(c);
    add(kEndOfPart);
  }
  std::uint32_t folded() const { return static_cast<std::uint32_t>(hash_ >> 32U) ^ static_cast<std::uint32_t>(hash_); }

 private:
  void add(char c) {
    hash_ ^= static_cast<unsigned char>(c);
    hash_ *= 0x100000001b3ULL;
  }
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace

FindingKey key_of(const Finding& finding) {
  return {.code = finding.code,
          .node = finding.node,
          .endpoint = finding.endpoint.ref,
          .protocol = finding.protocol,
          .port = finding.port,
          .source_class = finding.source ? finding.source->source_class : std::string()};
}

std::string finding_id(const FindingKey& key, unsigned attempt) {
  Fnv1a hash;
  hash.add(key.code);
  hash.add(key.node);
  hash.add(to_string(key.endpoint.kind));
  hash.add(key.endpoint.ns);
  hash.add(key.endpoint.name);
  hash.add(key.protocol ? std::to_string(static_cast<unsigned>(*key.protocol)) : "");
  hash.add(key.port ? std::to_string(*key.port) : "");
  hash.add(key.source_class);
  if (attempt > 0) hash.add(std::to_string(attempt));
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", hash.folded());
  return key.code + "-" + digits;
}

}  // namespace sextant::audit
