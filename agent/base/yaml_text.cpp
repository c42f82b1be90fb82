#include "agent/base/yaml_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "agent/base/text.h"

namespace sextant {
namespace {

std::string hexadecimal(std::uint32_t c) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string digits;
  for (int shift = c > 0xffff ? 20 : 12; shift >= 0; shift -= 4) digits += kDigits[(c >> shift) & 0xfU];
  return "U+" + digits;
}

// yaml-cpp's exceptions.h says what it missed; people want to know what to mend.
struct Words {
  std::string_view yaml_cpp;
  std::string_view plain;
};
constexpr std::array kWords{
    Words{"illegal map value", "a ':' where no value can stand: a second one on the line, or a wrong indentation"},
    Words{"illegal map key", "a key where none can stand: a wrong indentation"},
    Words{"illegal block entry", "a '-' where no list item can stand: a wrong indentation"},
    Words{"end of map not found", "not indented as the keys above it"},
    Words{"end of sequence not found", "not indented as the list items above it"},
    Words{"end of map flow not found", "a ',' or a '}' is missing before this"},
    Words{"end of sequence flow not found", "a ',' or a ']' is missing before this"},
    Words{"unknown token", "a character that cannot begin a value without quotes around it"},
    Words{"illegal EOF in scalar", "the text ends within a quoted string"},
    Words{"illegal document indicator in scalar", "the document ends within a quoted string"},
    Words{"illegal tab when looking for indentation", "a tab in the indentation, which YAML makes of blanks only"},
};

std::string_view line_at(std::string_view text, std::size_t line) {
  for (; line > 0 && !text.empty(); --line) {
    const auto end = text.find('\n');
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool says_something(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  return first != std::string_view::npos && line[first] != '#';
}

Result<> check_last_line(std::string_view text, std::size_t lines) {
  while (!text.empty()) {
    const auto begin = text.find_last_of('\n');
    const std::string_view line = begin == std::string_view::npos ? text : text.substr(begin + 1);
    if (says_something(line)) {
      if (line.front() != '%') return {};
      return failure("line " + std::to_string(lines) + ", column 1: a directive without a document");
    }
    if (begin == std::string_view::npos) return {};
    text = text.substr(0, begin);
    --lines;
  }
  return {};
}

}  // namespace

Result<> check_yaml_text(std::string_view text) {
  std::size_t line = 1;
  std::size_t line_begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte >= 0x20 && byte < 0x7f) {
      ++i;
      continue;
    }
    const auto place = [&] {
      return "line " + std::to_string(line) + ", column " + std::to_string(i - line_begin + 1) + ": ";
    };
    const CodePoint c = decode_utf8(text.substr(i));
    if (c.length == 0) return failure(place() + "not UTF-8");
    if (!is_printable(c.value)) return failure(place() + "the control character " + hexadecimal(c.value));
    i += c.length;
    if (byte == '\n') {
      ++line;
      line_begin = i;
    }
  }
  return check_last_line(text, line);
}

bool quote_ends(std::string_view text) {
  while (!text.empty() && (text.front() == '!' || text.front() == '&' || is_blank(text.front()))) {
    // A tag or an anchor goes to the next blank; yaml-cpp also lets a quote follow "!" at once.
    const bool property = !is_blank(text.front());
    std::size_t end = 1;
    while (property && end < text.size() && !is_blank(text[end]) && text[end] != '"' && text[end] != '\'') ++end;
    text.remove_prefix(end);
  }
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) return true;
  const char mark = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (mark == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == mark) {
      if (mark == '"' || i + 1 == text.size() || text[i + 1] != mark) return true;
      ++i;  // '' within single quotes
    }
  }
  return false;
}

std::string in_plain_words(std::string_view message, std::string_view text, std::size_t line) {
  const std::string_view written = line_at(text, line);
  if (written.substr(0, written.find_first_not_of(" \t")).contains('\t')) {
    return "a tab in the indentation, which YAML makes of blanks only";
  }
  const auto* known = std::ranges::find(kWords, message, &Words::yaml_cpp);
  return std::string(known == kWords.end() ? message : known->plain);
}

bool YamlLines::begins_document(std::size_t line) {
  for (; line_ < line && begin_ != std::string_view::npos; ++line_) {
    const std::size_t end = text_.find('\n', begin_);
    begin_ = end == std::string_view::npos ? end : end + 1;
  }
  if (begin_ >= text_.size()) return true;  // the end of the text: nothing is left over
  const std::string_view rest = text_.substr(begin_);
  constexpr std::string_view kMarker = "---";
  return rest.starts_with(kMarker) &&
         (rest.size() == kMarker.size() || std::string_view(" \t\r\n").contains(rest[kMarker.size()]));
}

}  // namespace sextant
