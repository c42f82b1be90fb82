// Sends the benchmark's packets out of a device, and prints the nanoseconds of CPU time that each took on its way: what
// is hooked into the way out is measured by the difference.
//
//   send_bench DEVICE none|sextant TIMES PREFIXES
//
// sextant: the uplink's program is at the device's TCX egress meanwhile. A line for each packet: its name, a tab, the
// figure. Needs root. Run by bench/peers.py, in a network namespace of its own.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>

#include "agent/base/c_ptr.h"
#include "agent/datapath/packet_bench.h"
#include "agent/datapath/rows.h"
#include "agent/datapath/tables.h"
#include "agent/datapath/uplink.h"
#include "bench.skel.h"

namespace {

using namespace sextant;
using namespace sextant::datapath;

constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15;
constexpr std::string_view kCases[] = {"established TCP", "TCP SYN, new sources"};

void free_bench(bench_bpf* skeleton) noexcept { bench_bpf::destroy(skeleton); }

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "send_bench: %s\n", why.c_str());
  std::exit(2);
}

template <class T>
T or_stop(Result<T> result) {
  if (!result) stop(result.error().what);
  return std::move(*result);
}

// The uplink's program with its tables, at the device's egress as long as this lives.
struct Sextant {
  Rows rows;
  Tables tables;
  Uplink uplink;
  UniqueFd link{};

  Sextant(unsigned ifindex, std::uint32_t prefixes)
      : rows(or_stop(Rows::create({}))),
        tables(or_stop(Tables::create({}))),
        uplink(or_stop(Uplink::load({}, [this](bpf_object& object) -> Result<> {
          if (auto lent = rows.lend_to(object); !lent) return lent;
          return tables.lend_to(object);
        }))) {
    or_stop(tables.set_intent(bench_intent(prefixes), [](auto) {}));
    link = UniqueFd(bpf_link_create(uplink.program_fd(true), static_cast<int>(ifindex), BPF_TCX_EGRESS, nullptr));
    if (!link) stop("attach to the device's egress (Linux 6.6)");
  }
};

double send(bench_bpf& skeleton, const BenchPacket& packet, std::uint32_t times) {
  const int send = bpf_program__fd(skeleton.progs.send);
  if (packet.variation == Variation{}) return or_stop(run_often(send, packet.frame, times));
  const std::uint32_t zero = 0;
  if (bpf_map_update_elem(bpf_map__fd(skeleton.maps.target), &zero, &send, BPF_ANY) != 0) stop("choose what sends");
  skeleton.bss->variation = to_kernel(packet.variation, skeleton.bss->variation.state);
  return or_stop(run_often(bpf_program__fd(skeleton.progs.vary), packet.frame, times));
}

}  // namespace

int main(int count, char** words) {
  const unsigned ifindex = count == 5 ? if_nametoindex(words[1]) : 0;
  if (ifindex == 0) stop("usage: send_bench DEVICE none|sextant TIMES PREFIXES");
  const auto times = static_cast<std::uint32_t>(std::atoi(words[3]));
  std::optional<Sextant> sextant;
  if (std::string_view(words[2]) == "sextant")
    sextant.emplace(ifindex, static_cast<std::uint32_t>(std::atoi(words[4])));
  const CPtr<bench_bpf, free_bench> skeleton(bench_bpf::open_and_load());
  if (!skeleton) stop("load the programs");
  skeleton->bss->send_ifindex = ifindex;
  skeleton->bss->variation.state = kSeed;
  for (const PacketCase& each : bench_cases()) {
    if (each.packet.hook != BenchHook::kUplink || std::ranges::find(kCases, each.name) == std::end(kCases)) continue;
    send(*skeleton, each.packet, times / 10);
    std::printf("%s\t%.2f\n", each.name.c_str(), send(*skeleton, each.packet, times));
  }
  return 0;
}
