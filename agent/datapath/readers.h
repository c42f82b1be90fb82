// Waiting until no BPF program still reads what it could read before: the kernel's RCU grace period.
//
// After a bank of tables has been put out of force, begin(); before that bank is written again, wait(). The wait runs
// on a thread of its own from begin() on, so that the next write seldom waits at all. It asks the kernel by replacing
// an element of a map of maps, for which the kernel promises to wait for every running program (kernel/bpf/syscall.c,
// maybe_wait_bpf_programs); membarrier(2) promises less with one CPU, and nothing with nohz_full.
// Thread: one at a time.
#pragma once

#include <future>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"

namespace sextant::datapath {

class Readers {
 public:
  // Needs CAP_BPF.
  static Result<Readers> create();
  Readers(Readers&&) noexcept = default;
  Readers& operator=(Readers&&) noexcept = default;
  ~Readers();

  // From here on programs read other memory.
  void begin();
  // Whether wait() would return at once.
  bool gone() const;
  // Every program that ran when begin() was called has ended. Errors: the kernel did not say; nothing may be written.
  Result<> wait();

 private:
  Readers(UniqueFd element, UniqueFd outer);

  UniqueFd element_;
  UniqueFd outer_;
  std::shared_future<int> grace_{};  // 0 or -errno; none: nothing to wait for
};

}  // namespace sextant::datapath
