#include "agent/app/daemon/heap_use.h"

#include <gtest/gtest.h>

namespace sextant::app {
namespace {

// A heap after the start.
HeapUse started() {
  HeapUse heap;
  heap.tick(true);
  heap.tick(true);
  return heap;
}

bool gives_back_after(HeapUse& heap, int changes) {
  for (int i = 0; i < changes; ++i) heap.on_change();
  return heap.tick(true);
}

TEST(HeapUse, GivesBackOnceTheStartIsOver) {
  HeapUse heap;
  EXPECT_FALSE(heap.tick(false));
  EXPECT_FALSE(heap.tick(false)) << "the sources are not read yet";
  EXPECT_TRUE(heap.tick(true));
  EXPECT_FALSE(heap.tick(true)) << "nothing has changed since";
}

TEST(HeapUse, GivesBackWhenABurstIsOver) {
  HeapUse heap = started();
  EXPECT_FALSE(gives_back_after(heap, 500)) << "more may come";
  EXPECT_TRUE(heap.tick(true));
  EXPECT_FALSE(heap.tick(true));
}

TEST(HeapUse, IsNoBusinessOfAFewChanges) {
  HeapUse heap = started();
  EXPECT_FALSE(gives_back_after(heap, 499));
  EXPECT_FALSE(heap.tick(true));
}

TEST(HeapUse, GivesBackNowAndThenWhileChangesGoOn) {
  HeapUse heap = started();
  EXPECT_FALSE(gives_back_after(heap, 9'999));
  EXPECT_TRUE(gives_back_after(heap, 1));
  EXPECT_FALSE(gives_back_after(heap, 1));
}

}  // namespace
}  // namespace sextant::app
