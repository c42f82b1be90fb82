// Source: a folder of YAML and JSON files, watched with inotify. Turns files into deltas of the model.
//
// A file that breaks keeps its last good content, and is told as a problem until it is mended. A ConfigMap's volume
// (files behind a `..data` symlink that is swapped) counts as a change of every file below it.
// Thread: everything, the sinks included, on the executor given to run().
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "agent/base/result.h"
#include "agent/model/world.h"

namespace sextant::manifests {

// Files larger than this are a problem, not a pause: a whole cluster's policies are far below.
inline constexpr std::size_t kMaxFileBytes = 8U << 20U;
inline constexpr std::size_t kMaxFiles = 10'000;

struct Problem {
  std::string file{};
  std::uint32_t line = 0;  // 0: the file as a whole
  std::string cause{};
  auto operator<=>(const Problem&) const = default;
  std::string to_string() const;  // "policies/db.yaml:12: cause"
};

struct Loaded {
  std::vector<Object> objects{};    // in the order of files and documents; List kinds are unrolled
  std::vector<Problem> problems{};  // of files; their good documents are not in `objects`: a file counts as a whole
  std::size_t ignored = 0;          // objects of kinds that Sextant does not read
  std::size_t files = 0;
};

// Reads a folder once (recursively; *.yaml *.yml *.json; names that start with a dot are skipped), or one file.
// Two objects with the same key: the later one is a problem that names both places.
Result<Loaded> load(const std::filesystem::path& path);
// The same of text; `name` stands for the file. For standard input and for tests.
Loaded load_text(std::string_view text, const std::string& name);

struct Sinks {
  std::function<void(const Delta&)> delta{};
  // After each round of changes: every problem that exists now (empty: none), and totals.
  std::function<void(const std::vector<Problem>& problems, std::size_t files, std::size_t ignored)> round{};
};

class ManifestSource {
 public:
  // Errors: the folder is not there or not readable. Loads nothing yet.
  static Result<ManifestSource> open(std::filesystem::path path, Sinks sinks);
  ManifestSource(ManifestSource&&) noexcept;
  ~ManifestSource();

  // Delivers the folder's objects before the first wait, then changes until cancelled; being cancelled is success.
  // A change is picked up within 200 ms of the last event of its burst.
  boost::asio::awaitable<Result<>> run();

 private:
  struct State;
  explicit ManifestSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sextant::manifests
