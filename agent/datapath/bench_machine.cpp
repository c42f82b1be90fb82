#include "agent/datapath/bench_machine.h"

#include <fstream>
#include <iterator>

#include <sys/utsname.h>
#include <unistd.h>

namespace sextant::datapath {
namespace {

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The value of the first line "name<tabs>: value".
std::string value_of(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const std::string_view line = text.substr(at, text.find('\n', at) - at);
    const auto colon = line.find(": ");
    if (line.starts_with(name) && colon != std::string_view::npos &&
        line.find_first_not_of("\t ", name.size()) == colon)
      return std::string(line.substr(colon + 2));
    if (text.find('\n', at) == std::string_view::npos) break;
  }
  return {};
}

}  // namespace

std::string cpu_model(std::string_view cpuinfo) {
  if (std::string name = value_of(cpuinfo, "model name"); !name.empty()) return name;
  const std::string implementer = value_of(cpuinfo, "CPU implementer");
  if (implementer.empty()) return {};
  return "implementer " + implementer + ", part " + value_of(cpuinfo, "CPU part");
}

BenchMachine this_machine() {
  BenchMachine machine{.cpu = cpu_model(text_of("/proc/cpuinfo")),
                       .cpus = static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN)),
                       .clock = text_of("/sys/devices/system/clocksource/clocksource0/current_clocksource")};
  if (machine.clock.ends_with('\n')) machine.clock.pop_back();
  utsname names{};
  if (::uname(&names) == 0) {
    machine.kernel = std::string(names.sysname) + " " + names.release;
    machine.architecture = names.machine;
  }
  return machine;
}

}  // namespace sextant::datapath
