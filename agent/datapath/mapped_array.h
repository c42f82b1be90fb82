// A part of a BPF array map as memory, for as long as this lives.
//
// Only the pages of that part are mapped, and only while they are read or written: the kernel counts mapped pages of a
// map as resident memory of the process, and the tables are mostly empty.
// Thread: as the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "agent/base/result.h"

namespace sextant::datapath {

class MappedBytes {
 public:
  MappedBytes() = default;
  // `length` bytes from `offset` of the values of a map with BPF_F_MMAPABLE. Errors when they reach beyond its end.
  static Result<MappedBytes> map(int fd, std::uint64_t offset, std::size_t length, bool writable);
  MappedBytes(MappedBytes&& other) noexcept;
  MappedBytes& operator=(MappedBytes&& other) noexcept;
  ~MappedBytes();

  std::byte* data() const { return data_; }

 private:
  MappedBytes(void* page, std::size_t mapped, std::byte* data) : page_(page), mapped_(mapped), data_(data) {}

  void* page_ = nullptr;
  std::size_t mapped_ = 0;
  std::byte* data_ = nullptr;
};

template <class Element>
class MappedArray {
 public:
  static_assert(sizeof(Element) % 8 == 0, "the kernel rounds elements up to 8 bytes");

  // Elements [first, first + count). count 0 maps nothing.
  static Result<MappedArray> map(int fd, std::uint64_t first, std::size_t count, bool writable) {
    if (count == 0) return MappedArray(MappedBytes(), {});
    auto bytes = MappedBytes::map(fd, first * sizeof(Element), count * sizeof(Element), writable);
    if (!bytes) return Failure(std::move(bytes.error()));
    std::span<Element> elements(reinterpret_cast<Element*>(bytes->data()), count);
    return MappedArray(std::move(*bytes), elements);
  }

  std::span<Element> elements() const { return elements_; }

 private:
  MappedArray(MappedBytes bytes, std::span<Element> elements) : bytes_(std::move(bytes)), elements_(elements) {}

  MappedBytes bytes_;
  std::span<Element> elements_{};
};

}  // namespace sextant::datapath
