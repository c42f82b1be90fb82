// The delivery witness: bpf/delivery.bpf.c at the root of cgroup2. A packet that it counts has reached a socket.
//
// Of a UDP flow that goes as intended a packet a second is counted on each processor, as it is the flow that counts.
// Not visible: what the kernel answers itself (ICMPv6 echo) and what is forwarded. Owns the programs and their links;
// destroying it detaches them.
// Thread: as the caller's.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"
#include "agent/datapath/datapath.h"
#include "agent/datapath/shared_maps.h"

struct bpf_link;
struct delivery_bpf;
extern "C" int bpf_link__destroy(bpf_link* link);

namespace sextant::datapath {

void free_delivery(delivery_bpf* skeleton) noexcept;

class Delivery {
 public:
  struct Config {
    std::string cgroup{};  // cgroup2 mount
    std::chrono::milliseconds event_interval{1000};
  };

  // Loads the programs, attaches nothing. Needs CAP_BPF and CAP_PERFMON.
  static Result<Delivery> load(const Config& config, const Lend& lend);

  // Needs CAP_NET_ADMIN. From here on packets are seen.
  Result<> attach();

  // Sees; or blind, when the cgroup is not the root of the hierarchy and the rest of the node is out of sight.
  WitnessStatus status() const;
  std::vector<Datapath::ProgramUse> use() const;
  std::vector<Datapath::MapUse> map_use() const;

  int ingress_fd() const;  // for BPF_PROG_TEST_RUN
  int egress_fd() const;

 private:
  using Skeleton = CPtr<delivery_bpf, free_delivery>;
  using Link = CPtr<bpf_link, bpf_link__destroy>;
  Delivery(Config config, Skeleton skeleton);

  Config config_;
  Skeleton skeleton_;
  Link ingress_;
  Link egress_;
  Time attached_{};
};

}  // namespace sextant::datapath
