// PackedDocument: a document as one string of bytes, for what is kept long and read seldom: about a tenth of the
// memory.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/document.h"

namespace sextant {

class PackedDocument {
 public:
  // A null.
  PackedDocument() : PackedDocument(Document{}) {}
  explicit PackedDocument(const Document& document);

  // Equal to what was packed, positions included.
  Document unpack() const;
  // As Document::at(); the rest is not unpacked. nullopt instead of nullptr.
  std::optional<Document> at(std::initializer_list<std::string_view> path) const;

  std::size_t size() const { return bytes_.size(); }
  bool operator==(const PackedDocument&) const = default;  // as the documents compare

 private:
  std::string bytes_;
};

}  // namespace sextant
