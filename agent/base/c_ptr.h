// CPtr<T, Free>: unique_ptr for a resource that a C library hands out, and UniqueFd for a descriptor.
#pragma once

#include <memory>
#include <utility>

#include <unistd.h>

namespace sextant {

template <class T, auto Free>
struct CFree {
  void operator()(T* p) const noexcept { static_cast<void>(Free(p)); }
};

template <class T, auto Free>
using CPtr = std::unique_ptr<T, CFree<T, Free>>;

// Owns one file descriptor; -1 owns none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace sextant
