// What a figure must be read with: the machine that it was measured on.
#pragma once

#include <string>
#include <string_view>

namespace sextant::datapath {

struct BenchMachine {
  std::string kernel{};  // "Linux 6.18.44"
  std::string architecture{};
  std::string cpu{};  // empty: the kernel does not say
  unsigned cpus = 0;
  std::string clock{};  // the kernel's clock source
};

BenchMachine this_machine();

// The model in the text of /proc/cpuinfo: x86's "model name"; arm64's kernel gives numbers only, "implementer 0x41,
// part 0xd0c".
std::string cpu_model(std::string_view cpuinfo);

}  // namespace sextant::datapath
