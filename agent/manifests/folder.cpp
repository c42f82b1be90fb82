#include "agent/manifests/folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "agent/base/text.h"

namespace sextant::manifests {
namespace {

namespace fs = std::filesystem;

// Messages, JSON and terminals get to see it.
bool is_fit_to_print(std::string_view name) {
  for (CodePoint c; !name.empty(); name.remove_prefix(c.length)) {
    c = decode_utf8(name);
    if (c.length == 0 || c.value < 0x20 || !is_printable(c.value)) return false;
  }
  return true;
}

bool is_manifest(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Result<std::vector<fs::path>> list(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  std::vector<fs::path> paths;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (!entry->path().filename().string().starts_with('.')) paths.push_back(entry->path());
  }
  if (error) return failure("cannot be read: " + error.message(), error.value());
  std::ranges::sort(paths);
  return paths;
}

class Walk {
 public:
  Walk(const OnPath& on_folder, const OnPath& on_link) : on_folder_(on_folder), on_link_(on_link) {}

  Result<> folder(const fs::path& path) {
    on_folder_(path.string());
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return errno_failure("cannot be read", errno);
    // A link may lead back to a folder that was seen: once is enough.
    if (!seen_.emplace(status.st_dev, status.st_ino).second) return {};
    auto paths = list(path);
    if (!paths) return Failure(paths.error());
    for (const fs::path& entry : *paths) {
      if (tree.truncated) return {};
      visit(entry);
    }
    return {};
  }

  Tree tree{};

 private:
  void visit(const fs::path& path) {
    struct stat link{};
    if (::lstat(path.c_str(), &link) != 0) return;  // gone since the folder was listed
    if (const std::string name = path.filename().string(); !is_fit_to_print(name)) {
      tree.problems.push_back({.file = path.parent_path().string(), .cause = quote(name) + " is no name: not read"});
      return;
    }
    struct stat status{};
    const bool reachable = ::stat(path.c_str(), &status) == 0;
    if (reachable && S_ISDIR(status.st_mode)) {
      if (auto listed = folder(path); !listed) {
        tree.unreadable.push_back(path.string());
        tree.problems.push_back({.file = path.string(), .cause = listed.error().what});
      }
      return;
    }
    if (!is_manifest(path)) return;
    if (tree.files.size() == kMaxFiles) {
      tree.truncated = true;
      tree.problems.push_back(
          {.file = path.string(), .cause = "more than " + std::to_string(kMaxFiles) + " files: the rest is not read"});
      return;
    }
    if (S_ISLNK(link.st_mode)) on_link_(path.string());
    tree.files.push_back(path.string());
  }

  const OnPath& on_folder_;
  const OnPath& on_link_;
  std::set<std::pair<dev_t, ino_t>> seen_{};
};

std::int64_t nanoseconds(const struct timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

}  // namespace

Result<Tree> find_files(const fs::path& root, const OnPath& on_folder, const OnPath& on_link) {
  Walk walk(on_folder, on_link);
  if (auto listed = walk.folder(root); !listed) return Failure(listed.error());
  return std::move(walk.tree);
}

Stamp Stamp::of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .modified_ns = nanoseconds(status.st_mtim),
          .changed_ns = nanoseconds(status.st_ctim)};
}

bool Stamp::is_settled() const {
  using std::chrono::system_clock;
  constexpr std::chrono::seconds kCoarsest{1};
  const auto now = std::chrono::nanoseconds(system_clock::now().time_since_epoch());
  return now - std::chrono::nanoseconds(changed_ns) > kCoarsest;
}

Result<FileText> read_file(const std::string& path) {
  // O_NONBLOCK: a named pipe must not hold up everything.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return errno_failure("cannot be read", errno);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return errno_failure("cannot be read", errno);
  if (!S_ISREG(status.st_mode)) return failure("no regular file");
  const auto too_large = [] {
    return failure("larger than " + std::to_string(kMaxFileBytes >> 20U) + " MiB: split it into several files");
  };
  if (std::cmp_greater(status.st_size, kMaxFileBytes)) return too_large();

  FileText file{.stamp = Stamp::of(status)};
  std::array<char, 65'536> chunk{};
  while (true) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_failure("cannot be read", errno);
    if (got == 0) return file;
    file.text.append(chunk.data(), static_cast<std::size_t>(got));
    if (file.text.size() > kMaxFileBytes) return too_large();  // it grew
  }
}

}  // namespace sextant::manifests
