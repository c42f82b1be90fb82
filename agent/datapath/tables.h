// The verdict tables in the kernel: the intent goes down here.
//
// Owns the maps of bpf/tables.bpf.c, which every program reads (bpf/tables.h has the layouts and the rule of the two
// banks). A new intent is written to the bank that is not in force; raising the generation puts it in force for every
// program at once, so a packet is judged by the old intent or by the new one.
// Thread: as the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"
#include "agent/datapath/datapath.h"
#include "agent/datapath/readers.h"
#include "agent/datapath/roster.h"
#include "agent/datapath/table_image.h"

struct bpf_map;
struct bpf_object;
struct table_front;
struct tables_bpf;

namespace sextant::datapath {

void free_tables(tables_bpf* skeleton) noexcept;

class Tables {
 public:
  // Makes the maps; they hold no intent yet. Needs CAP_BPF. Errors also for sizes that no table can have.
  static Result<Tables> create(const Sizes& sizes);

  // Makes the object's maps of the same names these; before the object is loaded.
  Result<> lend_to(bpf_object& object) const;

  // Called with the endpoints that have left, when nothing in the kernel can write under their seats any more and
  // before these are used again: the last time to read what was counted for them.
  using Farewell = std::function<void(std::span<const Roster::Departed>)>;

  // Puts the intent in force, and returns what did not fit and reads as unknown. Errors: the tables are as they were.
  Result<std::vector<std::string>> set_intent(const KernelIntent& intent, const Farewell& farewell);
  // Of the intent in force; 0: none yet.
  std::uint64_t generation() const { return generation_; }

  // Who has an id; nullptr: nobody, or no longer.
  const EndpointRef* endpoint(std::uint32_t id) const { return roster_.find(id); }
  const Roster& roster() const { return roster_; }

  // The devices whose packets are counted under a slot of their own: (ifindex, slot).
  struct UplinkSlot {
    std::uint32_t ifindex = 0;
    std::uint32_t slot = 0;
  };
  Result<> set_uplinks(std::span<const UplinkSlot> uplinks);

  std::vector<Datapath::MapUse> use() const;

 private:
  using Skeleton = CPtr<tables_bpf, free_tables>;
  Tables(Skeleton skeleton, Readers readers, const Sizes& sizes, std::uint64_t seed);

  Result<> write_bank(const TableImage& image, std::uint32_t bank);
  void put_in_force();
  table_front& front();

  Skeleton skeleton_;
  Readers readers_;
  TableLimits limits_;
  Roster roster_;
  std::uint64_t seed_;
  std::uint64_t generation_ = 0;
  // Of the last image: what map_use tells.
  struct Fill {
    std::size_t endpoints = 0, sources = 0, parts = 0, blocks = 0, cells = 0, policies = 0, ranges = 0;
  } fill_{};
  std::size_t uplinks_ = 0;
};

}  // namespace sextant::datapath
