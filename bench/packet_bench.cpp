// What the uplink program costs per packet, net of an empty program on the same hook: BPF_PROG_TEST_RUN, one run,
// medians of several rounds and their spread. Each case repeats one packet, so tables are warm in the caches: a lower
// bound. Needs root. Attaches nothing.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "agent/base/c_ptr.h"
#include "agent/datapath/rows.h"
#include "agent/datapath/tables.h"
#include "agent/datapath/uplink.h"
#include "tests/bpf/packet.h"

namespace {

using namespace sextant;
using test::Bytes;
using test::PacketBuilder;

constexpr int kRounds = 9;
constexpr int kRepeat = 200'000;
constexpr const char* kPod = "2001:db8:1::5";
constexpr ClassId kLocal = 1;
constexpr ClassId kWorld = 2;
constexpr ClassId kFirstListed = 3;

struct Cost {
  double median = 0;  // ns a packet
  double least = 0;
  double most = 0;
};

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "packet_bench: %s\n", why.c_str());
  std::exit(2);
}

// TCX_NEXT and nothing else: what the hook itself costs.
UniqueFd empty_program() {
  const std::array<bpf_insn, 2> program{
      bpf_insn{.code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = -1},
      bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  UniqueFd fd(
      ::bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "sextant_empty", "GPL", program.data(), program.size(), nullptr));
  if (!fd) stop("cannot load a BPF program (root is needed)");
  return fd;
}

double once(int program, const Bytes& frame) {
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
              .data_size_in = static_cast<std::uint32_t>(frame.size()), .repeat = kRepeat);
  const auto begun = std::chrono::steady_clock::now();
  if (::bpf_prog_test_run_opts(program, &options) != 0) stop("BPF_PROG_TEST_RUN failed");
  // The kernel's own figure is in whole nanoseconds.
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begun;
  return took.count() / kRepeat;
}

// Rounds of the program and of the empty one take turns, so that a change of the machine's speed meets both.
Cost net_cost(int program, int empty, const Bytes& frame) {
  std::vector<double> net;
  for (int round = 0; round < kRounds; ++round) net.push_back(once(program, frame) - once(empty, frame));
  std::ranges::sort(net);
  return {.median = net[net.size() / 2], .least = net.front(), .most = net.back()};
}

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

KernelRange range(Protocol protocol, std::uint16_t first, std::uint16_t last, Verdict verdict) {
  return {.protocol = protocol, .first_port = first, .last_port = last, .verdict = verdict};
}

// One node's worth of endpoints whose policies name `prefixes` /48s, spread over 2a00::/12.
KernelIntent intent_of(std::uint32_t prefixes) {
  KernelIntent intent;
  const auto add_class = [&](ClassId id, std::string name, bool is_public) {
    intent.classes.push_back(
        std::make_shared<const SourceClass>(SourceClass{.id = id, .name = std::move(name), .is_public = is_public}));
  };
  add_class(kLocal, "local", false);
  add_class(kWorld, "world", true);
  add_class(kFirstListed, "listed", true);
  intent.sources = {{.first = address("::"), .source = kLocal}, {.first = address("2000::"), .source = kWorld}};
  const std::uint64_t step = (std::uint64_t{1} << 52U) / prefixes & ~((std::uint64_t{1} << 17U) - 1);
  for (std::uint32_t i = 0; i < prefixes; ++i) {
    const std::uint64_t high = 0x2a00'0000'0000'0000ULL + i * step;
    intent.sources.push_back({.first = IpAddress::from_halves(high, 0), .source = kFirstListed});
    intent.sources.push_back({.first = IpAddress::from_halves(high + (1ULL << 16U), 0), .source = kWorld});
  }
  intent.sources.push_back({.first = address("4000::"), .source = kLocal});
  intent.port_maps = {
      {range(Protocol::kAny, 0, 65535, Verdict::kDeny), range(Protocol::kTcp, 0, 442, Verdict::kDeny),
       range(Protocol::kTcp, 443, 443, Verdict::kAllow), range(Protocol::kTcp, 444, 65535, Verdict::kDeny),
       range(Protocol::kUdp, 0, 442, Verdict::kDeny), range(Protocol::kUdp, 443, 443, Verdict::kAllow),
       range(Protocol::kUdp, 444, 65535, Verdict::kDeny)},
      {range(Protocol::kAny, 0, 65535, Verdict::kAllow)}};
  intent.policies = {{.default_port_map = 0, .port_map_of_class = {{kFirstListed, 1}}}};
  for (std::uint16_t pod = 5; pod < 255; ++pod) {
    intent.endpoints.push_back({.endpoint = {.kind = EndpointKind::kPod, .ns = "bench", .name = std::to_string(pod)},
                                .addresses = {IpAddress::from_halves(address(kPod).high(), pod)},
                                .policy = 0});
  }
  return intent;
}

struct Case {
  const char* name;
  Bytes frame;
};

std::vector<Case> cases() {
  const PacketBuilder world("2600:1::7", kPod);
  const PacketBuilder elsewhere("2600:1::7", "2001:db8:9::9");
  Bytes ipv4 = test::ethernet(Bytes(60, 0), {}, 0x0800);
  return {{"not IPv6", std::move(ipv4)},
          {"to another destination", test::ethernet(elsewhere.syn(40'000, 443))},
          {"established TCP", test::ethernet(world.tcp(40'000, 443, test::kAck))},
          {"UDP, flow seen before", test::ethernet(world.udp(40'000, 443))},
          {"TCP SYN, allowed", test::ethernet(world.syn(40'000, 443))},
          {"TCP SYN, denied", test::ethernet(world.syn(40'000, 5432))},
          {"ICMPv6 echo request", test::ethernet(world.icmpv6(128))},
          {"TCP SYN behind 1 extension header",
           test::ethernet(world.extension(test::kDestinationOptions).syn(40'000, 443))},
          {"later fragment", test::ethernet(world.fragment(10, false).raw(test::kTcp, Bytes(64, 0)))}};
}

void measure(std::uint32_t prefixes, int empty) {
  const datapath::Sizes sizes{};
  auto rows = datapath::Rows::create({});
  auto tables = datapath::Tables::create(sizes);
  if (!rows || !tables) stop((rows ? tables.error() : rows.error()).what);
  auto uplink = datapath::Uplink::load(sizes, [&](bpf_object& object) -> Result<> {
    if (auto lent = rows->lend_to(object); !lent) return lent;
    return tables->lend_to(object);
  });
  if (!uplink) stop(uplink.error().what);
  const auto set = tables->set_intent(intent_of(prefixes), [](auto) {});
  if (!set) stop(set.error().what);
  if (!set->empty()) stop("the intent does not fit: " + set->front());

  std::printf("\n%u source prefixes, 250 pods                    ns a packet   spread of %d rounds\n", prefixes,
              kRounds);
  for (const Case& each : cases()) {
    const Cost cost = net_cost(uplink->program_fd(true), empty, each.frame);
    std::printf("  %-42s %10.1f   %.1f to %.1f\n", each.name, cost.median, cost.least, cost.most);
  }
}

}  // namespace

int main() {
  const UniqueFd empty = empty_program();
  const Bytes frame = test::ethernet(PacketBuilder("2600:1::7", kPod).syn(40'000, 443));
  std::vector<double> hook;
  for (int round = 0; round < kRounds; ++round) hook.push_back(once(empty.get(), frame));
  std::ranges::sort(hook);
  std::printf("an empty program: %.1f ns (%.1f to %.1f); below, net of it\n", hook[hook.size() / 2], hook.front(),
              hook.back());
  for (const std::uint32_t prefixes : {16U, 1'000U, 100'000U}) measure(prefixes, empty.get());
  return 0;
}
