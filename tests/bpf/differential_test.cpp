// What the uplink program says of real packets against what the engine says of the same: random clusters, compiled into
// the kernel's tables, asked about every class of sources and every edge of ports.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/bpf/uplink_fixture.h"
#include "tests/unit/policy/random_scene.h"

namespace sextant::test {
namespace {

using policy::Engine;
using policy::test::Random;
using policy::test::RandomScene;
using policy::test::Stage;
using policy::test::Step;

constexpr datapath::Sizes kSizes{
    .endpoints = 64, .source_ranges = 1024, .cells = 4096, .port_ranges = 8192, .attempts = 64};

// A frame of one protocol, whose addresses and ports are overwritten for each packet.
class Frame {
 public:
  explicit Frame(Protocol protocol) : protocol_(protocol), bytes_(ethernet(packet(protocol))) {}

  const Bytes& about(const IpAddress& from, const IpAddress& to, std::uint16_t source_port, std::uint16_t port) {
    std::ranges::copy(from.bytes, bytes_.begin() + kSource);
    std::ranges::copy(to.bytes, bytes_.begin() + kDestination);
    if (has_ports(protocol_)) {
      put(kPorts, source_port);
      put(kPorts + 2, port);
    } else if (protocol_ == Protocol::kIcmpv6) {
      bytes_[kPorts] = static_cast<std::uint8_t>(port);
    }
    return bytes_;
  }

 private:
  static constexpr std::ptrdiff_t kSource = 14 + 8, kDestination = kSource + 16, kPorts = kDestination + 16;

  static Bytes packet(Protocol protocol) {
    const PacketBuilder builder("::", "::");
    switch (protocol) {
      case Protocol::kTcp:
        return builder.syn(0, 0);
      case Protocol::kUdp:
        return builder.udp(0, 0);
      case Protocol::kSctp:
        return builder.sctp(0, 0);
      case Protocol::kIcmpv6:
        return builder.icmpv6(0);
      default:
        return builder.raw(static_cast<std::uint8_t>(protocol), Bytes(16, 0));
    }
  }
  void put(std::ptrdiff_t at, std::uint16_t value) {
    bytes_[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value >> 8);
    bytes_[static_cast<std::size_t>(at) + 1] = static_cast<std::uint8_t>(value);
  }

  Protocol protocol_;
  Bytes bytes_;
};

// What a packet is booked as.
struct Fate {
  PacketFate fate = PacketFate::kJudged;
  Verdict verdict = Verdict::kUnknown;  // with kJudged
  auto operator<=>(const Fate&) const = default;

  std::string to_string() const {
    const std::string text(sextant::to_string(fate));
    return fate == PacketFate::kJudged ? text + ", " + std::string(sextant::to_string(verdict)) : text;
  }
};

struct Question {
  const KernelEndpoint* to = nullptr;
  IpAddress address{};  // of `to`
  IpAddress from{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;

  std::string to_string() const {
    return from.to_string() + " to " + to->endpoint.to_string() + " (" + address.to_string() + ") " +
           sextant::to_string(protocol) + " " + std::to_string(port);
  }
};

// One program with tables of its own.
class Site {
 public:
  static Result<Site> create() {
    auto rows = datapath::Rows::create({.rows = 8, .strays = 8});
    if (!rows) return Failure(rows.error());
    auto tables = datapath::Tables::create(kSizes);
    if (!tables) return Failure(tables.error());
    auto uplink = datapath::Uplink::load(kSizes, [&](bpf_object& object) -> Result<> {
      if (auto lent = rows->lend_to(object); !lent) return lent;
      return tables->lend_to(object);
    });
    if (!uplink) return Failure(uplink.error());
    return Site(std::move(*rows), std::move(*tables), std::move(*uplink));
  }

  datapath::Tables& tables() { return tables_; }
  const datapath::Tables& tables() const { return tables_; }

  bool send(const Question& question) {
    const auto [at, added] = frames_.try_emplace(question.protocol, question.protocol);
    const Bytes& frame = at->second.about(question.from, question.address, ++source_port_, question.port);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<std::uint32_t>(frame.size()), .repeat = 1);
    return bpf_prog_test_run_opts(uplink_.program_fd(true), &options) == 0 &&
           static_cast<int>(options.retval) == kTcxNext;
  }

  // Packets by fate and verdict.
  using Counts = std::map<Fate, std::uint64_t>;
  Counts counts() const {
    Counts counts;
    const auto slots = uplink_.counts();
    for (const uplink_counts& slot : slots.value()) {
      for (std::uint32_t fate = 0; fate < FATE_COUNT; ++fate) {
        for (std::uint32_t verdict = 0; verdict < VERDICT_COUNT; ++verdict) {
          for (std::uint32_t book = 0; book < BOOK_PROTOCOLS; ++book) {
            const std::uint64_t packets = slot.packets[uplink_cell(fate, verdict, book)];
            if (packets > 0) counts[{static_cast<PacketFate>(fate), static_cast<Verdict>(verdict)}] += packets;
          }
        }
      }
    }
    return counts;
  }

 private:
  Site(datapath::Rows rows, datapath::Tables tables, datapath::Uplink uplink)
      : rows_(std::move(rows)), tables_(std::move(tables)), uplink_(std::move(uplink)) {}

  datapath::Rows rows_;
  datapath::Tables tables_;
  datapath::Uplink uplink_;
  std::map<Protocol, Frame> frames_{};
  std::uint16_t source_port_ = 0;
};

// One state of a cluster, and everything that is asked about it.
class Scenario {
 public:
  Scenario(const Engine& engine, Random& random) : engine_(engine), random_(random), intent_(engine.compile()) {
    std::map<IpAddress, int> holders;
    for (const KernelEndpoint& endpoint : intent_.endpoints) {
      for (const IpAddress& address : endpoint.addresses) ++holders[address];
    }
    for (const KernelEndpoint& endpoint : intent_.endpoints) {
      // Of two that claim an address one is left out, by name; and the programs look at IPv6 only.
      const auto own = std::ranges::find_if(
          endpoint.addresses, [&](const IpAddress& address) { return !address.is_v4() && holders.at(address) == 1; });
      if (own != endpoint.addresses.end()) ask_about(endpoint, *own);
    }
  }

  const KernelIntent& intent() const { return intent_; }
  // In the order of the fate that the engine expects.
  const std::map<Fate, std::vector<Question>>& questions() const { return questions_; }
  // What engine and intent disagree about; empty: nothing.
  const std::string& trouble() const { return trouble_; }

 private:
  void ask_about(const KernelEndpoint& endpoint, const IpAddress& address) {
    const auto intent = engine_.intent(endpoint.endpoint);
    for (std::size_t i = 0; i < intent_.sources.size(); ++i) {
      const SourceRange& range = intent_.sources[i];
      const bool at_end = i + 1 == intent_.sources.size();
      const IpAddress last = at_end ? kAllV6.last() : intent_.sources[i + 1].first.previous();
      const std::optional<IntentRow> row = intent->row(range.source);
      // Every edge from one address of the range; from the others, some.
      const std::array<IpAddress, 3> sources{range.first, last, inside(range.first, last)};
      const std::size_t thorough = random_.below(sources.size());
      for (std::size_t s = 0; s < sources.size(); ++s) {
        if (std::ranges::find(sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(s), sources[s]) !=
            sources.begin() + static_cast<std::ptrdiff_t>(s))
          continue;
        ask_edges({.to = &endpoint, .address = address, .from = sources[s]}, *row, s == thorough ? 1 : 8);
      }
    }
  }

  IpAddress inside(const IpAddress& first, const IpAddress& last) {
    const std::vector<Prefix> parts = cover(first, last);
    return random_.address_in(parts[random_.below(parts.size())]);
  }

  // One in `chance` of the edges of the row's cells.
  void ask_edges(Question question, const IntentRow& row, std::size_t chance) {
    std::set<std::pair<Protocol, std::uint16_t>> edges{{Protocol::kGre, 0}};
    for (const IntentCell& cell : row.cells) {
      const bool icmpv6 = cell.protocol == Protocol::kIcmpv6;
      if (!icmpv6 && !has_ports(cell.protocol)) continue;
      const std::uint16_t most = icmpv6 ? 255 : 65535;
      for (const int port : {cell.first_port - 1, +cell.first_port, +cell.last_port, cell.last_port + 1}) {
        if (port >= 0 && port <= most) edges.emplace(cell.protocol, static_cast<std::uint16_t>(port));
      }
      if (icmpv6) edges.emplace(cell.protocol, static_cast<std::uint16_t>(128));
    }
    for (const auto& [protocol, port] : edges) {
      if (!random_.one_in(chance)) continue;
      question.protocol = protocol;
      question.port = port;
      ask(question, row);
    }
  }

  void ask(const Question& question, const IntentRow& row) {
    const policy::Subject to{.kind = question.to->endpoint.kind == EndpointKind::kNode ? policy::Subject::Kind::kNode
                                                                                       : policy::Subject::Kind::kPod,
                             .ns = question.to->endpoint.ns,
                             .name = question.to->endpoint.name};
    const auto decision = engine_.decide(to, {.address = question.from}, question.protocol, question.port);
    const Verdict intended = row.cell(question.protocol, question.port).verdict;
    if (!decision || decision->verdict != intended) {
      trouble_ += question.to_string() + ": the engine decides " +
                  (decision ? std::string(to_string(decision->verdict)) : decision.error().what) +
                  ", and its intent says " + std::string(to_string(intended)) + "\n";
      return;
    }
    questions_[expected(question, row, intended)].push_back(question);
  }

  // ICMPv6 errors, replies and neighbour discovery open no flow (bpf/packet.h).
  static bool opens_no_flow(const Question& question) {
    const std::uint16_t type = question.port;
    return question.protocol == Protocol::kIcmpv6 && (type < 128 || type == 129 || (type >= 133 && type <= 137));
  }
  static Fate expected(const Question& question, const IntentRow& row, Verdict verdict) {
    if (opens_no_flow(question)) return {.fate = PacketFate::kControl};
    const bool is_public = row.source->is_public && question.from.is_global_unicast();
    return is_public ? Fate{.verdict = verdict} : Fate{.fate = PacketFate::kNotPublic};
  }

  const Engine& engine_;
  Random& random_;
  const KernelIntent intent_;
  std::map<Fate, std::vector<Question>> questions_{};
  std::string trouble_{};
};

// Sends what must be booked alike together, and looks for the one that was not only where the sums differ.
std::string wrong_fates(Site& site, const Scenario& scenario, std::uint64_t& sent) {
  for (const auto& [fate, questions] : scenario.questions()) {
    const std::uint64_t before = site.counts()[fate];
    for (const Question& question : questions) {
      if (!site.send(question)) return question.to_string() + ": the program did not let it go on";
    }
    sent += questions.size();
    if (site.counts()[fate] == before + questions.size()) continue;
    for (const Question& question : questions) {
      const Site::Counts past = site.counts();
      site.send(question);
      for (const auto& [booked, packets] : site.counts()) {
        const auto at = past.find(booked);
        const bool rose = packets != (at == past.end() ? 0 : at->second);
        if (rose && booked != fate && booked.fate != PacketFate::kKnownFlow)
          return question.to_string() + ": booked as " + booked.to_string() + " instead of " + fate.to_string();
      }
    }
    return "of " + std::to_string(questions.size()) + " packets not all were booked as " + fate.to_string();
  }
  return {};
}

// A range of ports is one entry, however many ports it has.
std::string entries_beyond_ranges(const Site& site, const KernelIntent& intent) {
  std::size_t ranges = 0, entries = 0;
  for (const PortMap& map : intent.port_maps) ranges += map.size();
  for (const datapath::Datapath::MapUse& use : site.tables().use()) {
    if (use.map == "ranges") entries = use.entries;
  }
  if (entries <= ranges) return {};
  return std::to_string(entries) + " entries for " + std::to_string(ranges) + " ranges of ports";
}

class DifferentialTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    for (int i = 0; i < kSites; ++i) {
      auto site = Site::create();
      ASSERT_TRUE(site) << site.error().what;
      sites_.push_back(std::move(*site));
    }
  }

  // What is wrong when the kernel has this intent; empty: nothing.
  std::string check(const Engine& engine, Random& random) {
    const Scenario scenario(engine, random);
    if (!scenario.trouble().empty()) return scenario.trouble();
    Site& site = sites_[turn_++ % sites_.size()];
    const auto left_out = site.tables().set_intent(scenario.intent(), [](auto) {});
    if (!left_out) return left_out.error().what;
    for (const std::string& what : *left_out) {
      if (!what.contains(", which ")) return "left out: " + what;
    }
    if (std::string beyond = entries_beyond_ranges(site, scenario.intent()); !beyond.empty()) return beyond;
    return wrong_fates(site, scenario, sent_);
  }

  // The same for the state after these steps.
  std::string check(const std::vector<Step>& steps, std::uint64_t seed) {
    Stage stage;
    Engine engine(stage.world, stage.options);
    for (const Step& step : steps) follow(stage, engine, step);
    Random random(seed);
    return check(engine, random);
  }

  static void follow(Stage& stage, Engine& engine, const Step& step) {
    stage.apply(step);
    if (const Delta* delta = std::get_if<Delta>(&step.change)) {
      engine.on(*delta);
    } else {
      engine.set_options(stage.options);
    }
  }

  // A bank of tables can be written again only when no program reads it: several take turns, so that none waits long.
  static constexpr int kSites = 16;
  std::vector<Site> sites_{};
  std::size_t turn_ = 0;
  std::uint64_t sent_ = 0;
};

TEST_F(DifferentialTest, TheProgramsVerdictIsTheEngines) {
  constexpr std::uint64_t kScenes = 500;
  constexpr int kScenariosOfAScene = 20;
  const std::uint64_t first = policy::test::first_seed();
  std::printf("SEXTANT_SEED=%llu, %llu scenarios\n", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(kScenes * kScenariosOfAScene));
  for (std::uint64_t seed = first; seed < first + kScenes; ++seed) {
    RandomScene scene(seed);
    Stage stage;
    Engine engine(stage.world, stage.options);
    std::vector<Step> steps = scene.opening();
    for (const Step& step : steps) follow(stage, engine, step);
    for (int i = 0; i < kScenariosOfAScene; ++i) {
      Random random(seed);
      if (!check(engine, random).empty()) {
        const auto fewest =
            policy::test::shrink(steps, [&](const std::vector<Step>& fewer) { return !check(fewer, seed).empty(); });
        FAIL() << check(fewest, seed) << "\nagain: SEXTANT_SEED=" << seed << "; after these steps:\n"
               << to_string(fewest);
      }
      steps.push_back(scene.next());
      follow(stage, engine, steps.back());
    }
  }
  std::printf("%llu packets\n", static_cast<unsigned long long>(sent_));
}

}  // namespace
}  // namespace sextant::test
