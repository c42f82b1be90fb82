#include "agent/kube/ledger.h"

#include <algorithm>

#include <openssl/evp.h>

namespace sextant::kube {
namespace {

// Writes a value so that no two values read alike: kind, then length, then content.
void write(const Document& value, std::string& to);

void write_text(std::string_view text, std::string& to) {
  to += std::to_string(text.size());
  to += ':';
  to += text;
}

void write_members(const Document& map, bool is_metadata, std::string& to) {
  for (const auto& [key, value] : map.members) {
    if (is_metadata && key == "resourceVersion") continue;
    write_text(key, to);
    write(value, to);
  }
}

void write(const Document& value, std::string& to) {
  to += static_cast<char>('a' + static_cast<int>(value.kind));
  switch (value.kind) {
    case Document::Kind::kMap:
      write_members(value, false, to);
      break;
    case Document::Kind::kList:
      for (const Document& item : value.items) write(item, to);
      break;
    case Document::Kind::kBool:
      to += value.boolean ? '1' : '0';
      break;
    default:
      write_text(value.text, to);
  }
  to += ';';
}

std::uint64_t fnv_1a(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

std::uint64_t share_of(const Name& name, std::uint64_t version) {
  return fnv_1a(name.to_string() + "@" + std::to_string(version));
}

}  // namespace

Name name_of(const Document& object) {
  const Document* metadata = object.get("metadata");
  if (metadata == nullptr) return {};
  return {.ns = std::string(metadata->string_at("namespace")), .name = std::string(metadata->string_at("name"))};
}

Digest digest_of(const Document& object) {
  std::string text;
  for (const auto& [key, value] : object.members) {
    write_text(key, text);
    if (key == "metadata" && value.is_map()) {
      write_members(value, true, text);
    } else {
      write(value, text);
    }
  }
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> whole{};
  EVP_Digest(text.data(), text.size(), whole.data(), nullptr, EVP_sha256(), nullptr);
  Digest half{};
  std::copy_n(whole.begin(), half.size(), half.begin());
  return half;
}

bool Ledger::note(const Name& name, const Digest& digest, std::uint64_t version) {
  const auto [entry, added] = entries_.try_emplace(name);
  const bool news = added || entry->second.digest != digest;
  if (!added) checksum_ -= share_of(name, entry->second.version);
  checksum_ += share_of(name, version);
  entry->second = {.digest = digest, .version = version, .list = list_};
  return news;
}

bool Ledger::forget(const Name& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return false;
  checksum_ -= share_of(name, found->second.version);
  entries_.erase(found);
  return true;
}

std::uint64_t Ledger::version_of(const Name& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? 0 : found->second.version;
}

bool Ledger::is_listed(const Name& name) const {
  const auto found = entries_.find(name);
  return found != entries_.end() && found->second.list == list_;
}

std::vector<Name> Ledger::end_list() {
  std::vector<Name> gone;
  std::erase_if(entries_, [&](const auto& entry) {
    if (entry.second.list == list_) return false;
    checksum_ -= share_of(entry.first, entry.second.version);
    gone.push_back(entry.first);
    return true;
  });
  return gone;
}

std::vector<Name> Ledger::clear() {
  begin_list();
  return end_list();
}

}  // namespace sextant::kube
