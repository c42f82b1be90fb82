// The uplink program on kernels without TCX (before 6.6): a filter at the clsact ingress of a device, at the first
// priority.
//
// A filter outlives its process, so a stale one is recognised by its handle and its program's name, replaced, or
// removed by clear_stale(). Among filters of one priority the last added runs first, so ours comes before a CNI's that
// was there (net/sched/cls_bpf.c, cls_bpf_change), and lets it run by TC_ACT_UNSPEC. Thread: as the caller's.
#pragma once

#include <string_view>

#include "agent/base/result.h"

namespace sextant::datapath {

class ClsactFilter {
 public:
  static Result<ClsactFilter> attach(int ifindex, int program_fd);
  ClsactFilter(ClsactFilter&& other) noexcept;
  ClsactFilter& operator=(ClsactFilter&& other) noexcept;
  // Removes the filter, and the clsact qdisc when this made it and nothing else uses it.
  ~ClsactFilter();

  // Whether the device still has it: others may have removed it.
  bool is_attached() const;

 private:
  ClsactFilter(int ifindex, bool made_qdisc) : ifindex_(ifindex), made_qdisc_(made_qdisc) {}

  int ifindex_ = 0;  // 0: nothing to remove
  bool made_qdisc_ = false;
};

// Removes the filters that earlier processes left on any device. How many there were.
int clear_stale_filters();

}  // namespace sextant::datapath
