#include "agent/datapath/mapped_array.h"

#include <cstdint>
#include <utility>

#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include "agent/base/c_ptr.h"

namespace sextant::datapath {
namespace {

class MappedArrayTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kEntries = 5000;  // several pages

  void SetUp() override {
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
    map_ = UniqueFd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "test", 4, 8, kEntries, &options));
    if (!map_) GTEST_SKIP() << "no BPF here";
  }
  std::uint64_t value(std::uint32_t key) const {
    std::uint64_t value = 0;
    EXPECT_EQ(bpf_map_lookup_elem(map_.get(), &key, &value), 0);
    return value;
  }

  UniqueFd map_{};
};

TEST_F(MappedArrayTest, WritesTheElementsItNames) {
  for (const std::uint32_t first : {0U, 1U, 511U, 512U, 513U, 4990U}) {
    auto window = MappedArray<std::uint64_t>::map(map_.get(), first, 10, true);
    ASSERT_TRUE(window) << window.error().what;
    ASSERT_EQ(window->elements().size(), 10U);
    for (std::uint64_t& element : window->elements()) element = first + 1;
    EXPECT_EQ(value(first), first + 1);
    EXPECT_EQ(value(first + 9), first + 1);
  }
}

TEST_F(MappedArrayTest, RefusesWhatReachesBeyondTheMap) {
  EXPECT_FALSE(MappedArray<std::uint64_t>::map(map_.get(), kEntries, 10'000, true));
}

TEST_F(MappedArrayTest, MapsNothingForNoElements) {
  auto window = MappedArray<std::uint64_t>::map(map_.get(), 0, 0, true);
  ASSERT_TRUE(window);
  EXPECT_TRUE(window->elements().empty());
}

TEST_F(MappedArrayTest, StaysMappedWhenItMoves) {
  auto window = MappedArray<std::uint64_t>::map(map_.get(), 3, 1, true);
  ASSERT_TRUE(window);
  const MappedArray<std::uint64_t> moved = std::move(*window);
  moved.elements().front() = 77;
  EXPECT_EQ(value(3), 77U);
}

}  // namespace
}  // namespace sextant::datapath
