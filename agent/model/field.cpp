#include "agent/model/field.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "agent/base/text.h"

namespace sextant {
namespace {

using Kind = Document::Kind;

std::string path_of(const std::string& parent, std::string_view key) {
  const bool plain =
      !key.empty() && std::ranges::all_of(key, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  if (!plain) return parent + "[" + quote(key) + "]";
  return parent.empty() ? std::string(key) : parent + "." + std::string(key);
}

}  // namespace

void Field::fail(std::string_view cause) const {
  if (error_->has_value()) return;
  std::string what = path_.empty() ? std::string(cause) : path_ + ": " + std::string(cause);
  if (line_ != 0) what += " (line " + std::to_string(line_) + ")";
  *error_ = Error{.what = std::move(what)};
}

bool Field::is(Kind kind) const {
  if (!present() || error_->has_value()) return false;
  if (value_->kind == kind) return true;
  fail(std::string(Document::kind_name(kind)) + " is wanted, not " + std::string(Document::kind_name(value_->kind)));
  return false;
}

Field Field::child(const Document* value, std::string path) const {
  const bool placed = value != nullptr && value->line != 0;
  return Field(value, std::move(path), placed ? value->line : line_, error_);
}

Field Field::operator[](std::string_view key) const {
  return child(is(Kind::kMap) ? value_->get(key) : nullptr, path_of(path_, key));
}

std::string Field::string() const { return is(Kind::kString) ? value_->text : std::string(); }

bool Field::boolean() const { return is(Kind::kBool) && value_->boolean; }

std::int64_t Field::integer(std::int64_t least, std::int64_t most) const {
  if (!is(Kind::kInteger)) return 0;
  if (value_->integer >= least && value_->integer <= most) return value_->integer;
  fail(std::to_string(value_->integer) + " is not from " + std::to_string(least) + " to " + std::to_string(most));
  return 0;
}

std::uint16_t Field::port() const { return static_cast<std::uint16_t>(integer(0, 65'535)); }

std::vector<Field> Field::items() const {
  std::vector<Field> fields;
  if (!is(Kind::kList)) return fields;
  fields.reserve(value_->items.size());
  for (std::size_t i = 0; i < value_->items.size(); ++i) {
    fields.push_back(child(&value_->items[i], path_ + "[" + std::to_string(i) + "]"));
  }
  return fields;
}

std::vector<std::string> Field::strings() const {
  std::vector<std::string> texts;
  for (const Field& item : items()) texts.push_back(item.string());
  return texts;
}

Labels Field::labels() const {
  if (!is(Kind::kMap)) return {};
  std::vector<Labels::value_type> labels;
  labels.reserve(value_->members.size());
  for (const auto& [key, value] : value_->members) {
    labels.emplace_back(key, child(&value, path_of(path_, key)).string());
  }
  return Labels(std::move(labels));
}

std::optional<IpAddress> Field::address() const {
  const std::string text = string();
  if (text.empty()) return std::nullopt;
  auto parsed = IpAddress::parse(text);
  if (parsed) return *parsed;
  fail(parsed.error().what);
  return std::nullopt;
}

std::vector<IpAddress> Field::addresses() const {
  std::vector<IpAddress> found;
  for (const Field& item : items()) {
    if (const auto a = item.address()) found.push_back(*a);
  }
  return found;
}

std::vector<Prefix> Field::prefixes() const {
  std::vector<Prefix> found;
  for (const Field& item : items()) {
    auto parsed = Prefix::parse(item.string());
    if (parsed) {
      found.push_back(*parsed);
    } else {
      item.fail(parsed.error().what);
    }
  }
  return found;
}

Protocol Field::protocol() const {
  const std::string name = string();
  if (name.empty() || name == "TCP") return Protocol::kTcp;
  if (name == "UDP") return Protocol::kUdp;
  if (name == "SCTP") return Protocol::kSctp;
  fail(quote(name) + " is none of TCP, UDP and SCTP");
  return Protocol::kTcp;
}

std::string Field::string_or_number() const {
  if (!present() || value_->is_string()) return string();
  return value_->kind == Kind::kInteger ? std::to_string(integer(0, 65'535)) : string();
}

}  // namespace sextant
