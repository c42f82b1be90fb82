// JSON values as block YAML. Written by hand: a value of ours needs few of YAML's forms, and each must read back as
// itself.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "agent/report/ascii.h"
#include "agent/report/json.h"

namespace sextant::report {
namespace {

namespace json = boost::json;

bool is_plain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == '/' || c == ' ' || c == '(' || c == ')' || c == '+' || c == '=';
}

// Words that one reader of YAML or another takes for a boolean or null (1.1's yes, no, on, off too).
bool is_reserved_word(std::string_view text) {
  static constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  return std::ranges::any_of(kWords, [text](std::string_view word) { return same_word(text, word); });
}

// Plain only where no reader can mistake it: starts with a letter and holds nothing that YAML gives a meaning.
bool is_plain(std::string_view text) {
  if (text.empty() || text.back() == ' ' || is_reserved_word(text)) return false;
  const bool letter = (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z');
  return letter && std::ranges::all_of(text, is_plain_character);
}

// A literal block keeps lines as they are: for the fix, which is YAML itself.
bool is_block_text(std::string_view text) {
  return text.size() > 1 && text.back() == '\n' && text[text.size() - 2] != '\n' && text[0] != ' ' && text[0] != '\n' &&
         std::ranges::all_of(text, [](unsigned char c) { return c == '\n' || (c >= 0x20 && c != 0x7f && c < 0x80); });
}

void print_block_text(std::string_view text, std::size_t indent, std::string& out) {
  out += " |\n";
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end > 0) out += std::string(indent, ' ') + std::string(text.substr(0, end));
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

// JSON's strings are YAML's, but for characters that JSON takes as they are and YAML does not (1.2, 5.1: DEL, C1,
// U+FFFE and U+FFFF).
std::string quoted(std::string_view text) {
  const std::string json = json::serialize(json::string(text));
  std::string out;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = std::string_view(json).substr(i);
    if (rest[0] == '\x7f') {
      out += "\\u007f";
    } else if (rest.size() > 1 && rest[0] == '\xc2' && static_cast<unsigned char>(rest[1]) < 0xa0) {
      static constexpr std::string_view kDigits = "0123456789abcdef";
      const auto code = static_cast<unsigned char>(rest[1]);
      out += std::string("\\u00") + kDigits[code >> 4U] + kDigits[code & 15U];
      i += 1;
    } else if (rest.starts_with("\xef\xbf\xbe") || rest.starts_with("\xef\xbf\xbf")) {
      out += rest[2] == '\xbe' ? "\\ufffe" : "\\uffff";
      i += 2;
    } else {
      out += rest[0];
    }
  }
  return out;
}

std::string scalar(const json::value& value) {
  if (const json::string* text = value.if_string()) return is_plain(*text) ? std::string(*text) : quoted(*text);
  return json::serialize(value);  // JSON's other scalars, [] and {} are YAML's too
}

bool is_container(const json::value& value) {
  return (value.is_object() && !value.get_object().empty()) || (value.is_array() && !value.get_array().empty());
}

void print(const json::value& value, std::size_t indent, std::string& out);

void print_object(const json::object& object, std::size_t indent, bool first_in_place, std::string& out) {
  for (const auto& [key, member] : object) {
    if (!std::exchange(first_in_place, false)) out += std::string(indent, ' ');
    out += (is_plain(key) ? std::string(key) : quoted(key)) + ':';
    if (is_container(member)) {
      out += '\n';
      print(member, member.is_array() ? indent : indent + 2, out);
    } else if (member.is_string() && is_block_text(member.get_string())) {
      print_block_text(member.get_string(), indent + 2, out);
    } else {
      out += ' ' + scalar(member) + '\n';
    }
  }
}

void print(const json::value& value, std::size_t indent, std::string& out) {
  if (value.is_object() && is_container(value)) return print_object(value.get_object(), indent, false, out);
  if (value.is_array() && is_container(value)) {
    for (const json::value& item : value.get_array()) {
      out += std::string(indent, ' ') + '-';
      if (item.is_object() && is_container(item)) {
        out += ' ';
        print_object(item.get_object(), indent + 2, true, out);
      } else if (is_container(item)) {
        out += '\n';
        print(item, indent + 2, out);
      } else {
        out += ' ' + scalar(item) + '\n';
      }
    }
    return;
  }
  out += std::string(indent, ' ') + scalar(value) + '\n';
}

}  // namespace

std::string to_yaml(const json::value& value) {
  std::string out;
  print(value, 0, out);
  return out;
}

}  // namespace sextant::report
