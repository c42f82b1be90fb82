// parse_yaml: libyaml's events, built straight into Documents. No tree of libyaml's is made: it keeps duplicate keys
// and has no bounds.
#include <algorithm>
#include <cstddef>
#include <exception>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

#include "agent/base/document.h"
#include "agent/base/document_limits.h"
#include "agent/base/key_check.h"
#include "agent/base/text.h"
#include "agent/base/yaml_events.h"
#include "agent/base/yaml_scalar.h"
#include "agent/base/yaml_text.h"

namespace sextant {
namespace {

using Kind = Document::Kind;

// Leaves the builder, and is caught in parse_yaml.
struct Rejected {
  YamlMark mark{};
  std::string cause{};
};

// What a value, and all below it, takes.
struct Size {
  std::size_t values = 1;
  std::size_t bytes = 0;   // of keys and scalars
  std::size_t height = 0;  // levels of lists and maps

  void add(const Size& other) {
    values += other.values;
    bytes += other.bytes;
  }
};

struct Subtree {
  Document document{};
  Size size{};
};

// A list or map that has begun and not ended.
struct Open {
  Subtree tree{};
  std::string anchor{};
  YamlMark mark{};
  bool has_key = false;
  bool key_is_merge = false;
  bool merged = false;  // a "<<" was seen
  std::string key{};
  YamlMark key_mark{};
  KeyCheck keys{};
  std::vector<Document> merges{};  // maps that "<<" names, the strongest first
};

std::string key_text(const Document& key, const YamlMark& mark) {
  switch (key.kind) {
    case Kind::kString:
    case Kind::kDouble:
      return key.text;
    case Kind::kBool:
      return key.boolean ? "true" : "false";
    case Kind::kInteger:
      return std::to_string(key.integer);
    case Kind::kNull:
    case Kind::kList:
    case Kind::kMap:
      break;
  }
  throw Rejected{mark, std::string(Document::kind_name(key.kind)) + " cannot be a key"};
}

class Builder {
 public:
  void on(const YamlEvent& event) {
    switch (event.kind) {
      case YamlEvent::Kind::kDocumentStart:
        return anchors_.clear();
      case YamlEvent::Kind::kScalar:
        return on_scalar(event);
      case YamlEvent::Kind::kAlias:
        return on_alias(event);
      case YamlEvent::Kind::kListStart:
        return begin(Kind::kList, "tag:yaml.org,2002:seq", event);
      case YamlEvent::Kind::kMapStart:
        return begin(Kind::kMap, "tag:yaml.org,2002:map", event);
      case YamlEvent::Kind::kMapEnd:
        apply_merges(open_.back());
        return end();
      case YamlEvent::Kind::kListEnd:
        return end();
      case YamlEvent::Kind::kDocumentEnd:
      case YamlEvent::Kind::kStreamEnd:
        return;
    }
  }

  std::vector<Document> take() { return std::move(documents_); }

 private:
  static Rejected too_deep(const YamlMark& mark) {
    return {mark, "more than " + std::to_string(kMaxLevels) + " levels"};
  }

  void on_scalar(const YamlEvent& event) {
    if (event.plain && event.value == "<<" && wants_key()) return begin_merge(event.mark);
    const std::string_view tag = event.tag.empty() ? std::string_view("!") : std::string_view(event.tag);
    auto document = event.plain ? resolve_plain(event.value) : resolve_tagged(tag, event.value);
    if (!document) throw Rejected{event.mark, document.error().what};
    const Size size{.bytes = event.value.size()};
    count(size, event.mark);
    position(*document, event.mark);
    place({.document = *std::move(document), .size = size}, event.mark, event.anchor);
  }

  void on_alias(const YamlEvent& event) {
    if (std::ranges::find(open_, event.anchor, &Open::anchor) != open_.end()) {
      throw Rejected{event.mark, "an alias inside what it stands for"};
    }
    const auto found = anchors_.find(event.anchor);
    if (found == anchors_.end()) throw Rejected{event.mark, "no anchor " + quote(event.anchor) + " stands before this"};
    count(found->second.size, event.mark);
    if (open_.size() + found->second.size.height > kMaxLevels) throw too_deep(event.mark);
    place(Subtree(found->second), event.mark, {});
  }

  void count(const Size& size, const YamlMark& mark) {
    taken_.add(size);
    require_within(taken_, mark, ", those that aliases repeat included");
  }

  static void require_within(const Size& size, const YamlMark& mark, const std::string& which) {
    if (size.values > kMaxValues) throw Rejected{mark, "more than " + std::to_string(kMaxValues) + " values" + which};
    if (size.bytes > kMaxTextBytes) {
      throw Rejected{mark, "values of more than " + std::to_string(kMaxTextBytes >> 20U) + " MiB" + which};
    }
  }

  static void position(Document& document, const YamlMark& mark) {
    document.line = static_cast<std::uint32_t>(mark.line + 1);
    document.column = static_cast<std::uint32_t>(mark.column + 1);
  }

  bool wants_key() const { return !open_.empty() && open_.back().tree.document.is_map() && !open_.back().has_key; }

  void begin(Kind kind, std::string_view own_tag, const YamlEvent& event) {
    if (!event.tag.empty() && event.tag != "!" && event.tag != own_tag) {
      throw Rejected{event.mark, "tag " + quote(event.tag) + " is none of YAML's core schema for " +
                                     std::string(Document::kind_name(kind))};
    }
    if (wants_key()) throw Rejected{event.mark, std::string(Document::kind_name(kind)) + " cannot be a key"};
    if (open_.size() == kMaxLevels) throw too_deep(event.mark);
    const Size size{.height = 1};
    count(size, event.mark);
    Open opened{.tree = {.document = {.kind = kind}, .size = size}, .anchor = event.anchor, .mark = event.mark};
    position(opened.tree.document, event.mark);
    open_.push_back(std::move(opened));
  }

  void end() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    place(std::move(closed.tree), closed.mark, closed.anchor);
  }

  // Puts a finished value where it belongs: a key or value of the open map, an item of the open list, or a document.
  void place(Subtree&& tree, const YamlMark& mark, const std::string& anchor) {
    if (!anchor.empty()) remember(tree, mark, anchor);
    if (open_.empty()) {
      documents_.push_back(std::move(tree.document));
      return;
    }
    Open& parent = open_.back();
    parent.tree.size.add(tree.size);
    if (wants_key()) return begin_member(parent, tree.document, mark);
    parent.tree.size.height = std::max(parent.tree.size.height, tree.size.height + 1);
    if (parent.tree.document.is_list()) {
      parent.tree.document.items.push_back(std::move(tree.document));
      return;
    }
    parent.has_key = false;
    if (std::exchange(parent.key_is_merge, false)) return add_merge(parent, std::move(tree.document), mark);
    tree.document.key_line = static_cast<std::uint32_t>(parent.key_mark.line + 1);
    parent.tree.document.members.emplace_back(std::move(parent.key), std::move(tree.document));
  }

  // Anchored values are copied, so they count a second time: nested anchors must not multiply a large value.
  void remember(const Subtree& tree, const YamlMark& mark, const std::string& anchor) {
    anchored_.add(tree.size);
    require_within(anchored_, mark, " below anchors");
    anchors_.insert_or_assign(anchor, tree);
  }

  static void begin_member(Open& map, const Document& key, const YamlMark& mark) {
    map.key = key_text(key, mark);
    map.key_mark = mark;
    map.has_key = true;
    if (map.keys.repeats(map.tree.document, map.key)) throw duplicate(map, mark);
  }

  static Rejected duplicate(const Open& map, const YamlMark& mark) {
    const Document* first = map.tree.document.find(map.key);
    const std::string line = first == nullptr ? "" : ", first on line " + std::to_string(first->key_line);
    return {mark, "duplicate key " + quote(map.key) + line};
  }

  void begin_merge(const YamlMark& mark) {
    Open& map = open_.back();
    if (map.merged) throw Rejected{mark, "duplicate key '<<'"};
    map.merged = map.has_key = map.key_is_merge = true;
    map.key_mark = mark;
  }

  static void add_merge(Open& map, Document value, const YamlMark& mark) {
    const auto only_maps = [&](const Document& d) {
      if (!d.is_map()) throw Rejected{mark, "'<<' takes a map or a list of maps"};
    };
    if (!value.is_list()) value = Document{.kind = Kind::kList, .items = {std::move(value)}};
    std::ranges::for_each(value.items, only_maps);
    map.merges = std::move(value.items);
  }

  // https://yaml.org/type/merge.html: the map's own keys win, then the earlier of the merged maps.
  static void apply_merges(Open& map) {
    if (map.merges.empty()) return;
    auto& members = map.tree.document.members;
    std::unordered_set<std::string> keys;
    for (const auto& member : members) keys.insert(member.first);
    for (Document& merge : map.merges) {
      for (auto& member : merge.members) {
        if (keys.insert(member.first).second) members.push_back(std::move(member));
      }
    }
  }

  std::vector<Document> documents_{};
  std::vector<Open> open_{};
  std::map<std::string, Subtree, std::less<>> anchors_{};
  Size taken_{.values = 0};
  Size anchored_{.values = 0};
};

}  // namespace

Result<std::vector<Document>> parse_yaml(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return failure(placed({}, "a text of more than " + std::to_string(kMaxTextBytes >> 20U) + " MiB"));
  }
  if (auto checked = check_yaml_text(text); !checked) return Failure(checked.error());
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  try {
    Builder builder;
    YamlEvents events(text);
    while (true) {
      const auto event = events.next();
      if (!event) return Failure(event.error());
      if (event->kind == YamlEvent::Kind::kStreamEnd) return builder.take();
      builder.on(*event);
    }
  } catch (const Rejected& rejected) {
    return failure(placed(rejected.mark, rejected.cause));
  } catch (const std::exception& e) {
    return failure(std::string("YAML: ") + e.what());
  }
}

}  // namespace sextant
