#include "agent/datapath/uplinks.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "agent/base/capabilities.h"
#include "tests/bpf/sandbox.h"
#include "tests/bpf/uplink_fixture.h"

namespace sextant::test {
namespace {

using datapath::Uplinks;

// Real links: the node's uplink eth0 is one end of a veth pair, w0 in the internet the other. Each test's body runs
// inside the node's network namespace.
class UplinksTest : public UplinkTest {
 protected:
  void SetUp() override {
    UplinkTest::SetUp();
    if (IsSkipped()) return;
    wire_ = std::make_unique<Wire>(kPublic, kEndpoint);
    wire_->near.run("ip link set eth0 mtu 9000");
    wire_->far.run("ip link set w0 mtu 9000");
  }
  void TearDown() override {
    if (wire_) on_node([&] { uplinks_.reset(); });
  }

  void on_node(const std::function<void()>& body) { wire_->near.in(body); }

  void watch(std::vector<Link> links, Uplinks::Hook hook = Uplinks::Hook::kTcx) {
    uplinks_.reset();
    uplinks_.emplace(*uplink_, *tables_, hook);
    uplinks_->set(links);
  }
  static Link link(const std::string& name, bool has_ethernet = true) {
    return {.index = static_cast<int>(::if_nametoindex(name.c_str())), .name = name, .has_ethernet = has_ethernet};
  }

  // One more device of the node's.
  void make_link(const std::string& name) {
    wire_->near.run("ip link add " + name + " type veth peer name peer-" + name);
  }

  // Puts frames on the wire at the internet's end.
  void send(const std::vector<Bytes>& frames) {
    wire_->far.in([&] {
      const UniqueFd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
      sockaddr_ll to{};
      to.sll_family = AF_PACKET;
      to.sll_ifindex = static_cast<int>(::if_nametoindex("w0"));
      for (const Bytes& frame : frames) {
        const ssize_t sent =
            ::sendto(socket.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
        if (sent != static_cast<ssize_t>(frame.size())) fail("send a frame of " + std::to_string(frame.size()));
      }
    });
  }
  void send_syns(std::uint16_t count, std::uint16_t port = 443) {
    std::vector<Bytes> frames;
    for (std::uint16_t i = 0; i < count; ++i)
      frames.push_back(ethernet(PacketBuilder(kPublic, kEndpoint).syn(i, port)));
    send(frames);
  }

  // What the uplink has of a fate, once it has that many.
  std::uint64_t of(const std::string& uplink, PacketFate wanted, std::uint64_t expected) {
    std::uint64_t packets = 0;
    for (int tries = 0; tries < 100; ++tries) {
      packets = 0;
      for (const UplinkCount& count : counts())
        packets += count.uplink == uplink && count.fate == wanted ? count.packets : 0;
      if (packets >= expected) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return packets;
  }

  // Names of the programs at a device's tcx ingress, the first first.
  static std::vector<std::string> tcx_programs(const std::string& device) {
    std::uint32_t ids[16] = {};
    LIBBPF_OPTS(bpf_prog_query_opts, options, .prog_ids = ids, .prog_cnt = 16);
    if (bpf_prog_query_opts(static_cast<int>(::if_nametoindex(device.c_str())), BPF_TCX_INGRESS, &options) != 0)
      return {"?"};
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < options.prog_cnt; ++i) {
      const UniqueFd program(bpf_prog_get_fd_by_id(ids[i]));
      bpf_prog_info info{};
      std::uint32_t size = sizeof info;
      names.push_back(bpf_prog_get_info_by_fd(program.get(), &info, &size) == 0 ? info.name : "?");
    }
    return names;
  }

  // A program that accepts every packet, as a CNI's may: nothing behind it sees any.
  static UniqueFd accepting_program(const char* name) {
    const bpf_insn insns[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
                              {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    return UniqueFd(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, name, "GPL", insns, 2, nullptr));
  }

  bool node_has(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

  std::unique_ptr<Wire> wire_{};
};

TEST_F(UplinksTest, CountsWhatArrivesUnderTheUplinksName) {
  on_node([&] {
    watch({link("eth0")});
    const WitnessStatus status = uplinks_->status();
    EXPECT_EQ(status.state, WitnessState::kSees) << status.reason;
    EXPECT_EQ(status.covers, "uplink eth0");
    send_syns(10);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 10), 10U);
  });
}

TEST_F(UplinksTest, LeavesNothingBehind) {
  on_node([&] {
    watch({link("eth0")});
    EXPECT_EQ(tcx_programs("eth0"), std::vector<std::string>{"sextant_uplink"});
    uplinks_.reset();
    EXPECT_TRUE(tcx_programs("eth0").empty());
  });
}

TEST_F(UplinksTest, ComesBeforeWhoIsThereAlready) {
  on_node([&] {
    const UniqueFd other = accepting_program("cil_from_netdev");
    const UniqueFd link_of_other(bpf_link_create(other.get(), link("eth0").index, BPF_TCX_INGRESS, nullptr));
    ASSERT_TRUE(link_of_other);
    watch({link("eth0")});
    EXPECT_EQ(tcx_programs("eth0"), (std::vector<std::string>{"sextant_uplink", "cil_from_netdev"}));
    send_syns(3);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 3), 3U);
  });
}

TEST_F(UplinksTest, CountsFramesThatAreCutShortAtAnyByte) {
  on_node([&] {
    watch({link("eth0")});
    const Bytes frame = ethernet(PacketBuilder(kPublic, kEndpoint).syn(1000, 443));
    std::vector<Bytes> frames;
    for (std::size_t length = 15; length < frame.size(); ++length) {
      frames.emplace_back(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
    }
    send(frames);
    send_syns(1);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 1), 1U);
    EXPECT_EQ(of("eth0", PacketFate::kMalformed, frames.size()), frames.size());
  });
}

TEST_F(UplinksTest, ReadsHeadersThatAreNotInTheLinearPart) {
  on_node([&] {
    watch({link("eth0")});
    // A packet socket puts all but the Ethernet header of a frame that is larger than a page into fragments.
    Bytes options(2048, 0);
    options[1] = 255;
    PacketBuilder packet(kPublic, kEndpoint);
    for (int i = 0; i < 3; ++i) packet = packet.with(kDestinationOptions, options);
    send({ethernet(packet.syn(1000, 443)), ethernet(PacketBuilder(kPublic, kEndpoint).udp(1, 443, Bytes(5000, 1)))});
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 2), 2U);
  });
}

// The kernel takes the outer tag out of the frame before our hook; the inner one stays.
TEST_F(UplinksTest, LooksBehindVlanTagsOfRealFrames) {
  on_node([&] {
    watch({link("eth0")});
    const Bytes packet = PacketBuilder(kPublic, kEndpoint).syn(1000, 443);
    send({ethernet(packet, {5}), ethernet(packet, {5, 6}), ethernet(packet, {5, 6, 7})});
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 3), 3U);
    send({ethernet(packet, {5, 6, 7, 8})});
    EXPECT_EQ(of("eth0", PacketFate::kUnsupportedHeader, 1), 1U);
  });
}

TEST_F(UplinksTest, WatchesADeviceWithoutALinkHeader) {
  on_node([&] {
    const UniqueFd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    if (!tun) GTEST_SKIP() << "no /dev/net/tun";
    ifreq request{};
    std::strncpy(request.ifr_name, "tailscale0", sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    ASSERT_EQ(::ioctl(tun.get(), TUNSETIFF, &request), 0);
    wire_->near.run("ip link set tailscale0 up");
    watch({link("eth0"), link("tailscale0", false)});
    EXPECT_EQ(uplinks_->status().covers, "uplinks eth0, tailscale0");
    const Bytes packet = PacketBuilder(kPublic, kEndpoint).syn(1000, 443);
    ASSERT_EQ(::write(tun.get(), packet.data(), packet.size()), static_cast<ssize_t>(packet.size()));
    EXPECT_EQ(of("tailscale0", PacketFate::kJudged, 1), 1U);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 0), 0U);
  });
}

TEST_F(UplinksTest, AttachesAgainToAnUplinkThatIsMadeAgain) {
  on_node([&] {
    watch({link("eth0")});
    send_syns(2);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 2), 2U);
    wire_->near.run("ip link delete eth0");
    EXPECT_EQ(uplinks_->status().state, WitnessState::kBlind);
    EXPECT_FALSE(uplinks_->status().reason.empty());
    uplinks_->set({});
    EXPECT_EQ(uplinks_->status().state, WitnessState::kAbsent);
    wire_->far.run("ip link add w0 type veth peer name eth0 netns " + wire_->near.path() + " && ip link set w0 up");
    wire_->near.run("ip link set eth0 up");
    uplinks_->set({link("eth0")});
    EXPECT_EQ(uplinks_->status().state, WitnessState::kSees) << uplinks_->status().reason;
    send_syns(3);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 5), 5U) << "the counts go on";
  });
}

TEST_F(UplinksTest, AttachesAgainWhenSomebodyDetachedIt) {
  on_node([&] {
    watch({link("eth0")});
    EXPECT_FALSE(uplinks_->tend()) << "nothing changed";
    std::uint32_t ids[4] = {};
    std::uint32_t programs[4] = {};
    LIBBPF_OPTS(bpf_prog_query_opts, options, .prog_ids = programs, .prog_cnt = 4);
    options.link_ids = ids;
    ASSERT_EQ(bpf_prog_query_opts(link("eth0").index, BPF_TCX_INGRESS, &options), 0);
    const UniqueFd theirs(bpf_link_get_fd_by_id(ids[0]));
    ASSERT_EQ(bpf_link_detach(theirs.get()), 0);
    EXPECT_EQ(uplinks_->status().state, WitnessState::kBlind);
    EXPECT_EQ(uplinks_->status().reason, "eth0: detached by another program");
    uplinks_->tend();
    EXPECT_EQ(uplinks_->status().state, WitnessState::kSees);
    EXPECT_EQ(tcx_programs("eth0"), std::vector<std::string>{"sextant_uplink"});
  });
}

TEST_F(UplinksTest, StopsWatchingWhatIsNoUplinkAnyMoreAndKeepsItsCounts) {
  on_node([&] {
    make_link("other");
    watch({link("eth0"), link("other")});
    send_syns(4);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 4), 4U);
    uplinks_->set({link("other")});
    EXPECT_TRUE(tcx_programs("eth0").empty());
    EXPECT_EQ(tcx_programs("other").size(), 1U);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 4), 4U);
    // Whoever gets its slot begins at 0.
    make_link("third");
    uplinks_->set({link("other"), link("third")});
    EXPECT_EQ(of("third", PacketFate::kJudged, 0), 0U);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 4), 4U);
  });
}

TEST_F(UplinksTest, SaysWhichUplinkItCannotWatch) {
  on_node([&] {
    watch({link("eth0"), {.index = 4711, .name = "gone0"}});
    const WitnessStatus status = uplinks_->status();
    EXPECT_EQ(status.state, WitnessState::kBlind);
    EXPECT_EQ(status.covers, "uplink eth0");
    EXPECT_TRUE(status.reason.starts_with("gone0: attach to tcx")) << status.reason;
  });
}

TEST_F(UplinksTest, SaysThatThereAreMoreUplinksThanItCanWatch) {
  on_node([&] {
    std::vector<Link> links;
    for (std::size_t i = 0; i <= Uplinks::kMax; ++i) {
      const std::string name = "up" + std::to_string(i);
      make_link(name);
      links.push_back(link(name));
    }
    const Link beyond = links.back();
    links.pop_back();
    watch(links);
    EXPECT_EQ(uplinks_->status().state, WitnessState::kSees);
    links.push_back(beyond);
    uplinks_->set(links);
    EXPECT_EQ(uplinks_->status().state, WitnessState::kBlind);
    EXPECT_TRUE(uplinks_->status().reason.contains("up16 is not watched")) << uplinks_->status().reason;
    EXPECT_TRUE(tcx_programs("up16").empty());
  });
}

TEST_F(UplinksTest, IsAbsentWithoutAnUplinkAndStartingBeforeItIsTold) {
  on_node([&] {
    uplinks_.reset();
    uplinks_.emplace(*uplink_, *tables_);
    EXPECT_EQ(uplinks_->status().state, WitnessState::kStarting);
    uplinks_->set({});
    EXPECT_EQ(uplinks_->status().state, WitnessState::kAbsent);
  });
}

TEST_F(UplinksTest, UsesClsactWhereThereIsNoTcxAndLeavesNothingBehind) {
  on_node([&] {
    watch({link("eth0")}, Uplinks::Hook::kClsact);
    EXPECT_EQ(uplinks_->status().state, WitnessState::kSees) << uplinks_->status().reason;
    EXPECT_TRUE(uplinks_->status().covers.contains("clsact"));
    EXPECT_TRUE(tcx_programs("eth0").empty());
    send_syns(5);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 5), 5U);
    EXPECT_TRUE(node_has("tc filter show dev eth0 ingress | grep sextant_uplink"));
    uplinks_.reset();
    EXPECT_FALSE(node_has("tc qdisc show dev eth0 | grep clsact"));
  });
}

TEST_F(UplinksTest, ComesBeforeAFilterOfTheSamePriorityAndLeavesItAlone) {
  on_node([&] {
    const UniqueFd other = accepting_program("cil_from_netdev");
    bpf_tc_hook hook{};
    hook.sz = sizeof hook;
    hook.ifindex = link("eth0").index;
    hook.attach_point = BPF_TC_INGRESS;
    ASSERT_EQ(bpf_tc_hook_create(&hook), 0);
    LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = other.get(), .handle = 1, .priority = 1);
    ASSERT_EQ(bpf_tc_attach(&hook, &options), 0);
    watch({link("eth0")}, Uplinks::Hook::kClsact);
    send_syns(5);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 5), 5U);
    uplinks_.reset();
    EXPECT_TRUE(node_has("tc filter show dev eth0 ingress | grep cil_from_netdev"));
    EXPECT_FALSE(node_has("tc filter show dev eth0 ingress | grep sextant_uplink"));
  });
}

TEST_F(UplinksTest, TakesAwayTheFiltersOfAProcessThatWasKilled) {
  on_node([&] {
    make_link("other");
    Child killed([&] {
      static auto eth0 = datapath::ClsactFilter::attach(link("eth0").index, uplink_->program_fd(true));
      static auto other = datapath::ClsactFilter::attach(link("other").index, uplink_->program_fd(true));
      if (!eth0 || !other) fail("attach");
    });
    killed.end();
    EXPECT_TRUE(node_has("tc filter show dev other ingress | grep sextant_uplink"));
    watch({link("eth0")}, Uplinks::Hook::kClsact);
    EXPECT_FALSE(node_has("tc qdisc show dev other | grep clsact"));
    send_syns(5);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, 5), 5U) << "once, not by both filters";
  });
}

// What an agent still has once it gave up what it needs no more.
TEST_F(UplinksTest, AttachesWithNoMoreCapabilitiesThanItSays) {
  for (const auto hook : {Uplinks::Hook::kTcx, Uplinks::Hook::kClsact}) {
    on_node([&] {
      uplinks_.reset();
      uplinks_.emplace(*uplink_, *tables_, hook);
      ASSERT_TRUE(keep_only_capabilities(uplinks_->needed_to_attach()));
      uplinks_->set({link("eth0")});
      EXPECT_FALSE(uplinks_->tend()) << uplinks_->status().reason;
      EXPECT_EQ(uplinks_->status().state, WitnessState::kSees) << uplinks_->status().reason;
    });
    const auto before = of("eth0", PacketFate::kJudged, 0);
    send_syns(5);
    EXPECT_EQ(of("eth0", PacketFate::kJudged, before + 5), before + 5);
  }
}

TEST_F(UplinksTest, FindsThatThisKernelHasTcx) {
  on_node([&] { EXPECT_EQ(Uplinks::best_hook(), Uplinks::Hook::kTcx); });
}

}  // namespace
}  // namespace sextant::test
