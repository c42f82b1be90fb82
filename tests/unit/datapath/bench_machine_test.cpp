#include "agent/datapath/bench_machine.h"

#include <gtest/gtest.h>

namespace sextant::datapath {
namespace {

TEST(BenchMachine, NamesTheModelOfX86) {
  EXPECT_EQ(cpu_model("processor\t: 0\nmodel\t\t: 143\nmodel name\t: Intel(R) Xeon(R) @ 2.6 GHz\nstepping\t: 8\n"),
            "Intel(R) Xeon(R) @ 2.6 GHz");
}

TEST(BenchMachine, NumbersTheModelOfArm64) {
  EXPECT_EQ(cpu_model("processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n"),
            "implementer 0x41, part 0xd0c");
}

TEST(BenchMachine, NamesNoModelWhereTheKernelDoesNot) {
  EXPECT_EQ(cpu_model(""), "");
  EXPECT_EQ(cpu_model("model\t\t: 143\nmodel names: none"), "");
}

TEST(BenchMachine, ThisOneHasAKernelAndCpus) {
  const BenchMachine machine = this_machine();
  EXPECT_TRUE(machine.kernel.starts_with("Linux ")) << machine.kernel;
  EXPECT_GE(machine.cpus, 1U);
  EXPECT_FALSE(machine.architecture.empty());
}

}  // namespace
}  // namespace sextant::datapath
