#include "agent/manifests/watch.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/inotify.h>
#include <unistd.h>

namespace sextant::manifests {
namespace {

// Not IN_MODIFY: a file that somebody is writing is read when it is closed.
constexpr std::uint32_t kFolder = IN_CREATE | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t kFile = IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

Result<Watch> Watch::open() {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return errno_failure("inotify", errno);
  return Watch(std::move(fd));
}

void Watch::begin() { ++round_; }

Result<> Watch::add(const std::string& path, std::uint32_t mask, std::string only_name) {
  const int id = ::inotify_add_watch(fd_.get(), path.c_str(), mask);
  if (id < 0 && errno == ENOSPC) return failure("the user's watches of inotify are used up", ENOSPC);
  if (id < 0) return errno_failure("inotify", errno);
  Watched& watched = watched_[id];
  // One folder may be reached in two ways; then every name counts.
  const bool again = watched.round == round_;
  if (!again || only_name.empty()) watched.only_name = std::move(only_name);
  watched.round = round_;
  return {};
}

Result<> Watch::add_folder(const std::string& path) { return add(path, kFolder, {}); }
Result<> Watch::add_target(const std::string& path) { return add(path, kFile, {}); }
Result<> Watch::add_name(const std::string& folder, const std::string& name) { return add(folder, kFolder, name); }

void Watch::end() {
  std::erase_if(watched_, [&](const auto& entry) {
    if (entry.second.round == round_) return false;
    ::inotify_rm_watch(fd_.get(), entry.first);  // fails when the folder is gone, and its watch with it
    return true;
  });
}

Result<bool> Watch::drain() {
  bool matters = false;
  alignas(inotify_event) std::array<char, 65'536> buffer{};
  while (true) {
    const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return matters;
    if (got < 0) return errno_failure("inotify: read", errno);
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* const name = buffer.data() + at + sizeof event;
      at += static_cast<ssize_t>(sizeof event + event.len);
      if ((event.mask & IN_Q_OVERFLOW) != 0) matters = true;
      const auto watched = watched_.find(event.wd);
      if (watched == watched_.end()) continue;  // of a watch that was removed
      const std::string& only = watched->second.only_name;
      if (only.empty() || (event.len > 0 && only == name)) matters = true;
      if ((event.mask & IN_IGNORED) != 0) watched_.erase(watched);
    }
  }
}

}  // namespace sextant::manifests
