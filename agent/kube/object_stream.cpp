#include "agent/kube/object_stream.h"

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

#include "agent/base/document_builder.h"
#include "agent/base/document_limits.h"
#include "agent/base/json_number.h"
#include "agent/base/text.h"

namespace sextant::kube {
namespace {

using Kind = Document::Kind;
using boost::system::error_code;
using View = boost::json::string_view;

constexpr std::string_view kBlank = " \t\r\n";

}  // namespace

// What boost::json::basic_parser calls.
class ObjectStream::Handler {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  Handler(FieldTree root, Sink item, Sink document)
      : root_(std::move(root)), item_(std::move(item)), document_(std::move(document)) {}

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return begin(Kind::kMap); }
  bool on_object_end(std::size_t, error_code& ec) { return end(ec); }
  bool on_array_begin(error_code&) { return begin(Kind::kList); }
  bool on_array_end(std::size_t, error_code& ec) { return end(ec); }

  bool on_key_part(View part, std::size_t, error_code&) {
    if (skipped_ == 0) append(part);
    return true;
  }
  bool on_key(View part, std::size_t, error_code& ec) {
    if (skipped_ > 0) return true;
    append(part);
    member_ = levels_.back().tree->member(part_);
    if (member_ == nullptr) {
      part_.clear();
      return true;
    }
    if (built_.key(std::exchange(part_, {}))) return true;
    return refuse("duplicate key " + quote(built_.last_key()), ec);
  }

  bool on_string_part(View part, std::size_t, error_code&) { return scalar_part(part); }
  bool on_string(View part, std::size_t, error_code& ec) { return scalar({.kind = Kind::kString}, part, ec); }
  bool on_number_part(View part, error_code&) { return scalar_part(part); }
  bool on_int64(std::int64_t value, View part, error_code& ec) {
    return scalar({.kind = Kind::kInteger, .integer = value}, part, ec);
  }
  bool on_uint64(std::uint64_t value, View part, error_code& ec) {
    return on_double(static_cast<double>(value), part, ec);
  }
  bool on_double(double, View part, error_code& ec) {
    if (wanted() == nullptr) return true;
    append(part);
    const auto value = json_real(part_);
    return value ? scalar({.kind = Kind::kDouble, .real = *value}, {}, ec) : refuse(value.error().what, ec);
  }
  bool on_bool(bool value, error_code& ec) { return scalar({.kind = Kind::kBool, .boolean = value}, {}, ec); }
  bool on_null(error_code& ec) { return scalar({}, {}, ec); }
  bool on_comment_part(View, error_code&) { return true; }
  bool on_comment(View, error_code&) { return true; }

  bool is_within() const { return !levels_.empty() || skipped_ > 0; }
  std::size_t objects() const { return objects_; }

  std::string cause{};  // of an error that is not Boost.JSON's own

 private:
  struct Level {
    const FieldTree* tree = nullptr;
    bool is_list = false;
    bool is_items = false;  // its elements are told one by one
  };

  void append(View part) { part_.append(part.data(), part.size()); }

  // Of the value that comes next; nullptr: it is dropped.
  const FieldTree* wanted() const {
    if (skipped_ > 0) return nullptr;
    if (levels_.empty()) return &root_;
    return levels_.back().is_list ? levels_.back().tree : member_;
  }

  bool scalar_part(View part) {
    if (wanted() != nullptr) append(part);
    return true;
  }

  bool refuse(std::string why, error_code& ec) {
    cause = std::move(why);
    ec = boost::json::error::syntax;
    return false;
  }

  bool scalar(Document value, View part, error_code& ec) {
    if (wanted() == nullptr) return true;
    append(part);
    value.text = std::exchange(part_, {});
    return place(std::move(value), ec);
  }

  bool begin(Kind kind) {
    const FieldTree* tree = wanted();
    if (tree == nullptr) {
      ++skipped_;
      return true;
    }
    const bool is_list = kind == Kind::kList;
    const bool is_items = is_list && levels_.size() == 1 && built_.last_key() == "items";
    levels_.push_back({.tree = tree, .is_list = is_list, .is_items = is_items});
    built_.begin(kind);
    return true;
  }

  bool end(error_code& ec) {
    if (skipped_ > 0) {
      --skipped_;
      return true;
    }
    levels_.pop_back();
    return place(built_.close(), ec);
  }

  bool place(Document&& value, error_code& ec) {
    if (++values_ > kMaxObjectValues)
      return refuse("an object of more than " + std::to_string(kMaxObjectValues) + " values", ec);
    const bool whole = levels_.empty();
    const bool item = !whole && levels_.back().is_items;
    if (!whole && !item) {
      built_.place(std::move(value));
      return true;
    }
    ++objects_;
    values_ = 0;
    const Sink& sink = item ? item_ : document_;
    if (sink) sink(std::move(value));
    return true;
  }

  FieldTree root_;
  Sink item_;
  Sink document_;
  DocumentBuilder built_{};
  std::vector<Level> levels_{};        // what is open and kept
  const FieldTree* member_ = nullptr;  // of the last key
  std::size_t skipped_ = 0;            // levels that are open inside of what is dropped
  std::size_t objects_ = 0;            // told so far
  std::size_t values_ = 0;             // kept of the object at hand
  std::string part_{};
};

struct ObjectStream::Parser {
  Parser(FieldTree root, Sink item, Sink document)
      : json(options(), std::move(root), std::move(item), std::move(document)) {}

  static boost::json::parse_options options() {
    boost::json::parse_options options;
    options.max_depth = kMaxLevels;
    return options;
  }

  // One JSON value, or as much of it as there is; the number of bytes read.
  Result<std::size_t> read(std::string_view text) {
    error_code ec;
    const std::size_t told = json.handler().objects();
    const std::size_t size = json.write_some(true, text.data(), text.size(), ec);
    const std::string& cause = json.handler().cause;
    if (ec) return failure("JSON: " + (cause.empty() ? ec.message() : cause));
    bytes = told == json.handler().objects() ? bytes + size : 0;
    if (bytes > kMaxObjectBytes) return failure("JSON: an object is larger than 8 MiB");
    return size;
  }

  boost::json::basic_parser<Handler> json;
  std::size_t bytes = 0;  // since an object was told
};

ObjectStream::ObjectStream(FieldTree root, Sink item, Sink document)
    : parser_(std::make_unique<Parser>(std::move(root), std::move(item), std::move(document))) {}
ObjectStream::~ObjectStream() = default;

Result<> ObjectStream::feed(std::string_view piece) {
  try {
    while (!piece.empty()) {
      if (!parser_->json.handler().is_within()) {
        const auto begin = piece.find_first_not_of(kBlank);
        if (begin == std::string_view::npos) return {};
        piece.remove_prefix(begin);
        if (parser_->json.done()) parser_->json.reset();
      }
      auto size = parser_->read(piece);
      if (!size) return Failure(size.error());
      piece.remove_prefix(*size);
    }
  } catch (const std::exception& e) {
    return failure(std::string("JSON: ") + e.what());
  }
  return {};
}

Result<> ObjectStream::finish() const {
  if (parser_->json.handler().is_within()) return failure("JSON: the answer ends within an object");
  return {};
}

}  // namespace sextant::kube
