// The attempts that the uplink program books (bpf/attempts.h), as values of the model.
//
// The kernel's cells are few and are emptied into a book outside the kernel when they run low: programs are pointed to
// the other bank, and when none writes the old one any more, that is summed up and cleared. What attempts() tells is
// the sum of both banks, the cells without a port, and the book: it never shrinks but for folding
// (agent/datapath/attempt_book.h), which keeps the sums. Thread: as the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "agent/base/result.h"
#include "agent/datapath/attempt_book.h"
#include "agent/datapath/kernel_clock.h"
#include "agent/datapath/mapped_array.h"
#include "agent/datapath/readers.h"
#include "agent/datapath/roster.h"
#include "agent/model/observation.h"
#include "bpf/books.h"

namespace sextant::datapath {

// Where the program's books are; the owner of the program outlives whoever has them.
struct AttemptMaps {
  int cells = -1;             // `attempts`
  int rest = -1;              // `attempts_rest`
  std::uint32_t slots = 0;    // of endpoints
  std::uint32_t buckets = 0;  // cells of a bank
  std::uint32_t limit = 0;    // of them that may be used
  volatile std::uint32_t* bank_in_use = nullptr;
  attempt_bank* banks = nullptr;  // ATTEMPT_BANKS
};

class Attempts {
 public:
  static constexpr std::chrono::seconds kFlipGap{5};  // a flood of ports must not keep us busy

  // Needs CAP_BPF.
  static Result<Attempts> create(const AttemptMaps& maps);

  // Empties the kernel's cells when they run low. To be called about once a second.
  Result<> tend(const Roster& roster);
  // The last time that the seats of these mean them.
  Result<> farewell(std::span<const Roster::Departed> departed);

  // Of endpoints that are or were; the kernel's cells and the book together.
  Result<std::vector<AttemptCount>> list(const Roster& roster) const;

  std::uint64_t used() const;  // cells of the bank in use
  std::uint64_t rest() const;  // packets that found no cell of their own since the start

 private:
  Attempts(const AttemptMaps& maps, Readers readers);

  // Adds the cells of a bank whose ids `name` knows.
  using Name = std::function<const EndpointRef*(std::uint32_t id)>;
  Result<> add_bank(AttemptBook& to, std::uint32_t bank, const Name& name) const;
  Result<> clear_bank(std::uint32_t bank);
  // All of `attempts_rest`; nothing when nothing was ever booked there.
  Result<MappedArray<attempt_rest>> map_rest() const;
  void add_rest(AttemptBook& to, std::span<attempt_rest> slot, const EndpointRef& endpoint) const;
  Result<> empty_bank(const Roster& roster);
  bool runs_low() const;
  void flip();
  attempt_bank fill(std::uint32_t bank) const;

  AttemptMaps maps_;
  Readers readers_;
  AttemptBook book_;
  KernelClock clock_{};
  std::optional<std::uint32_t> emptying_{};  // the bank that programs have been pointed away from
  std::uint64_t rest_at_flip_ = 0;
  std::uint64_t flipped_ns_ = 0;
};

}  // namespace sextant::datapath
