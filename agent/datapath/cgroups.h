// Which cgroup a number in the kernel's answers is, and which pod's.
//
// The programs under bpf/ name a cgroup by its kernfs id, which for cgroup2 is the inode of its directory (64-bit
// kernels: fs/kernfs/inode.c, kernfs_id_ino). Ids are never used twice, so what was learned stays true.
// Thread: as the caller's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sextant::datapath {

struct Cgroup {
  std::string path{};                    // below the cgroup2 root: "/kubepods.slice/..."; "/" is the root itself
  std::optional<std::string> pod_uid{};  // when a kubelet made it
};

// The best cgroup2 mount in `mountinfo` (the text of /proc/self/mountinfo). Of several, the one that shows the root of
// the hierarchy wins: a container's own mount often shows only the container's part of it.
Result<std::string> cgroup2_mount(std::string_view mountinfo);

// Whether the directory is the root of the node's cgroup2 hierarchy, not a part that a container was given.
bool is_cgroup_root(const std::string& directory);

class Cgroups {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kMaxCgroups = 65'536;           // directories read in one scan
  static constexpr std::chrono::milliseconds kScanGap{1'000};  // unknown ids make no more scans than this
  static constexpr std::chrono::minutes kRemember{10};         // a cgroup that is gone is still named

  // `root` is the cgroup2 mount. Reads nothing yet.
  explicit Cgroups(std::string root, std::size_t max_cgroups = kMaxCgroups);

  // The cgroup with the id; scans the hierarchy when it is not known and the last scan is kScanGap ago. Null: it is
  // gone, or lies outside the mount. Valid until the next call.
  const Cgroup* find(std::uint64_t id, Moment now = std::chrono::steady_clock::now());

  // Whether a scan ended at max_cgroups: cgroups beyond are not named.
  bool truncated() const { return truncated_; }

 private:
  struct Known {
    Cgroup cgroup{};
    Moment seen{};
  };

  void scan(Moment now);
  void scan_directory(int fd, const std::string& path, unsigned depth, Moment now);

  std::string root_;
  std::size_t max_cgroups_;
  std::size_t scanned_ = 0;
  bool truncated_ = false;
  std::optional<Moment> last_scan_{};
  std::map<std::uint64_t, Known> known_{};
};

}  // namespace sextant::datapath
