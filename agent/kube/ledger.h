// Ledger: what of one kind has been told, so that a new list tells only what differs from it.
//
// It holds a name and a digest for each object, not the object: that is the model's to keep.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/base/document.h"

namespace sextant::kube {

struct Name {
  std::string ns{};  // empty: cluster-wide
  std::string name{};
  auto operator<=>(const Name&) const = default;
  std::string to_string() const { return ns.empty() ? name : ns + "/" + name; }
};
// Of an object's metadata; empty where it has none.
Name name_of(const Document& object);

// The first half of a SHA-256 over everything but metadata.resourceVersion, which changes with fields that nobody kept.
using Digest = std::array<std::uint8_t, 16>;
Digest digest_of(const Document& object);

class Ledger {
 public:
  // The object is there, like this, since that resource version. True: that is news.
  bool note(const Name& name, const Digest& digest, std::uint64_t version);
  // The object is gone. True: it was there.
  bool forget(const Name& name);

  // Between the two every object that is there is noted; what was not is forgotten, and returned.
  void begin_list() { ++list_; }
  std::vector<Name> end_list();
  // Everything is gone.
  std::vector<Name> clear();

  // The resource version under which the object was noted; 0: it is not there.
  std::uint64_t version_of(const Name& name) const;
  bool has(const Name& name) const { return entries_.contains(name); }
  // Noted since the last begin_list().
  bool is_listed(const Name& name) const;
  std::size_t size() const { return entries_.size(); }

  // The sum, modulo 2^64, of FNV-1a (64 bits) over "namespace/name@resourceVersion" of every object ("name@..." where
  // it has no namespace): anybody can make it of a list of their own, in any order.
  std::uint64_t checksum() const { return checksum_; }

 private:
  struct Entry {
    Digest digest{};
    std::uint64_t version = 0;
    std::uint32_t list = 0;  // the last one that it was in
  };
  std::map<Name, Entry> entries_{};
  std::uint64_t checksum_ = 0;
  std::uint32_t list_ = 0;
};

}  // namespace sextant::kube
