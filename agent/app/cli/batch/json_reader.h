// JsonReader: goes through one JSON text from front to back, checks it, and builds nothing. For lines of which a few
// values are wanted and the rest is passed on as written.
//
// After the first error every further read is empty, so that readers ask for the error once, at the end. Takes what
// RFC 8259 allows, at most 100 levels deep; that a key is given twice, it cannot see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sextant::app::cli {

class JsonReader {
 public:
  // Begins at an offset. The text must outlive the reader and all that it gives.
  explicit JsonReader(std::string_view text, std::size_t offset = 0)
      : begin_(text.data()), at_(begin_ + offset), end_(begin_ + text.size()) {}

  // A map: `use(key)` is called for each member, with the reader in front of the value, and must take it.
  template <class Use>
  void members(const Use& use) {
    if (!enter('{', "a map")) return;
    for (bool more = !leaves('}'); more && ok(); more = goes_on('}')) {
      const std::string_view key = string();
      if (!take(':')) fail("':' is expected");
      if (ok()) use(key);
    }
    --depth_;
  }

  // A list: `use()` is called in front of each item, and must take it.
  template <class Use>
  void items(const Use& use) {
    if (!enter('[', "a list")) return;
    for (bool more = !leaves(']'); more && ok(); more = goes_on(']')) use();
    --depth_;
  }

  // A string. Valid until the next call where it holds an escape, else as long as the text.
  std::string_view string();
  std::uint32_t integer(std::uint32_t most);
  // Any value, as written.
  std::string_view skip();
  // Nothing but space may be left.
  void finish();

  // Where the reader is, as an offset in the text: behind what was read last, or at what comes next.
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t next() {
    space();
    return position();
  }

  // At `place`, or where the reader is.
  void fail(std::string_view cause) { fail(cause, position()); }
  void fail(std::string_view cause, std::size_t place);
  bool ok() const { return cause_.empty(); }
  // "column 17: a map is expected".
  Result<> result() const;

 private:
  bool enter(char open, std::string_view what);
  bool leaves(char close);
  bool goes_on(char close);
  bool take(char sign);
  void space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool plain_string();  // from behind the opening quote to behind the closing one; whether it holds no escape
  void escape();
  void number();
  void word(std::string_view expected);
  void value();

  const char* begin_;
  const char* at_;
  const char* end_;
  std::size_t depth_ = 0;
  std::string cause_{};
  std::size_t failed_at_ = 0;
  std::string unescaped_{};
};

// The first byte that is no part of UTF-8; nullopt: all of it is.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

}  // namespace sextant::app::cli
