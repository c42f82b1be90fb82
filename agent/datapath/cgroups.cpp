#include "agent/datapath/cgroups.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "agent/base/c_ptr.h"
#include "agent/datapath/datapath.h"

namespace sextant::datapath {
namespace {

constexpr ino_t kRootInode = 1;     // of every kernfs hierarchy (include/linux/kernfs.h, kernfs_root)
constexpr unsigned kMaxDepth = 32;  // kubelets nest 4 to 8 deep

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// mountinfo writes space, tab, newline and backslash as \ooo (fs/proc_namespace.c, mangle).
std::string unescape(std::string_view field) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string text;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && is_octal(field[i + 1]) && is_octal(field[i + 2]) &&
        is_octal(field[i + 3])) {
      text += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
      i += 3;
    } else {
      text += field[i];
    }
  }
  return text;
}

// "36 35 98:0 ROOT MOUNTPOINT OPTIONS [TAGS...] - TYPE SOURCE OPTIONS" (proc_pid_mountinfo(5)).
std::optional<std::string> mountpoint_of_cgroup2(std::string_view line) {
  const auto fields = split(line, ' ');
  const auto dash = std::ranges::find(fields, "-");
  if (fields.size() < 5 || dash == fields.end() || std::next(dash) == fields.end()) return std::nullopt;
  if (*std::next(dash) != "cgroup2") return std::nullopt;
  return unescape(fields[4]);
}

bool uid_like(std::string_view uid) {
  const auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
  };
  return !uid.empty() && std::ranges::all_of(uid, allowed);
}

// "kubepods", with what a nested kubelet puts before it ("kubelet-kubepods"), and the class of service after it.
bool is_kubepods_slice(std::string_view stem) {
  for (const std::string_view service : {"-burstable", "-besteffort"}) {
    if (stem.ends_with(service)) {
      stem.remove_suffix(service.size());
      break;
    }
  }
  return stem == "kubepods" || stem.ends_with("-kubepods");
}

// Systemd driver: "kubepods-burstable-pod1c5c_....slice". Dashes separate slices there, so the UID's become underscores
// (k8s.io/kubernetes/pkg/kubelet/cm/cgroup_manager_linux.go, escapeSystemdCgroupName).
std::optional<std::string> uid_from_slice(std::string_view name) {
  if (!name.ends_with(".slice")) return std::nullopt;
  name.remove_suffix(std::string_view(".slice").size());
  const auto pod = name.rfind("-pod");
  if (pod == std::string_view::npos || !is_kubepods_slice(name.substr(0, pod))) return std::nullopt;
  std::string uid(name.substr(pod + 4));
  std::ranges::replace(uid, '_', '-');
  if (!uid_like(uid)) return std::nullopt;
  return uid;
}

// Cgroupfs driver: "kubepods/burstable/pod1c5c-...", "kubepods/pod1c5c-...".
std::optional<std::string> uid_from_folder(std::string_view name, std::string_view parent, std::string_view above) {
  const bool below_kubepods =
      parent == "kubepods" || (above == "kubepods" && (parent == "burstable" || parent == "besteffort"));
  if (!below_kubepods || !name.starts_with("pod") || !uid_like(name.substr(3))) return std::nullopt;
  return std::string(name.substr(3));
}

}  // namespace

Result<std::string> cgroup2_mount(std::string_view mountinfo) {
  std::vector<std::string> mounts;
  for (const auto line : split(mountinfo, '\n')) {
    if (auto mountpoint = mountpoint_of_cgroup2(line)) mounts.push_back(std::move(*mountpoint));
  }
  if (mounts.empty()) return failure("find cgroup2: no mount of type cgroup2 in /proc/self/mountinfo", ENOENT);
  const auto root = std::ranges::find_if(mounts, is_cgroup_root);
  return root == mounts.end() ? mounts.front() : *root;
}

bool is_cgroup_root(const std::string& directory) {
  struct stat status{};
  return ::stat(directory.c_str(), &status) == 0 && status.st_ino == kRootInode;
}

Result<std::string> find_cgroup2() {
  std::ifstream file("/proc/self/mountinfo");
  if (!file) return errno_failure("find cgroup2: open /proc/self/mountinfo", errno);
  return cgroup2_mount(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::optional<std::string> pod_uid_from_cgroup(std::string_view path) {
  std::string_view parent;
  std::string_view above;
  for (const auto name : split(path, '/')) {
    if (auto uid = uid_from_slice(name)) return uid;
    if (auto uid = uid_from_folder(name, parent, above)) return uid;
    above = parent;
    parent = name;
  }
  return std::nullopt;
}

Cgroups::Cgroups(std::string root, std::size_t max_cgroups) : root_(std::move(root)), max_cgroups_(max_cgroups) {}

const Cgroup* Cgroups::find(std::uint64_t id, Moment now) {
  auto known = known_.find(id);
  if (known == known_.end() && (!last_scan_ || now - *last_scan_ >= kScanGap)) {
    scan(now);
    known = known_.find(id);
  }
  return known == known_.end() ? nullptr : &known->second.cgroup;
}

void Cgroups::scan(Moment now) {
  last_scan_ = now;
  scanned_ = 0;
  truncated_ = false;
  struct stat status{};
  const int fd = ::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0 && ::fstat(fd, &status) == 0) {
    known_[status.st_ino] = {.cgroup = {.path = "/", .pod_uid = std::nullopt}, .seen = now};
    scanned_ = 1;
  }
  if (fd >= 0) scan_directory(fd, "", 0, now);
  std::erase_if(known_, [&](const auto& entry) { return now - entry.second.seen > kRemember; });
}

// Takes the descriptor. readdir's inode and type spare a stat per cgroup.
void Cgroups::scan_directory(int fd, const std::string& path, unsigned depth, Moment now) {
  const CPtr<DIR, ::closedir> directory(::fdopendir(fd));
  if (!directory) {
    ::close(fd);
    return;
  }
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    if (scanned_ >= max_cgroups_ || depth >= kMaxDepth) {
      truncated_ = true;
      return;
    }
    ++scanned_;
    std::string below = path + '/' + entry->d_name;
    auto uid = pod_uid_from_cgroup(below);
    known_[entry->d_ino] = {.cgroup = {.path = below, .pod_uid = std::move(uid)}, .seen = now};
    const int child = ::openat(::dirfd(directory.get()), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (child >= 0) scan_directory(child, below, depth + 1, now);
  }
}

}  // namespace sextant::datapath
