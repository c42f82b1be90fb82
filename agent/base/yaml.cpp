// parse_yaml: yaml-cpp's events, built straight into Documents. No node tree of yaml-cpp's is made: it has no positions
// of keys, keeps duplicates, and expands aliases without bound.
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <exception>
#include <map>
#include <optional>
#include <spanstream>
#include <string>
#include <unordered_set>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "agent/base/document.h"
#include "agent/base/key_check.h"
#include "agent/base/text.h"
#include "agent/base/yaml_scalar.h"
#include "agent/base/yaml_text.h"

namespace sextant {
namespace {

using Kind = Document::Kind;

constexpr std::size_t kMaxDepth = 100;
constexpr std::size_t kMaxNodes = 1'000'000;

// Leaves yaml-cpp's parser, and is caught in parse_yaml.
struct Rejected {
  YAML::Mark mark{};
  std::string cause{};
};

std::string placed(const YAML::Mark& mark, std::string_view cause) {
  return "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1) + ": " +
         std::string(cause);
}

struct Subtree {
  Document document{};
  std::size_t nodes = 1;
  std::size_t height = 0;  // levels of lists and maps
};

// A list or map that has begun and not ended.
struct Open {
  Subtree tree{};
  YAML::anchor_t anchor = 0;
  YAML::Mark mark{};
  bool block = false;  // not in braces or brackets
  bool has_key = false;
  bool key_is_merge = false;
  bool merged = false;  // a "<<" was seen
  std::string key{};
  YAML::Mark key_mark{};
  KeyCheck keys{};
  std::vector<Document> merges{};  // maps that "<<" names, the strongest first
};

// Of brackets that are never closed yaml-cpp makes a key, too.
Rejected not_a_key(Kind kind, const YAML::Mark& mark) {
  const std::string_view hint =
      kind == Kind::kList ? ", or a ']' is missing" : (kind == Kind::kMap ? ", or a '}' is missing" : "");
  return {mark, std::string(Document::kind_name(kind)) + " cannot be a key" + std::string(hint)};
}

std::string key_text(const Document& key, const YAML::Mark& mark) {
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
  throw not_a_key(key.kind, mark);
}

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(std::string_view text) : text_(text), lines_(text) {}

  std::vector<Document> finish() {
    // yaml-cpp takes the end of the text for the end of a quote.
    if (last_scalar_ && !quote_ends(text_.substr(static_cast<std::size_t>(last_scalar_->pos)))) {
      throw Rejected{*last_scalar_, "the quoted string that begins here does not end"};
    }
    return std::move(documents_);
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    anchors_.clear();
    // yaml-cpp takes what is left over behind a document for the next one.
    if (!documents_.empty() && !lines_.begins_document(static_cast<std::size_t>(mark.line))) {
      throw Rejected{mark, "the document has ended before this; the next one begins with '---'"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_lone_key(mark);
    refuse_empty_item(mark);
    place(scalar({}, mark), mark, anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    last_scalar_ = mark;
    const bool plain = tag == "?" || tag.empty();
    if (plain && value == "<<" && wants_key()) return begin_merge(mark);
    auto document = plain ? resolve_plain(value) : resolve_tagged(tag, value);
    if (!document) throw Rejected{mark, document.error().what};
    refuse_value_below_key(mark);
    place(scalar(*std::move(document), mark), mark, anchor);
  }

  // Any character but blanks and brackets is YAML 1.2, but "&db'x'" is a slip and no name. libyaml's names:
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    const auto in_name = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
    if (!std::ranges::all_of(name, in_name)) throw Rejected{mark, quote(name) + " is no name of an anchor"};
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Rejected{mark, "an alias inside what it stands for"};
    refuse_value_below_key(mark);
    count(found->second.nodes, mark);
    if (open_.size() + found->second.height > kMaxDepth) throw too_deep(mark);
    place(Subtree(found->second), mark, 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    // Items of a block list may stand below their key.
    if (style != YAML::EmitterStyle::Block) refuse_value_below_key(mark);
    begin(Kind::kList, "tag:yaml.org,2002:seq", mark, tag, anchor);
    open_.back().block = style == YAML::EmitterStyle::Block;
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    refuse_value_below_key(mark);
    begin(Kind::kMap, "tag:yaml.org,2002:map", mark, tag, anchor);
    open_.back().block = style == YAML::EmitterStyle::Block;
  }
  void OnMapEnd() override {
    apply_merges(open_.back());
    end();
  }

 private:
  static Rejected too_deep(const YAML::Mark& mark) {
    return {mark, "more than " + std::to_string(kMaxDepth) + " levels"};
  }

  void count(std::size_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) {
      throw Rejected{mark, "more than " + std::to_string(kMaxNodes) + " values, those that aliases repeat included"};
    }
  }

  Subtree scalar(Document document, const YAML::Mark& mark) {
    count(1, mark);
    position(document, mark);
    return {.document = std::move(document)};
  }

  static void position(Document& document, const YAML::Mark& mark) {
    document.line = static_cast<std::uint32_t>(mark.line + 1);
    document.column = static_cast<std::uint32_t>(mark.column + 1);
  }

  bool wants_key() const { return !open_.empty() && open_.back().tree.document.is_map() && !open_.back().has_key; }

  void begin(Kind kind, std::string_view own_tag, const YAML::Mark& mark, const std::string& tag,
             YAML::anchor_t anchor) {
    if (tag != "?" && tag != "!" && !tag.empty() && tag != own_tag) {
      throw Rejected{
          mark, "tag " + quote(tag) + " is none of YAML's core schema for " + std::string(Document::kind_name(kind))};
    }
    if (wants_key()) throw not_a_key(kind, mark);
    if (open_.size() == kMaxDepth) throw too_deep(mark);
    count(1, mark);
    Open opened{.tree = {.document = {.kind = kind}, .height = 1}, .anchor = anchor, .mark = mark};
    position(opened.tree.document, mark);
    open_.push_back(std::move(opened));
  }

  void end() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    place(std::move(closed.tree), closed.mark, closed.anchor);
  }

  // The last line of a block map may be a word without a colon, as in a file that was cut off: yaml-cpp makes it a key
  // whose null value stands where the key does. ("? word" stands behind its question mark, and "{word}" is YAML.)
  void refuse_lone_key(const YAML::Mark& mark) const {
    if (open_.empty() || !open_.back().has_key || !open_.back().block) return;
    const Open& map = open_.back();
    if (mark.pos == map.key_mark.pos) throw Rejected{mark, quote(map.key) + " is neither 'key: value' nor a list item"};
  }

  // "[a, , b]": yaml-cpp makes it a null.
  void refuse_empty_item(const YAML::Mark& mark) const {
    if (open_.empty() || open_.back().block || !open_.back().tree.document.is_list()) return;
    const char c = at(mark);
    if (c == ',' || c == ']') throw Rejected{mark, "an empty item in a list"};
  }

  // A value on a line of its own must be indented deeper than the key that it belongs to.
  void refuse_value_below_key(const YAML::Mark& mark) const {
    if (open_.empty() || !open_.back().has_key || !open_.back().block) return;
    const Open& map = open_.back();
    if (mark.line > map.key_mark.line && mark.column <= map.mark.column) {
      throw Rejected{mark, "neither 'key: value' nor a list item"};
    }
  }

  char at(const YAML::Mark& mark) const {
    const auto offset = static_cast<std::size_t>(mark.pos);
    return offset < text_.size() ? text_[offset] : '\0';
  }

  // Puts a finished value where it belongs: a key or value of the open map, an item of the open list, or a document.
  void place(Subtree&& tree, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) remember(tree, mark, anchor);
    if (open_.empty()) {
      documents_.push_back(std::move(tree.document));
      return;
    }
    Open& parent = open_.back();
    if (wants_key()) return begin_member(parent, tree.document, mark);
    parent.tree.nodes += tree.nodes;
    parent.tree.height = std::max(parent.tree.height, tree.height + 1);
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
  void remember(const Subtree& tree, const YAML::Mark& mark, YAML::anchor_t anchor) {
    anchored_nodes_ += tree.nodes;
    if (anchored_nodes_ > kMaxNodes) {
      throw Rejected{mark, "more than " + std::to_string(kMaxNodes) + " values below anchors"};
    }
    anchors_.insert_or_assign(anchor, tree);
  }

  static void begin_member(Open& map, const Document& key, const YAML::Mark& mark) {
    map.key = key_text(key, mark);
    map.key_mark = mark;
    map.has_key = true;
    if (map.keys.repeats(map.tree.document, map.key)) throw Rejected{mark, "duplicate key " + quote(map.key)};
  }

  void begin_merge(const YAML::Mark& mark) {
    Open& map = open_.back();
    if (map.merged) throw Rejected{mark, "duplicate key '<<'"};
    map.merged = map.has_key = map.key_is_merge = true;
    map.key_mark = mark;
  }

  static void add_merge(Open& map, Document value, const YAML::Mark& mark) {
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

  std::string_view text_;
  YamlLines lines_;
  std::optional<YAML::Mark> last_scalar_{};
  std::vector<Document> documents_{};
  std::vector<Open> open_{};
  std::map<YAML::anchor_t, Subtree> anchors_{};
  std::size_t nodes_ = 0;
  std::size_t anchored_nodes_ = 0;
};

}  // namespace

Result<std::vector<Document>> parse_yaml(std::string_view text) {
  if (auto checked = check_yaml_text(text); !checked) return Failure(checked.error());
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  try {
    Builder builder(text);
    std::ispanstream stream(std::span<const char>(text.data(), text.size()));
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.finish();
  } catch (const Rejected& rejected) {
    return failure(placed(rejected.mark, rejected.cause));
  } catch (const YAML::Exception& e) {
    if (e.mark.line < 0) return failure(e.msg);
    return failure(placed(e.mark, in_plain_words(e.msg, text, static_cast<std::size_t>(e.mark.line))));
  } catch (const std::exception& e) {
    return failure(std::string("YAML: ") + e.what());
  }
}

}  // namespace sextant
