// Watch: inotify on a set of folders and files, by path.
//
// Tells only that something may have changed; what, the caller finds by looking. So a lost event (a full queue) is told
// as any other, and nothing is missed by it.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"

namespace sextant::manifests {

class Watch {
 public:
  // Errors: the user's inotify instances or descriptors are used up.
  static Result<Watch> open();

  int fd() const { return fd_.get(); }

  // A round of looking: everything that is added between begin() and end() is watched, the rest no more.
  // Adding a path that is watched already costs a system call and changes nothing. Errors: no watch left, or no access.
  void begin();
  Result<> add_folder(const std::string& path);
  // The file that a symbolic link leads to: a folder's watch sees only the link.
  Result<> add_target(const std::string& path);
  // Only what happens to `name` in the folder counts.
  Result<> add_name(const std::string& folder, const std::string& name);
  void end();

  // Takes all events that wait. Whether one of them matters.
  Result<bool> drain();

 private:
  explicit Watch(UniqueFd fd) : fd_(std::move(fd)) {}
  struct Watched {
    std::size_t round = 0;
    std::string only_name{};  // empty: every name
  };
  Result<> add(const std::string& path, std::uint32_t mask, std::string only_name);

  UniqueFd fd_;
  std::size_t round_ = 0;
  std::unordered_map<int, Watched> watched_{};
};

}  // namespace sextant::manifests
