// Reads lines in blocks of many, for several threads to work on. Thread: one at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "agent/base/result.h"

namespace sextant::app::cli {

// Reads some bytes, as read(2) does: what has come, without waiting for more than one. 0: there are no more.
using ByteSource = std::function<Result<std::size_t>(char* to, std::size_t most)>;

// Some consecutive lines.
struct LineBlock {
  std::string text{};           // whole lines; only the last of the input may lack its line break
  bool left_out_after = false;  // after the text came a line longer than the limit, which is left out
};

class LineSource {
 public:
  static constexpr std::size_t kBlock = 128U << 10U;

  // A block never holds more than kBlock bytes beyond the limit, line breaks not counted among a line's bytes.
  LineSource(ByteSource source, std::size_t most_bytes_a_line)
      : source_(std::move(source)), limit_(most_bytes_a_line) {}

  // The next lines, into a block that may be used again. False: there are no more. Errors: the source's.
  Result<bool> next(LineBlock& block);

 private:
  Result<std::size_t> append_more(std::string& text);
  Result<> skip_line();

  ByteSource source_;
  std::size_t limit_;
  std::string begun_{};  // of a line whose end has not been read
};

}  // namespace sextant::app::cli
