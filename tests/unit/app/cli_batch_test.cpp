#include "agent/app/cli/batch/batch.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "tests/unit/app/cli_console_fixture.h"

namespace sextant::app::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string line(int id, std::string_view verdict = "") {
  return R"({"id":")" + std::to_string(id) +
         R"(","cluster":{"node":"n1"},"objects":[{"apiVersion":"v1","kind":"Node",)" +
         R"("metadata":{"name":"n1"}}],"checks":[{"to":{"node":"n1"},"from":{"address":"2001:db8::)" +
         std::to_string(id % 1000) + R"("},"protocol":"TCP","port":22)" + std::string(verdict) + "}]}\n";
}
std::string judged(int id) { return line(id, R"(,"verdict":{"1.20.2":"allow"})"); }

ByteSource bytes_of(std::string text) {
  return [text = std::move(text), at = std::size_t{0}](char* to, std::size_t most) mutable {
    const std::size_t size = std::min(most, text.size() - at);
    std::copy_n(text.data() + at, size, to);
    at += size;
    return Result<std::size_t>(size);
  };
}

struct Told {
  Result<bool> result = false;
  std::string out{};
  std::string err{};
};

Told run(ByteSource source, unsigned threads = 3, std::size_t limit = 1 << 20) {
  std::ostringstream out, err;
  const BatchOptions options{.versions = {{"1.20.2", policy::Release::k1_20_2}},
                             .name = "in.jsonl",
                             .threads = threads,
                             .most_bytes_a_line = limit};
  auto result = answer_batch(std::move(source), out, err, options);
  return {.result = std::move(result), .out = out.str(), .err = err.str()};
}

TEST(Batch, KeepsTheOrderOfTheLines) {
  std::string in, expected;
  for (int i = 0; i < 6000; ++i) {
    in += line(i);
    expected += judged(i);
  }
  for (const unsigned threads : {1U, 2U, 5U}) {
    const Told answered = run(bytes_of(in), threads);
    EXPECT_TRUE(answered.result.value());
    EXPECT_TRUE(answered.out == expected) << threads;
    EXPECT_EQ(answered.err, "");
  }
}

TEST(Batch, NamesEachBadLineAndDoesTheRest) {
  std::string in, expected, told;
  for (int i = 0; i < 3000; ++i) {
    const bool bad = i % 500 == 7;
    in += bad ? "{\"id\":}\n" : line(i);
    if (!bad) expected += judged(i);
    if (bad) told += "sextant: explain: in.jsonl:" + std::to_string(i + 1) + ": column 7: a value is expected\n";
  }
  const Told answered = run(bytes_of(in));
  EXPECT_FALSE(answered.result.value());
  EXPECT_TRUE(answered.out == expected);
  EXPECT_EQ(answered.err, told);
}

TEST(Batch, TakesALineOfTheLimitAndNoneBeyond) {
  const std::string just = line(1);
  const std::size_t limit = just.size() - 1;  // without its line break
  const std::string beyond = line(2).insert(1, " ");
  const Told answered = run(bytes_of(just + beyond + line(3)), 2, limit);
  EXPECT_FALSE(answered.result.value());
  EXPECT_EQ(answered.out, judged(1) + judged(3));
  EXPECT_EQ(answered.err, "sextant: explain: in.jsonl:2: longer than " + std::to_string(limit) + " bytes\n");
}

TEST(Batch, CountsALineThatNoBlockCouldHold) {
  const std::string huge(3 * LineSource::kBlock, ' ');
  const Told answered = run(bytes_of(line(1) + huge + "\n" + line(3) + "{\n"), 2, LineSource::kBlock);
  EXPECT_EQ(answered.out, judged(1) + judged(3));
  EXPECT_THAT(answered.err, StartsWith("sextant: explain: in.jsonl:2: longer than "));
  EXPECT_THAT(answered.err, HasSubstr("sextant: explain: in.jsonl:4: column 2: "));
}

TEST(Batch, KeepsEmptyLinesAndEndsTheLast) {
  std::string last = line(2);
  last.pop_back();
  EXPECT_EQ(run(bytes_of(line(1) + "\n" + last)).out, judged(1) + "\n" + judged(2));
  EXPECT_EQ(run(bytes_of("")).out, "");
}

TEST(Batch, TellsWhatTheSourceSaysAfterWhatCameBefore) {
  bool first = true;
  const Told answered = run([&first](char* to, std::size_t) -> Result<std::size_t> {
    if (!first) return failure("read in.jsonl: Input/output error", EIO);
    first = false;
    const std::string text = line(1);
    std::ranges::copy(text, to);
    return text.size();
  });
  EXPECT_EQ(answered.out, judged(1));
  ASSERT_FALSE(answered.result);
  EXPECT_EQ(answered.result.error().what, "read in.jsonl: Input/output error");
}

// Takes so many bytes and then no more, as a closed pipe does.
class ShortBuffer : public std::stringbuf {
 public:
  explicit ShortBuffer(std::streamsize room) : room_(room) {}

 protected:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    if (size > room_) return 0;
    room_ -= size;
    return std::stringbuf::xsputn(text, size);
  }

 private:
  std::streamsize room_;
};

TEST(Batch, EndsWhenNobodyTakesItsLines) {
  ShortBuffer buffer(1000);
  std::ostream out(&buffer);
  std::ostringstream err;
  std::size_t read = 0;
  const std::string text = line(1);
  const ByteSource endless = [&](char* to, std::size_t most) -> Result<std::size_t> {
    std::size_t size = 0;
    for (; size + text.size() <= most; size += text.size()) std::ranges::copy(text, to + size);
    read += size;
    return size;
  };
  const auto result =
      answer_batch(endless, out, err, {.versions = {{"1.20.2", policy::Release::k1_20_2}}, .threads = 2});
  EXPECT_TRUE(result);
  EXPECT_FALSE(out);
  EXPECT_LT(read, 64 * LineSource::kBlock);
}

// ---- explain --batch ------------------------------------------------------------------------------------------------

std::string of_all_releases(int id) {
  return line(id, R"(,"verdict":{"1.17.0":"allow","1.18.6":"allow","1.19.3":"allow","1.20.2":"allow"})");
}

TEST(ExplainBatch, ReadsStandardInputAndKnowsFourReleases) {
  const Console console{.input = line(1) + line(2)};
  const Outcome outcome = console.run({"explain", "--batch", "-"});
  EXPECT_EQ(outcome.out, of_all_releases(1) + of_all_releases(2));
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
}

TEST(ExplainBatch, ReadsAFile) {
  const auto path = std::filesystem::temp_directory_path() / ("sextant_batch_" + std::to_string(::getpid()));
  std::ofstream(path) << line(1) << "nonsense\n";
  const Outcome outcome = Console{}.run({"explain", "--batch", path.string(), "--cilium", "1.20.2"});
  std::filesystem::remove(path);
  EXPECT_EQ(outcome.out, judged(1));
  EXPECT_THAT(outcome.err, StartsWith("sextant: explain: " + path.string() + ":2: column 1: "));
  EXPECT_EQ(outcome.status, 2);
}

TEST(ExplainBatch, PrintsTheVersionsAskedForOnceEach) {
  const Console console{.input = line(1)};
  EXPECT_THAT(
      console.run({"explain", "--batch", "-", "--cilium", "1.19.9", "--cilium", "1.17.1", "--cilium", "1.19.9"}).out,
      HasSubstr(R"("verdict":{"1.19.9":"allow","1.17.1":"allow"})"));
}

TEST(ExplainBatch, TellsWhatItCannotOpen) {
  const Outcome outcome = Console{}.run({"explain", "--batch", "/nowhere/x.jsonl"});
  EXPECT_EQ(outcome.err, "sextant: explain: open /nowhere/x.jsonl: No such file or directory\n");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(Console{}.run({"explain", "--batch", "/"}).err, "sextant: explain: read /: Is a directory\n");
}

TEST(ExplainBatch, TakesAllFromItsFile) {
  const auto error_of = [](std::vector<std::string> more) {
    std::vector<std::string> args{"explain", "--batch", "-"};
    args.insert(args.end(), more.begin(), more.end());
    return Console{}.run(args).err;
  };
  EXPECT_THAT(error_of({"--to", "a/b"}), HasSubstr("--to excludes --batch"));
  EXPECT_THAT(error_of({"--manifests", "."}), HasSubstr("--manifests excludes --batch"));
  EXPECT_THAT(error_of({"--dual-stack"}), HasSubstr("--dual-stack requires --manifests"));
  EXPECT_THAT(error_of({"--cilium", "2.0"}), HasSubstr("--cilium"));
  EXPECT_THAT(Console{}.run({"explain", "--to", "a/b", "--from", "::1", "--port", "1", "--cilium", "1.20.2"}).err,
              HasSubstr("--cilium requires --manifests or --batch"));
  EXPECT_THAT(Console{}.run({"explain", "--to", "a/b"}).err, HasSubstr("--from is required"));
}

}  // namespace
}  // namespace sextant::app::cli
