#include "agent/manifests/content.h"

#include <algorithm>
#include <utility>

namespace sextant::manifests {
namespace {

constexpr std::string_view kList = "List";

// JSON is YAML but for a few escapes, and only YAML's reader knows lines: so JSON's is asked second.
Result<std::vector<Document>> parse_text(std::string_view text) {
  auto documents = parse_yaml(text);
  const auto first = text.find_first_not_of(" \t\r\n");
  if (documents || first == std::string_view::npos || text[first] != '{') return documents;
  auto json = parse_json(text);
  if (!json) return documents;
  json->line = static_cast<std::uint32_t>(1 + std::ranges::count(text.substr(0, first), '\n'));
  std::vector<Document> one;
  one.push_back(*std::move(json));
  return one;
}

// A typed list's items need not say what they are.
void fill_in(Document& item, std::string_view key, std::string_view value) {
  if (!item.is_map() || item.find(key) != nullptr) return;
  Document text{.kind = Document::Kind::kString, .text = std::string(value), .line = item.line};
  item.members.emplace_back(key, std::move(text));
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  void read(Document& document) {
    const std::string kind(document.string_at("kind"));
    Document* items = kind.ends_with(kList) ? items_of(document) : nullptr;
    if (items == nullptr) return decode_one(document);
    if (items->is_null()) return;  // Go writes an empty list so
    if (!items->is_list()) return fail(items->line, "items: a list is wanted");
    const std::string item_kind = kind.substr(0, kind.size() - kList.size());
    const std::string api_version(document.string_at("apiVersion"));
    for (Document& item : items->items) {
      if (item.line == 0) item.line = document.line;  // JSON's reader knows none
      if (!item_kind.empty()) {
        fill_in(item, "kind", item_kind);
        fill_in(item, "apiVersion", api_version);
      }
      read(item);
    }
  }

  void fail(std::uint32_t line, std::string cause) {
    content_.problems.push_back({.file = name_, .line = line, .cause = std::move(cause)});
  }

  Content take() {
    if (!content_.problems.empty()) {
      content_.objects.clear();
      content_.ignored = 0;
    }
    return std::move(content_);
  }

 private:
  static Document* items_of(Document& document) {
    for (auto& [key, value] : document.members) {
      if (key == "items") return &value;
    }
    return nullptr;
  }

  void decode_one(const Document& document) {
    auto object = decode(document, Origin{.file = name_, .line = document.line});
    if (!object) {
      TextError error = text_error(object.error());
      return fail(error.line == 0 ? document.line : error.line, std::move(error.cause));
    }
    if (*object) {
      content_.objects.push_back(**std::move(object));
    } else if (!document.is_null()) {
      ++content_.ignored;
    }
  }

  const std::string& name_;
  Content content_{};
};

}  // namespace

Content parse_content(std::string_view text, const std::string& name) {
  Reader reader(name);
  auto documents = parse_text(text);
  if (!documents) {
    TextError error = text_error(documents.error());
    reader.fail(error.line, std::move(error.cause));
    return reader.take();
  }
  for (Document& document : *documents) reader.read(document);
  return reader.take();
}

}  // namespace sextant::manifests
