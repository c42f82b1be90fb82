#include "agent/datapath/readers.h"

#include <chrono>
#include <utility>

#include <gtest/gtest.h>
#include <unistd.h>

namespace sextant::datapath {
namespace {

class ReadersTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

TEST_F(ReadersTest, NeedNoWaitBeforeTheyBegin) {
  auto readers = Readers::create();
  ASSERT_TRUE(readers) << readers.error().what;
  EXPECT_TRUE(readers->gone());
  EXPECT_TRUE(readers->wait());
}

TEST_F(ReadersTest, AreGoneAfterTheWaitAlsoAgainAndAgain) {
  auto readers = Readers::create().value();
  for (int i = 0; i < 5; ++i) {
    readers.begin();
    EXPECT_TRUE(readers.wait());
    EXPECT_TRUE(readers.gone());
  }
}

TEST_F(ReadersTest, AreWaitedForByTheirNewOwnerWhenMoved) {
  auto readers = Readers::create().value();
  readers.begin();
  Readers moved = std::move(readers);
  EXPECT_TRUE(moved.wait());
}

}  // namespace
}  // namespace sextant::datapath
