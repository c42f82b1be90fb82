#include "agent/app/cli/batch/line_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sextant::app::cli {
namespace {

// Gives at most `step` bytes at a time, as a pipe may.
ByteSource in_steps(std::string text, std::size_t step) {
  return [text = std::move(text), step, at = std::size_t{0}](char* to, std::size_t most) mutable {
    const std::size_t size = std::min({step, most, text.size() - at});
    std::copy_n(text.data() + at, size, to);
    at += size;
    return Result<std::size_t>(size);
  };
}

// Every block's lines; a line that was left out is "!".
std::string lines_of(const std::string& text, std::size_t step, std::size_t limit = 1000) {
  LineSource source(in_steps(text, step), limit);
  std::string seen;
  LineBlock block;
  while (source.next(block).value()) {
    const bool whole = block.text.empty() || block.text.ends_with('\n');
    seen += block.text + (block.left_out_after ? "!\n" : "");
    if (!whole) seen += "<end>";
  }
  return seen;
}

TEST(LineSource, GivesEveryByteInOrder) {
  for (const std::size_t step : {1, 2, 3, 7, 1000}) {
    EXPECT_EQ(lines_of("one\ntwo\n\nthree\n", step), "one\ntwo\n\nthree\n") << step;
    EXPECT_EQ(lines_of("one\nno break", step), "one\nno break<end>") << step;
    EXPECT_EQ(lines_of("", step), "") << step;
    EXPECT_EQ(lines_of("\n", step), "\n") << step;
  }
}

TEST(LineSource, GivesWhatHasComeWithoutWaitingForMore) {
  LineSource source(in_steps("first\nsecond\n", 6), 1000);
  LineBlock block;
  ASSERT_TRUE(source.next(block).value());
  EXPECT_EQ(block.text, "first\n");
}

TEST(LineSource, LeavesOutALineBeyondTheLimit) {
  const std::size_t block = LineSource::kBlock;
  for (const std::size_t step : {block, block - 1, std::size_t{1000}}) {
    const std::string most(2 * block, 'x');
    EXPECT_EQ(lines_of("a\n" + most + "\nb\n", step, most.size()), "a\n" + most + "\nb\n");
    EXPECT_EQ(lines_of("a\n" + most + most + "y\nb\n", step, most.size()), "a\n!\nb\n");
    EXPECT_EQ(lines_of(most + most, step, most.size()), "!\n");
  }
}

TEST(LineSource, HoldsNoMoreThanTheLimitAndABlock) {
  const std::string endless(20 * LineSource::kBlock, 'x');
  LineSource source(in_steps(endless, LineSource::kBlock), 3 * LineSource::kBlock);
  LineBlock block;
  ASSERT_TRUE(source.next(block).value());
  EXPECT_TRUE(block.left_out_after);
  EXPECT_LE(block.text.capacity(), 8 * LineSource::kBlock);
  EXPECT_FALSE(source.next(block).value());
}

TEST(LineSource, TellsWhatTheSourceSays) {
  LineSource source([](char*, std::size_t) -> Result<std::size_t> { return failure("read x: broken", EIO); }, 1000);
  LineBlock block;
  const auto read = source.next(block);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().what, "read x: broken");
}

}  // namespace
}  // namespace sextant::app::cli
