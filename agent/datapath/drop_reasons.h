// The kernel's reasons for freeing a packet: their names, and what each says about reachability.
//
// Numbers differ from kernel to kernel; names are read from its BTF (enum skb_drop_reason,
// include/net/dropreason-core.h). Thread: immutable once made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "bpf/reasons.h"

struct btf;

namespace sextant::datapath {

// DEATH_* of bpf/reasons.h: what a reason of this name (without SKB_DROP_REASON_) means. Names not known here, of newer
// kernels, are drops: a witness errs on the side of telling.
std::uint8_t death_of(std::string_view reason);
// The same for the reasons of a subsystem (enum skb_drop_reason_subsys, without SKB_DROP_REASON_SUBSYS_).
std::uint8_t death_of_subsystem(std::string_view subsystem);

class DropReasons {
 public:
  // Errors when the kernel has no such enum: it is older than 5.17.
  static Result<DropReasons> from(const btf& kernel);

  std::string name(std::uint32_t reason) const;

  // By number: what bpf/death.bpf.c is told.
  const std::array<std::uint8_t, DEATH_REASONS>& deaths() const { return deaths_; }
  const std::array<std::uint8_t, DEATH_SUBSYSTEMS>& subsystem_deaths() const { return subsystem_deaths_; }

 private:
  std::vector<std::string> names_{};
  std::vector<std::string> subsystem_names_{};
  std::array<std::uint8_t, DEATH_REASONS> deaths_{};
  std::array<std::uint8_t, DEATH_SUBSYSTEMS> subsystem_deaths_{};
};

}  // namespace sextant::datapath
