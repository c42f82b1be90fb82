#include "agent/app/cli/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sextant::app::cli {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kReplacementText = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "…";

struct CodePoint {
  char32_t value = kReplacement;
  std::size_t bytes = 1;
  bool valid = false;
};

// The first code point of `text`, which is not empty. Overlong forms, surrogates and cut sequences are not valid.
CodePoint first_code_point(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  if (lead < 0x80) return {.value = lead, .bytes = 1, .valid = true};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  char32_t value = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<std::uint8_t>(text[i]);
    if ((next & 0xC0U) != 0x80U) return {};
    value = (value << 6U) | (next & 0x3FU);
  }
  const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {};
  return {.value = value, .bytes = bytes, .valid = true};
}

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t value) {
  return std::ranges::any_of(ranges, [value](Range r) { return value >= r.first && value <= r.last; });
}

// The blocks of Unicode's EastAsianWidth.txt that are W or F, and of its general categories Mn, Me and Cf; by block,
// not by character: enough to line up columns.
constexpr std::array kWide{
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},   Range{0xA960, 0xA97C},
    Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},
    Range{0xFFE0, 0xFFE6},   Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1F9FF},
    Range{0x20000, 0x3FFFD},
};
constexpr std::array kNoWidth{
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x0610, 0x061A},
    Range{0x064B, 0x065F}, Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF}, Range{0x200B, 0x200D},
    Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}, Range{0xE0100, 0xE01EF},
};
// C0, DEL and C1, and the marks that reorder or hide what stands beside them (Unicode's bidirectional controls, line
// and paragraph separators, tags).
constexpr std::array kSteering{
    Range{0x00, 0x1F},     Range{0x7F, 0x9F},     Range{0x061C, 0x061C}, Range{0x200E, 0x200F},   Range{0x2028, 0x202E},
    Range{0x2060, 0x206F}, Range{0xFEFF, 0xFEFF}, Range{0xFFF9, 0xFFFB}, Range{0xE0000, 0xE007F},
};

std::size_t cells_of(char32_t value) {
  if (value < 0x300) return 1;
  if (within(kNoWidth, value)) return 0;
  return within(kWide, value) ? 2 : 1;
}

// How many bytes of `text` fit into `cells`.
std::size_t bytes_within(std::string_view text, std::size_t cells) {
  std::size_t at = 0;
  std::size_t used = 0;
  while (at < text.size()) {
    const CodePoint point = first_code_point(text.substr(at));
    used += cells_of(point.value);
    if (used > cells) break;
    at += point.bytes;
  }
  return at;
}

// Where a line that has room for `end` bytes of `text` ends, and where the next begins.
struct Break {
  std::size_t end = 0;
  std::size_t next = 0;
};
Break line_break(std::string_view text, std::size_t end) {
  if (text[end] == ' ') return {.end = end, .next = end};
  const auto space = text.rfind(' ', end);
  if (space != std::string_view::npos && space > 0) return {.end = space, .next = space};
  const auto joint = text.substr(0, end).find_last_of("-/:,.");
  if (joint != std::string_view::npos && joint >= end / 4) end = joint + 1;
  return {.end = end, .next = end};
}

std::string_view without_trailing_spaces(std::string_view text) {
  const auto last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace

std::size_t width(std::string_view utf8) {
  std::size_t cells = 0;
  while (!utf8.empty()) {
    const CodePoint point = first_code_point(utf8);
    cells += cells_of(point.value);
    utf8.remove_prefix(point.bytes);
  }
  return cells;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.value == '\n' || point.value == '\t' || point.value == '\r') {
      out += ' ';
    } else if (!point.valid || within(kSteering, point.value)) {
      out += kReplacementText;
    } else {
      out += text.substr(0, point.bytes);
    }
    text.remove_prefix(point.bytes);
  }
  return out;
}

std::vector<std::string> printable_lines(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.emplace_back(without_trailing_spaces(printable(line)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string elide(std::string_view text, std::size_t cells) {
  if (width(text) <= cells) return std::string(text);
  if (cells == 0) return {};
  const auto kept = without_trailing_spaces(text.substr(0, bytes_within(text, cells - 1)));
  return std::string(kept) + std::string(kEllipsis);
}

std::vector<std::string> wrap(std::string_view text, std::size_t cells) {
  cells = std::max<std::size_t>(cells, 1);
  std::vector<std::string> lines;
  text = without_trailing_spaces(text);
  while (width(text) > cells) {
    std::size_t end = bytes_within(text, cells);
    if (end == 0) end = first_code_point(text).bytes;  // a character of two cells in a line of one
    const Break at = line_break(text, end);
    lines.emplace_back(without_trailing_spaces(text.substr(0, at.end)));
    text.remove_prefix(std::min(text.find_first_not_of(' ', at.next), text.size()));
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const auto& part : parts) {
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string counted(std::size_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

}  // namespace sextant::app::cli
