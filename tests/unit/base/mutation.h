// Random small damage to good texts, always the same for the same seed.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace sextant::test {

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  // One to four of: a token inserted, a byte changed, a piece cut out, doubled or moved, the end cut off.
  std::string damage(std::string text) {
    for (std::size_t times = 1 + below(4); times > 0; --times) damage_once(text);
    return text;
  }

 private:
  void damage_once(std::string& text) {
    static constexpr std::array<std::string_view, 40> kTokens{" ",      "  ",
                                                              "\n",     "\n\n",
                                                              "\t",     "\r\n",
                                                              ":",      ": ",
                                                              "- ",     "-",
                                                              "[",      "]",
                                                              "{",      "}",
                                                              ",",      "\"",
                                                              "'",      "#",
                                                              " # ",    "&a ",
                                                              "*a",     "!",
                                                              "!!str ", "|",
                                                              ">-",     "%",
                                                              "@",      "---\n",
                                                              "...\n",  "? ",
                                                              "~",      "null",
                                                              "<<: ",   "\\",
                                                              "\xff",   "\xe2\x82",
                                                              "\x1b",   "\xEF\xBB\xBF",
                                                              "0x",     "99999999999999999999"};
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = below(12);
    switch (below(7)) {
      case 0:
      case 1:
        text.insert(at, kTokens[below(kTokens.size())]);
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 3:
        text.erase(at, length);
        break;
      case 4:
        text.insert(at, text.substr(at, length * 8));
        break;
      case 5:
        text.insert(below(text.size() + 1), text.substr(at, length));
        break;
      default:
        if (below(4) == 0) text.resize(at);
        break;
    }
  }

  std::mt19937 random_;
};

}  // namespace sextant::test
