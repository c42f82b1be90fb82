#include "agent/datapath/mapped_array.h"

#include <cerrno>

#include <sys/mman.h>
#include <unistd.h>

namespace sextant::datapath {

Result<MappedBytes> MappedBytes::map(int fd, std::uint64_t offset, std::size_t length, bool writable) {
  static const auto kPage = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t start = offset / kPage * kPage;
  const std::size_t mapped = static_cast<std::size_t>(offset - start) + length;
  void* page =
      ::mmap(nullptr, mapped, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, static_cast<off_t>(start));
  if (page == MAP_FAILED) return errno_failure("map a table into memory", errno);
  return MappedBytes(page, mapped, static_cast<std::byte*>(page) + (offset - start));
}

MappedBytes::MappedBytes(MappedBytes&& other) noexcept
    : page_(std::exchange(other.page_, nullptr)), mapped_(other.mapped_), data_(std::exchange(other.data_, nullptr)) {}

MappedBytes& MappedBytes::operator=(MappedBytes&& other) noexcept {
  std::swap(page_, other.page_);
  std::swap(mapped_, other.mapped_);
  std::swap(data_, other.data_);
  return *this;
}

MappedBytes::~MappedBytes() {
  if (page_ != nullptr) ::munmap(page_, mapped_);
}

}  // namespace sextant::datapath
