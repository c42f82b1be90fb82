// Sends a flood of TCP packets from random sources out of a device, made in the kernel by bpf/flood.bpf.c.
//
//   flood_generator DEVICE SOURCE_MAC DESTINATION_MAC SECONDS CLASS...
//     CLASS   LOTS,SOURCE,DESTINATION,PORT,FLAGS: so many of every 256 packets; SOURCE a prefix whose other bits are
//             drawn at random, PORT a number or "any", FLAGS "syn" or "ack"
//
// The peer of a veth takes such frames only with NAPI, that is with GRO on. Ends after SECONDS, or when standard input
// does; says "begun" when the first packets are out and then what it sent, as JSON: {"seconds": 1.0, "sent": [...]}.
// Needs CAP_BPF and CAP_NET_ADMIN.
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <poll.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "agent/base/ip.h"
#include "agent/base/result.h"
#include "bpf/flood.h"
#include "flood.skel.h"

namespace {

using namespace sextant;

constexpr std::size_t kFrameSize = 14 + 40 + 20;
constexpr std::uint32_t kBatch = 64;          // a veth's ring holds 256: its peer gets to empty it between two batches
constexpr std::uint32_t kRun = 256 * kBatch;  // between two looks at the clock
constexpr std::uint8_t kSyn = 0x02, kAck = 0x10;

void free_flood(flood_bpf* skeleton) noexcept { flood_bpf::destroy(skeleton); }
using Flood = CPtr<flood_bpf, free_flood>;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t end = text.find(at); end != std::string_view::npos; end = text.find(at)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

template <class T>
Result<T> parse_number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return failure("no number: " + std::string(text));
  return value;
}

Result<> parse_mac(std::string_view text, __u8* to) {
  const auto parts = split(text, ':');
  if (parts.size() != 6) return failure("no MAC address: " + std::string(text));
  for (const std::string_view part : parts) {
    const auto byte = parse_number<std::uint8_t>(part, 16);
    if (!byte) return Failure(byte.error());
    *to++ = *byte;
  }
  return {};
}

struct Kind {
  std::uint32_t lots = 0;
  flood_class packets{};
};

Result<Kind> parse_class(std::string_view text) {
  const auto parts = split(text, ',');
  if (parts.size() != 5) return failure("no class: " + std::string(text));
  const auto lots = parse_number<std::uint32_t>(parts[0]);
  const auto source = Prefix::parse(parts[1]);
  const auto destination = IpAddress::parse(parts[2]);
  const auto port = parts[3] == "any" ? Result<std::uint16_t>(0) : parse_number<std::uint16_t>(parts[3]);
  if (!lots) return Failure(lots.error());
  if (!source) return Failure(source.error());
  if (!destination) return Failure(destination.error());
  if (!port) return Failure(port.error());
  if (parts[4] != "syn" && parts[4] != "ack") return failure("neither syn nor ack: " + std::string(parts[4]));
  return Kind{.lots = *lots,
              .packets = {.source_hi = source->first().high(),
                          .source_hi_mask = source->first().high() ^ source->last().high(),
                          .source_lo = source->first().low(),
                          .source_lo_mask = source->first().low() ^ source->last().low(),
                          .destination_hi = destination->high(),
                          .destination_lo = destination->low(),
                          .sent = 0,
                          .port = *port,
                          .port_mask = parts[3] == "any" ? std::numeric_limits<std::uint16_t>::max() : std::uint16_t{0},
                          .tcp_flags = parts[4] == "syn" ? kSyn : kAck,
                          .pad = {}}};
}

Result<flood> parse_flood(std::span<const std::string_view> macs, std::span<const std::string_view> classes) {
  flood made{};
  made.state = std::random_device()() | 1U;
  if (auto parsed = parse_mac(macs[1], made.ethernet); !parsed) return Failure(parsed.error());
  if (auto parsed = parse_mac(macs[0], made.ethernet + 6); !parsed) return Failure(parsed.error());
  made.ethernet[12] = 0x86;
  made.ethernet[13] = 0xdd;
  if (classes.size() > FLOOD_CLASSES) return failure("more than " + std::to_string(FLOOD_CLASSES) + " classes");
  std::size_t lot = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto kind = parse_class(classes[i]);
    if (!kind) return Failure(kind.error());
    made.classes[i] = kind->packets;
    for (std::uint32_t n = 0; n < kind->lots && lot < FLOOD_SHARES; ++n) made.lots[lot++] = static_cast<__u8>(i);
  }
  if (lot != FLOOD_SHARES) return failure("the lots are " + std::to_string(lot) + ", not 256");
  return made;
}

Result<Flood> load(const std::string& device, const flood& of) {
  Flood skeleton(flood_bpf::open());
  if (!skeleton) return errno_failure("open the program", errno);
  skeleton->rodata->out_ifindex = ::if_nametoindex(device.c_str());
  if (skeleton->rodata->out_ifindex == 0) return errno_failure("find " + device, errno);
  skeleton->bss->flood = of;
  if (const int err = flood_bpf::load(skeleton.get()); err != 0) return errno_failure("load the program", err);
  return skeleton;
}

bool input_ended() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  char byte = 0;
  return ::poll(&input, 1, 0) > 0 && ::read(STDIN_FILENO, &byte, 1) <= 0;
}

// Returns how long it took, in seconds.
Result<double> run(const flood_bpf& skeleton, std::uint32_t seconds) {
  std::array<std::uint8_t, kFrameSize> frame{};
  xdp_md context{};
  context.data_end = kFrameSize;
  const auto begun = std::chrono::steady_clock::now();
  std::chrono::duration<double> took{};
  for (bool first = true; took.count() < seconds && !input_ended(); first = false) {
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_size_in = kFrameSize, .ctx_in = &context,
                .ctx_size_in = sizeof context, .repeat = static_cast<int>(kRun), .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
                .batch_size = kBatch);
    if (const int err = ::bpf_prog_test_run_opts(bpf_program__fd(skeleton.progs.send_packet), &options); err != 0) {
      return errno_failure("send packets", err);
    }
    if (first) {
      std::puts("begun");
      std::fflush(stdout);
    }
    took = std::chrono::steady_clock::now() - begun;
  }
  return took.count();
}

Result<> generate(std::span<const std::string_view> arguments) {
  const auto seconds = parse_number<std::uint32_t>(arguments[3]);
  if (!seconds) return Failure(seconds.error());
  const auto of = parse_flood(arguments.subspan(1, 2), arguments.subspan(4));
  if (!of) return Failure(of.error());
  const auto skeleton = load(std::string(arguments[0]), *of);
  if (!skeleton) return Failure(skeleton.error());
  const auto took = run(**skeleton, *seconds);
  if (!took) return Failure(took.error());
  std::printf("{\"seconds\": %.6f, \"sent\": [", *took);
  for (std::size_t i = 0; i + 4 < arguments.size(); ++i) {
    std::printf("%s%llu", i == 0 ? "" : ", ", (*skeleton)->bss->flood.classes[i].sent);
  }
  std::puts("]}");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() < 5) {
    std::fputs("usage: flood_generator DEVICE SOURCE_MAC DESTINATION_MAC SECONDS CLASS...\n", stderr);
    return 2;
  }
  libbpf_set_print(nullptr);
  if (const auto done = generate(arguments); !done) {
    std::fprintf(stderr, "flood_generator: %s\n", done.error().what.c_str());
    return 2;
  }
  return 0;
}
