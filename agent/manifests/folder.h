// The folder's files as they lie on the disk: finding them and reading them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "agent/base/result.h"
#include "agent/manifests/manifests.h"

namespace sextant::manifests {

struct Tree {
  std::vector<std::string> files{};  // at most kMaxFiles, in order
  std::vector<Problem> problems{};
  std::vector<std::string> unreadable{};  // folders: what is below them is not known
  bool truncated = false;                 // there are more than kMaxFiles: the rest is not read
};

// Called with each folder before it is listed, and with each symbolic link to a file.
using OnPath = std::function<void(const std::string& path)>;

// *.yaml, *.yml and *.json below the root, through symbolic links, each folder once; names that begin with a dot are
// skipped, and those that are no printable text are problems. Errors: the root itself cannot be listed.
Result<Tree> find_files(const std::filesystem::path& root, const OnPath& on_folder, const OnPath& on_link);

// Identifies a file's content without reading it.
struct Stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  bool operator==(const Stamp&) const = default;

  static Stamp of(const struct stat& status);
  // The clock behind the stamps is coarse: a file that was changed just now may change again and keep its stamp.
  bool is_settled() const;
};

struct FileText {
  std::string text{};
  Stamp stamp{};  // taken before the text was read
};
// Errors: not there, not readable, no regular file, larger than kMaxFileBytes.
Result<FileText> read_file(const std::string& path);

}  // namespace sextant::manifests
