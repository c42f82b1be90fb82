// parse_json: Boost.JSON's events, built straight into a Document. Also the one place that compiles Boost.JSON, which
// is used without its library.
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>

#include "agent/base/document.h"
#include "agent/base/document_builder.h"
#include "agent/base/document_limits.h"
#include "agent/base/json_number.h"
#include "agent/base/json_place.h"
#include "agent/base/text.h"

namespace sextant {
namespace {

using Kind = Document::Kind;
using boost::system::error_code;

// The handler that boost::json::basic_parser asks for.
class Builder {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& ec) { return begin(Kind::kMap, ec); }
  bool on_object_end(std::size_t, error_code&) { return end(); }
  bool on_array_begin(error_code& ec) { return begin(Kind::kList, ec); }
  bool on_array_end(std::size_t, error_code&) { return end(); }

  bool on_key_part(boost::json::string_view part, std::size_t, error_code&) { return append(part); }
  bool on_key(boost::json::string_view part, std::size_t, error_code& ec) {
    append(part);
    if (built_.key(std::exchange(part_, {}))) return true;
    repeated = built_.last_key();
    return refuse("duplicate key " + quote(*repeated), ec);
  }
  bool on_string_part(boost::json::string_view part, std::size_t, error_code&) { return append(part); }
  bool on_string(boost::json::string_view part, std::size_t, error_code& ec) {
    append(part);
    return scalar({.kind = Kind::kString, .text = std::exchange(part_, {})}, ec);
  }

  bool on_number_part(boost::json::string_view part, error_code&) { return append(part); }
  bool on_int64(std::int64_t value, boost::json::string_view part, error_code& ec) {
    append(part);
    return scalar({.kind = Kind::kInteger, .integer = value, .text = std::exchange(part_, {})}, ec);
  }
  bool on_uint64(std::uint64_t value, boost::json::string_view part, error_code& ec) {
    return on_double(static_cast<double>(value), part, ec);
  }
  bool on_double(double, boost::json::string_view part, error_code& ec) {
    append(part);
    const auto value = json_real(part_);
    if (!value) return refuse(value.error().what, ec);
    return scalar({.kind = Kind::kDouble, .real = *value, .text = std::exchange(part_, {})}, ec);
  }
  bool on_bool(bool value, error_code& ec) { return scalar({.kind = Kind::kBool, .boolean = value}, ec); }
  bool on_null(error_code& ec) { return scalar({}, ec); }
  bool on_comment_part(boost::json::string_view, error_code&) { return true; }
  bool on_comment(boost::json::string_view, error_code&) { return true; }

  Document result() { return built_.take(); }

  std::string cause{};                    // of an error that is not Boost.JSON's own
  std::optional<std::string> repeated{};  // the key that the open map has twice

 private:
  bool refuse(std::string why, error_code& ec) {
    cause = std::move(why);
    ec = boost::json::error::syntax;
    return false;
  }

  bool count(error_code& ec) {
    return ++values_ <= kMaxValues || refuse("more than " + std::to_string(kMaxValues) + " values", ec);
  }

  bool append(boost::json::string_view part) {
    part_.append(part.data(), part.size());
    return true;
  }

  bool begin(Kind kind, error_code& ec) {
    built_.begin(kind);
    return count(ec);
  }
  bool end() {
    built_.place(built_.close());
    return true;
  }
  bool scalar(Document&& value, error_code& ec) {
    built_.place(std::move(value));
    return count(ec);
  }

  DocumentBuilder built_{};
  std::string part_{};
  std::size_t values_ = 0;
};

std::string cause_of(const error_code& ec, const Builder& builder, std::string_view read) {
  if (builder.repeated) {
    const auto first = find_json_key(read, *builder.repeated);
    return builder.cause + (first ? ", first at " + json_place(read, *first) : std::string());
  }
  if (!builder.cause.empty()) return builder.cause;
  if (ec == boost::json::error::too_deep) return "more than " + std::to_string(kMaxLevels) + " levels";
  return ec.message();
}

Failure failed(std::string_view text, std::size_t offset, std::string_view cause) {
  return failure(json_place(text, offset) + ": " + std::string(cause));
}

}  // namespace

Result<Document> parse_json(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return failed(text, 0, "a text of more than " + std::to_string(kMaxTextBytes >> 20U) + " MiB");
  }
  try {
    boost::json::parse_options options;
    options.max_depth = kMaxLevels;
    boost::json::basic_parser<Builder> parser(options);
    error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    Builder& builder = parser.handler();
    if (ec) return failed(text, read, cause_of(ec, builder, text.substr(0, read)));
    // write_some stops behind the first value.
    const std::size_t extra = text.find_first_not_of(" \t\r\n", read);
    if (extra != std::string_view::npos) return failed(text, extra, "more than one JSON value");
    return builder.result();
  } catch (const std::exception& e) {
    return failure(std::string("JSON: ") + e.what());
  }
}

}  // namespace sextant
