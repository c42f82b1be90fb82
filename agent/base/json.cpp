// parse_json: Boost.JSON's events, built straight into a Document. Also the one place that compiles Boost.JSON, which
// is used without its library.
#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>

#include "agent/base/document.h"
#include "agent/base/key_check.h"
#include "agent/base/text.h"

namespace sextant {
namespace {

using Kind = Document::Kind;
using boost::system::error_code;

constexpr std::size_t kMaxDepth = 100;

struct Open {
  Document document{};
  std::string key{};
  KeyCheck keys{};
};

// The handler that boost::json::basic_parser asks for.
class Builder {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return begin(Kind::kMap); }
  bool on_object_end(std::size_t, error_code&) { return end(); }
  bool on_array_begin(error_code&) { return begin(Kind::kList); }
  bool on_array_end(std::size_t, error_code&) { return end(); }

  bool on_key_part(boost::json::string_view part, std::size_t, error_code&) { return append(part); }
  bool on_key(boost::json::string_view part, std::size_t, error_code& ec) {
    append(part);
    open_.back().key = std::exchange(part_, {});
    Open& map = open_.back();
    if (!map.keys.repeats(map.document, map.key)) return true;
    cause = "duplicate key " + quote(map.key);
    ec = boost::json::error::syntax;
    return false;
  }
  bool on_string_part(boost::json::string_view part, std::size_t, error_code&) { return append(part); }
  bool on_string(boost::json::string_view part, std::size_t, error_code&) {
    append(part);
    return place({.kind = Kind::kString, .text = std::exchange(part_, {})});
  }

  bool on_number_part(boost::json::string_view part, error_code&) { return append(part); }
  bool on_int64(std::int64_t value, boost::json::string_view part, error_code&) {
    append(part);
    return place({.kind = Kind::kInteger, .integer = value, .text = std::exchange(part_, {})});
  }
  bool on_uint64(std::uint64_t value, boost::json::string_view part, error_code& ec) {
    return on_double(static_cast<double>(value), part, ec);
  }
  bool on_double(double value, boost::json::string_view part, error_code&) {
    append(part);
    return place({.kind = Kind::kDouble, .real = value, .text = std::exchange(part_, {})});
  }
  bool on_bool(bool value, error_code&) { return place({.kind = Kind::kBool, .boolean = value}); }
  bool on_null(error_code&) { return place({}); }
  bool on_comment_part(boost::json::string_view, error_code&) { return true; }
  bool on_comment(boost::json::string_view, error_code&) { return true; }

  Document result{};
  std::string cause{};  // of an error that is not Boost.JSON's own

 private:
  bool append(boost::json::string_view part) {
    part_.append(part.data(), part.size());
    return true;
  }

  bool begin(Kind kind) {
    open_.push_back({.document = {.kind = kind}});
    return true;
  }

  bool end() {
    Document closed = std::move(open_.back().document);
    open_.pop_back();
    return place(std::move(closed));
  }

  bool place(Document&& value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (Open& parent = open_.back(); parent.document.is_list()) {
      parent.document.items.push_back(std::move(value));
    } else {
      parent.document.members.emplace_back(std::move(parent.key), std::move(value));
    }
    return true;
  }

  std::vector<Open> open_{};
  std::string part_{};
};

// Boost.JSON tells how many bytes it has read; people want a line.
std::string place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto column = before.size() - (before.rfind('\n') + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
}

std::string cause_of(const error_code& ec) {
  if (ec == boost::json::error::too_deep) return "more than " + std::to_string(kMaxDepth) + " levels";
  return ec.message();
}

}  // namespace

Result<Document> parse_json(std::string_view text) {
  try {
    boost::json::parse_options options;
    options.max_depth = kMaxDepth;
    boost::json::basic_parser<Builder> parser(options);
    error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    Builder& builder = parser.handler();
    if (ec) return failure(place_of(text, read) + (builder.cause.empty() ? cause_of(ec) : builder.cause));
    // write_some stops behind the first value.
    const std::size_t extra = text.find_first_not_of(" \t\r\n", read);
    if (extra != std::string_view::npos) return failure(place_of(text, extra) + "more than one JSON value");
    return std::move(builder.result);
  } catch (const std::exception& e) {
    return failure(std::string("JSON: ") + e.what());
  }
}

}  // namespace sextant
