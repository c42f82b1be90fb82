#include "agent/policy/go_regex.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

namespace sextant::policy {
namespace {

constexpr int kMostRepeats = 1000;  // regexp/syntax: of one {n,m}, and of nested ones multiplied
constexpr int kDeepest = 1000;      // regexp/syntax: maxHeight

constexpr std::array<std::string_view, 14> kPosixClasses{"alnum", "alpha", "ascii", "blank", "cntrl",
                                                         "digit", "graph", "lower", "print", "punct",
                                                         "space", "upper", "word",  "xdigit"};
// General categories of Unicode. Scripts are taken by their shape: a capital, then letters and underscores.
constexpr std::array<std::string_view, 38> kCategories{
    "Any", "C", "Cc", "Cf", "Co", "Cs", "L",  "Ll", "Lm", "Lo", "Lt", "Lu", "M",  "Mc", "Me", "Mn", "N",  "Nd", "Nl",
    "No",  "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S",  "Sc", "Sk", "Sm", "So", "Z",  "Zl", "Zp", "Zs", "Cn"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

class Parser {
 public:
  explicit Parser(std::string_view pattern) : rest_(pattern) {}

  std::optional<std::string> run() {
    alternatives(0, 1);
    if (!error_ && !rest_.empty()) error_ = "unexpected ): `" + std::string(rest_) + "`";
    return error_;
  }

 private:
  struct Atom {
    bool present = false;  // what only sets flags, or quotes nothing, is no atom
    int repeats = 1;       // of the counted repetitions inside, multiplied
  };

  bool at(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  void fail(std::string text) {
    if (!error_) error_ = std::move(text);
  }

  // Up to the end or a ')' that closes a group. Returns the greatest product of counted repetitions.
  int alternatives(int depth, int outer) {
    if (depth >= kDeepest) fail("expression nests too deeply");
    int most = outer;
    Atom last;
    while (!error_ && !rest_.empty()) {
      if (at(')')) {
        if (depth == 0) fail("unexpected ): `" + std::string(rest_) + "`");
        return std::max(most, last.repeats);
      }
      if (take("|")) {
        most = std::max(most, last.repeats);
        last = {};
        repeated_ = false;
        continue;
      }
      if (at('*') || at('+') || at('?') || starts_count()) {
        repeat(last);
        repeated_ = true;
      } else {
        if (const Atom next = atom(depth); next.present) {
          most = std::max(most, last.repeats);
          last = next;
        }
        repeated_ = false;
      }
    }
    return std::max(most, last.repeats);
  }

  bool starts_count() const {
    std::string_view text = rest_;
    return take_count(text).has_value();
  }

  struct Count {
    int least = 0;
    int most = 0;  // -1: no limit
  };
  static std::optional<int> take_int(std::string_view& text) {
    if (text.empty() || !is_digit(text[0])) return std::nullopt;
    if (text.size() >= 2 && text[0] == '0' && is_digit(text[1])) return std::nullopt;
    long value = 0;
    while (!text.empty() && is_digit(text[0])) {
      value = std::min(value * 10 + (text[0] - '0'), 100'000'000L);
      text.remove_prefix(1);
    }
    return static_cast<int>(value);
  }
  // What is no count ("a{,3}", "{x") is a literal.
  static std::optional<Count> take_count(std::string_view& text) {
    if (!text.starts_with('{')) return std::nullopt;
    text.remove_prefix(1);
    const std::optional<int> least = take_int(text);
    if (!least) return std::nullopt;
    Count count{.least = *least, .most = *least};
    if (text.starts_with(',')) {
      text.remove_prefix(1);
      count.most = -1;
      if (!text.starts_with('}')) {
        const std::optional<int> most = take_int(text);
        if (!most) return std::nullopt;
        count.most = *most;
      }
    }
    if (!text.starts_with('}')) return std::nullopt;
    text.remove_prefix(1);
    return count;
  }

  void repeat(Atom& last) {
    const std::string operators(rest_.substr(0, 8));
    if (repeated_) fail("invalid nested repetition operator: `" + operators + "`");
    if (!last.present) fail("missing argument to repetition operator: `" + operators + "`");
    if (error_) return;
    if (const std::optional<Count> count = take_count(rest_)) {
      if (count->least > kMostRepeats || count->most > kMostRepeats ||
          (count->most >= 0 && count->most < count->least)) {
        fail("invalid repeat count: `" + operators + "`");
        return;
      }
      last.repeats = count->most == 0 ? 1 : last.repeats * std::max({count->least, count->most, 1});
      if (last.repeats > kMostRepeats) fail("invalid repeat count: `" + operators + "`");
    } else {
      rest_.remove_prefix(1);
    }
    take("?");  // lazy
  }

  Atom atom(int depth) {
    if (take("\\Q")) {
      const std::size_t end = rest_.find("\\E");
      const bool any = end != 0 && !rest_.empty();
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
      return {.present = any};
    }
    if (at('(')) return group(depth);
    if (at('[')) {
      char_class();
      return {.present = true};
    }
    if (at('\\')) {
      escape(false);
      return {.present = true};
    }
    literal();
    return {.present = true};
  }

  Atom group(int depth) {
    const std::string_view whole = rest_;
    rest_.remove_prefix(1);
    if (take("?")) {
      if (rest_.starts_with("P<") || rest_.starts_with("<")) {
        name(whole);
      } else if (!flags(whole)) {
        return {.present = false};  // (?i): no group of its own
      }
    }
    const int inside = error_ ? 1 : alternatives(depth + 1, 1);
    if (!error_ && !take(")")) fail("missing closing ): `" + std::string(whole) + "`");
    return {.present = true, .repeats = inside};
  }

  void name(std::string_view whole) {
    rest_.remove_prefix(rest_.starts_with("P<") ? 2 : 1);
    const std::size_t end = rest_.find('>');
    if (end == std::string_view::npos || end == 0 || !std::ranges::all_of(rest_.substr(0, end), is_word)) {
      fail("invalid named capture: `" + std::string(whole) + "`");
      return;
    }
    rest_.remove_prefix(end + 1);
  }

  // True: a group follows, its flags having been read.
  bool flags(std::string_view whole) {
    bool negative = false, seen = false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == 'i' || c == 'm' || c == 's' || c == 'U') {
        seen = true;
      } else if (c == '-' && !negative) {
        negative = true;
        seen = false;
      } else if ((c == ':' || c == ')') && (!negative || seen)) {
        return c == ':';
      } else {
        break;
      }
    }
    fail("invalid or unsupported Perl syntax: `" + std::string(whole.substr(0, 4)) + "`");
    return false;
  }

  // One rune; invalid UTF-8 is refused.
  std::uint32_t literal() {
    const auto first = static_cast<unsigned char>(rest_.front());
    const std::size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (length == 0 || rest_.size() < length) {
      fail("invalid UTF-8");
      rest_.remove_prefix(1);
      return 0;
    }
    std::uint32_t rune = length == 1 ? first : first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      if (byte >> 6 != 2) fail("invalid UTF-8");
      rune = rune << 6 | (byte & 0x3fU);
    }
    rest_.remove_prefix(length);
    return rune;
  }

  struct Escaped {
    bool is_class = false;
    std::uint32_t rune = 0;
  };
  Escaped escape(bool in_class) {
    const std::string_view whole = rest_;
    rest_.remove_prefix(1);
    if (rest_.empty()) {
      fail("trailing backslash at end of expression");
      return {};
    }
    const char c = rest_.front();
    if (std::string_view("dDsSwW").find(c) != std::string_view::npos) {
      rest_.remove_prefix(1);
      return {.is_class = true};
    }
    if (c == 'p' || c == 'P') {
      unicode_class(whole);
      return {.is_class = true};
    }
    if (!in_class && std::string_view("AbBzC").find(c) != std::string_view::npos && c != 'C') {
      rest_.remove_prefix(1);
      return {.is_class = true};
    }
    return {.rune = escaped_rune(whole)};
  }

  void unicode_class(std::string_view whole) {
    rest_.remove_prefix(1);
    std::string_view class_name;
    if (take("{")) {
      const std::size_t end = rest_.find('}');
      if (end == std::string_view::npos) {
        fail("invalid character class range: `" + std::string(whole) + "`");
        return;
      }
      class_name = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
    } else if (!rest_.empty()) {
      class_name = rest_.substr(0, 1);
      rest_.remove_prefix(1);
    }
    if (class_name.starts_with('^')) class_name.remove_prefix(1);
    const bool script = class_name.size() > 2 && std::isupper(static_cast<unsigned char>(class_name[0])) != 0 &&
                        std::ranges::all_of(class_name, [](char c) {
                          return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
                        });
    if (!script && std::ranges::find(kCategories, class_name) == kCategories.end()) {
      fail("invalid character class range: `" + std::string(whole.substr(0, 16)) + "`");
    }
  }

  std::uint32_t escaped_rune(std::string_view whole) {
    const char c = rest_.front();
    const auto bad = [&] { fail("invalid escape sequence: `" + std::string(whole.substr(0, 2)) + "`"); };
    if (static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c))) {
      rest_.remove_prefix(1);
      return static_cast<unsigned char>(c);
    }
    if (c >= '1' && c <= '7') {  // octal needs a second digit: \1 would be a back reference
      if (rest_.size() < 2 || rest_[1] < '0' || rest_[1] > '7') {
        bad();
        return 0;
      }
      return octal();
    }
    if (c == '0') return octal();
    if (c == 'x') {
      rest_.remove_prefix(1);
      return hexadecimal(bad);
    }
    constexpr std::string_view kNames = "aftnrv", kRunes = "\a\f\t\n\r\v";
    if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
      rest_.remove_prefix(1);
      return static_cast<unsigned char>(kRunes[known]);
    }
    bad();
    return 0;
  }

  std::uint32_t octal() {
    std::uint32_t value = 0;
    for (int i = 0; i < 3 && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '7'; ++i) {
      value = value * 8 + static_cast<std::uint32_t>(rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  template <class Bad>
  std::uint32_t hexadecimal(const Bad& bad) {
    const bool braces = take("{");
    std::uint32_t value = 0;
    std::size_t digits = 0;
    while (!rest_.empty() && is_hex(rest_[0]) && (braces || digits < 2)) {
      const char c = rest_[0];
      value = value * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
      if (value > 0x10ffff) bad();
      rest_.remove_prefix(1);
      ++digits;
      if (error_) return 0;
    }
    if (digits == 0 || (!braces && digits != 2) || (braces && !take("}"))) bad();
    return value;
  }

  void char_class() {
    const std::string_view whole = rest_;
    rest_.remove_prefix(1);
    take("^");
    bool first = true;
    while (!error_ && (first || !at(']'))) {
      if (rest_.empty()) {
        fail("missing closing ]: `" + std::string(whole) + "`");
        return;
      }
      // A '-' is literal at the ends and before a class; elsewhere Perl allows it too.
      first = false;
      if (rest_.starts_with("[:") && posix_class_may_end_) {
        const std::size_t end = rest_.find(":]", 2);
        posix_class_may_end_ = end != std::string_view::npos;
        if (posix_class_may_end_) {
          std::string_view class_name = rest_.substr(2, end - 2);
          if (class_name.starts_with('^')) class_name.remove_prefix(1);
          if (std::ranges::find(kPosixClasses, class_name) == kPosixClasses.end()) {
            fail("invalid character class range: `" + std::string(rest_.substr(0, end + 2)) + "`");
          }
          rest_.remove_prefix(end + 2);
          continue;
        }
      }
      class_item(whole);
    }
    rest_.remove_prefix(error_ ? 0 : 1);
  }

  void class_item(std::string_view whole) {
    const std::string_view begin = rest_;
    const Escaped low = class_rune(whole);
    if (low.is_class || error_) return;
    if (!rest_.starts_with('-') || rest_.size() < 2 || rest_[1] == ']') return;
    rest_.remove_prefix(1);
    const Escaped high = class_rune(whole);
    if (error_) return;
    if (high.is_class || high.rune < low.rune) {
      fail("invalid character class range: `" + std::string(begin.substr(0, begin.size() - rest_.size())) + "`");
    }
  }

  Escaped class_rune(std::string_view whole) {
    if (rest_.empty()) {
      fail("missing closing ]: `" + std::string(whole) + "`");
      return {};
    }
    if (at('\\')) return escape(true);
    return {.rune = literal()};
  }

  std::string_view rest_;
  std::optional<std::string> error_{};
  bool repeated_ = false;            // the last thing read was a repetition
  bool posix_class_may_end_ = true;  // false: there is no ":]" any more, and none need be looked for
};

}  // namespace

std::optional<std::string> regex_error(std::string_view pattern) { return Parser(pattern).run(); }

}  // namespace sextant::policy
