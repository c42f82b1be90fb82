#include "agent/base/packed_document.h"

#include <bit>
#include <cstdint>

namespace sextant {
namespace {

using Kind = Document::Kind;

// A value is its head, its position where it has one, its text where it has one, then what its kind holds: an integer,
// a real, a list's values, or a map's keys and values. Numbers are written in groups of seven bits, the lowest first,
// as in LEB128.
constexpr std::uint8_t kKindBits = 0x07;
constexpr std::uint8_t kTrue = 0x08;
constexpr std::uint8_t kHasText = 0x10;
constexpr std::uint8_t kHasPosition = 0x20;

constexpr std::uint64_t kSevenBits = 0x7f;
constexpr std::uint8_t kMoreFollows = 0x80;

class Writer {
 public:
  void value(const Document& document) {
    const bool has_position = document.line != 0 || document.column != 0 || document.key_line != 0;
    const unsigned flags =
        (document.boolean ? kTrue : 0U) | (document.text.empty() ? 0U : kHasText) | (has_position ? kHasPosition : 0U);
    bytes += static_cast<char>(static_cast<unsigned>(document.kind) | flags);
    if (has_position) {
      for (const std::uint32_t number : {document.line, document.column, document.key_line}) unsigned_number(number);
    }
    if (!document.text.empty()) text(document.text);
    content(document);
  }

  std::string bytes{};

 private:
  void content(const Document& document) {
    switch (document.kind) {
      case Kind::kInteger:
        return unsigned_number(std::bit_cast<std::uint64_t>(document.integer));
      case Kind::kDouble:
        return unsigned_number(std::bit_cast<std::uint64_t>(document.real));
      case Kind::kList:
        unsigned_number(document.items.size());
        for (const Document& item : document.items) value(item);
        return;
      case Kind::kMap:
        unsigned_number(document.members.size());
        for (const auto& [key, member] : document.members) {
          text(key);
          value(member);
        }
        return;
      default:
        return;
    }
  }

  void text(std::string_view content) {
    unsigned_number(content.size());
    bytes += content;
  }

  void unsigned_number(std::uint64_t number) {
    for (; number > kSevenBits; number >>= 7U) bytes += static_cast<char>((number & kSevenBits) | kMoreFollows);
    bytes += static_cast<char>(number);
  }
};

// Reads what Writer wrote, and nothing else.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  Document value() {
    Document document = head();
    switch (document.kind) {
      case Kind::kInteger:
        document.integer = std::bit_cast<std::int64_t>(unsigned_number());
        break;
      case Kind::kDouble:
        document.real = std::bit_cast<double>(unsigned_number());
        break;
      case Kind::kList:
        document.items.resize(unsigned_number());
        for (Document& item : document.items) item = value();
        break;
      case Kind::kMap:
        read_members(document);
        break;
      default:
        break;
    }
    return document;
  }

  // Goes on to the member of the value at hand. False: it is no map, or has no such key.
  bool enter(std::string_view wanted) {
    if (head().kind != Kind::kMap) return false;
    for (std::uint64_t left = unsigned_number(); left > 0; --left) {
      if (text() == wanted) return true;
      skip();
    }
    return false;
  }

 private:
  void read_members(Document& map) {
    const std::uint64_t count = unsigned_number();
    map.members.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string_view key = text();
      map.members.emplace_back(key, value());
    }
  }

  Document head() {
    const auto bits = static_cast<std::uint8_t>(take(1).front());
    Document document{.kind = static_cast<Kind>(bits & kKindBits), .boolean = (bits & kTrue) != 0};
    if ((bits & kHasPosition) != 0) {
      for (std::uint32_t* number : {&document.line, &document.column, &document.key_line})
        *number = static_cast<std::uint32_t>(unsigned_number());
    }
    if ((bits & kHasText) != 0) document.text = text();
    return document;
  }

  void skip() {
    const Kind kind = head().kind;
    if (kind == Kind::kInteger || kind == Kind::kDouble) unsigned_number();
    if (kind != Kind::kList && kind != Kind::kMap) return;
    for (std::uint64_t left = unsigned_number(); left > 0; --left) {
      if (kind == Kind::kMap) text();
      skip();
    }
  }

  std::string_view text() { return take(unsigned_number()); }

  std::uint64_t unsigned_number() {
    std::uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(take(1).front());
      number |= (byte & kSevenBits) << shift;
      if ((byte & kMoreFollows) == 0) return number;
    }
  }

  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
};

}  // namespace

PackedDocument::PackedDocument(const Document& document) {
  Writer writer;
  writer.value(document);
  writer.bytes.shrink_to_fit();
  bytes_ = std::move(writer.bytes);
}

Document PackedDocument::unpack() const { return Reader(bytes_).value(); }

std::optional<Document> PackedDocument::at(std::initializer_list<std::string_view> path) const {
  Reader reader(bytes_);
  for (const std::string_view key : path) {
    if (!reader.enter(key)) return std::nullopt;
  }
  Document found = reader.value();
  if (found.is_null() && path.size() > 0) return std::nullopt;
  return found;
}

}  // namespace sextant
