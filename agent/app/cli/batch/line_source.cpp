#include "agent/app/cli/batch/line_source.h"

#include <utility>

namespace sextant::app::cli {

Result<std::size_t> LineSource::append_more(std::string& text) {
  const std::size_t before = text.size();
  Result<std::size_t> read = 0;
  text.resize_and_overwrite(before + kBlock, [&](char* to, std::size_t) {
    read = source_(to + before, kBlock);
    return before + read.value_or(0);
  });
  return read;
}

Result<> LineSource::skip_line() {
  for (;;) {
    begun_.clear();
    const auto read = append_more(begun_);
    if (!read) return Failure(read.error());
    const auto line_break = begun_.find('\n');
    if (line_break == std::string::npos && *read > 0) continue;
    begun_.erase(0, line_break == std::string::npos ? line_break : line_break + 1);
    return {};
  }
}

Result<bool> LineSource::next(LineBlock& block) {
  block.left_out_after = false;
  block.text.assign(std::exchange(begun_, {}));
  // What is left over from skipping a line may hold whole ones.
  std::size_t line_break = block.text.rfind('\n');
  while (line_break == std::string::npos) {
    const std::size_t before = block.text.size();
    const auto read = append_more(block.text);
    if (!read) return Failure(read.error());
    if (*read == 0) return !block.text.empty();
    const auto found = std::string_view(block.text).substr(before).rfind('\n');
    if (found != std::string_view::npos) {
      line_break = before + found;
    } else if (block.text.size() > limit_) {
      block.text.clear();
      block.left_out_after = true;
      if (const auto skipped = skip_line(); !skipped) return Failure(skipped.error());
      return true;
    }
  }
  begun_.assign(block.text, line_break + 1);
  block.text.resize(line_break + 1);
  return true;
}

}  // namespace sextant::app::cli
