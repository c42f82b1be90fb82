#include "agent/app/cli/batch/batch.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace sextant::app::cli {
namespace {

// What became of a block.
struct Answered {
  struct BadLine {
    std::uint64_t line = 0;  // from 0, within the block
    std::string why{};
  };
  std::string text{};
  std::vector<BadLine> bad{};
  std::uint64_t lines = 0;

  void clear() {
    text.clear();
    bad.clear();
    lines = 0;
  }
};

class BlockAnswerer {
 public:
  explicit BlockAnswerer(const BatchOptions& options)
      : answerer_(options.versions), limit_(options.most_bytes_a_line) {}

  void answer(const LineBlock& block, Answered& answered) {
    answered.clear();
    for (std::string_view rest = block.text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      answer_line(rest.substr(0, end), answered);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (block.left_out_after) too_long(answered);
  }

 private:
  void answer_line(std::string_view line, Answered& answered) {
    if (line.size() > limit_) return too_long(answered);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      answered.text.append(line) += '\n';
    } else if (const auto done = answerer_.answer(line, answered.text); !done) {
      answered.bad.push_back({answered.lines, done.error().what});
    }
    ++answered.lines;
  }

  void too_long(Answered& answered) const {
    answered.bad.push_back({answered.lines++, "longer than " + std::to_string(limit_) + " bytes"});
  }

  ScenarioAnswerer answerer_;
  std::size_t limit_;
};

// Threads take blocks in turn, and give their answers back in the same order.
class Batch {
 public:
  Batch(ByteSource source, std::ostream& out, std::ostream& err, const BatchOptions& options)
      : options_(options), source_(std::move(source), options.most_bytes_a_line), out_(out), err_(err) {}

  Result<bool> run() {
    {
      std::vector<std::jthread> threads;
      const unsigned count = options_.threads != 0 ? options_.threads : std::thread::hardware_concurrency();
      for (unsigned i = 0; i < std::max(count, 1U); ++i) threads.emplace_back([this] { work(); });
    }
    if (thrown_) std::rethrow_exception(thrown_);
    if (read_error_) return Failure(*read_error_);
    return all_answered_;
  }

 private:
  void work() noexcept {
    try {
      BlockAnswerer answerer(options_);
      LineBlock block;
      Answered answered;
      while (const auto turn = take(block)) {
        answerer.answer(block, answered);
        give(*turn, answered);
      }
    } catch (...) {
      const std::scoped_lock lock(giving_);
      thrown_ = std::current_exception();
      over_ = true;
      given_.notify_all();
    }
  }

  // The next block and its number; nullopt: there is none.
  std::optional<std::uint64_t> take(LineBlock& block) {
    const std::scoped_lock lock(taking_);
    if (ended_ || is_over()) return std::nullopt;
    const Result<bool> more = source_.next(block);
    if (!more) read_error_ = more.error();
    ended_ = !more || !*more;
    return ended_ ? std::nullopt : std::optional(next_turn_++);
  }

  bool is_over() {
    const std::scoped_lock lock(giving_);
    return over_;
  }

  void give(std::uint64_t turn, const Answered& answered) {
    std::unique_lock lock(giving_);
    given_.wait(lock, [&] { return due_ == turn || over_; });
    if (over_) return;
    out_.write(answered.text.data(), static_cast<std::streamsize>(answered.text.size())).flush();
    for (const auto& bad : answered.bad)
      err_ << "sextant: explain: " << options_.name << ':' << lines_ + bad.line + 1 << ": " << bad.why << '\n';
    all_answered_ = all_answered_ && answered.bad.empty();
    lines_ += answered.lines;
    over_ = !out_;
    ++due_;
    given_.notify_all();
  }

  const BatchOptions& options_;

  std::mutex taking_{};  // held while giving_ is taken, never the other way round
  LineSource source_;
  bool ended_ = false;
  std::uint64_t next_turn_ = 0;
  std::optional<Error> read_error_{};

  std::mutex giving_{};
  std::condition_variable given_{};
  std::ostream& out_;
  std::ostream& err_;
  std::uint64_t due_ = 0;
  std::uint64_t lines_ = 0;  // of the blocks that were given
  bool all_answered_ = true;
  bool over_ = false;  // nothing more can be given
  std::exception_ptr thrown_{};
};

}  // namespace

Result<bool> answer_batch(ByteSource source, std::ostream& out, std::ostream& err, const BatchOptions& options) {
  return Batch(std::move(source), out, err, options).run();
}

}  // namespace sextant::app::cli
