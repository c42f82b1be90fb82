// A whole run: manifests to a world, a world to verdicts. Two engines are asked, one that saw each object come and one
// that was given them all, and each verdict twice: by itself, and from the rows of the endpoint.
#include <algorithm>
#include <vector>

#include "agent/manifests/manifests.h"
#include "agent/policy/engine.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace sextant;
using policy::Engine;
using policy::Peer;
using policy::Subject;

constexpr std::size_t kMostSubjects = 6;  // more of them only make an input slow

struct Question {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
};
constexpr std::array kQuestions{Question{Protocol::kTcp, 80}, Question{Protocol::kTcp, 5432},
                                Question{Protocol::kUdp, 53}, Question{Protocol::kSctp, 65535},
                                Question{Protocol::kIcmpv6, 128}};

std::vector<Peer> peers_of(const World& world) {
  std::vector<Peer> peers;
  for (const Peer::Kind kind : {Peer::Kind::kHealth, Peer::Kind::kIngress, Peer::Kind::kInit, Peer::Kind::kUnmanaged}) {
    peers.push_back({.kind = kind});
  }
  for (const std::string_view address : {"2001:db8::1", "2001:db8:1::1", "2606:4700::1", "fd00::1", "10.0.0.1"}) {
    peers.push_back({.address = IpAddress::parse(address).value_or(IpAddress{})});
  }
  for (const auto& [key, pod] : world.pods()) {
    if (peers.size() > 2 * kMostSubjects) break;
    peers.push_back({.kind = Peer::Kind::kPod, .ns = pod.ns, .name = pod.name});
    for (const IpAddress& address : pod.addresses) peers.push_back({.address = address});
  }
  return peers;
}

struct Asked {
  Subject subject{};
  EndpointRef endpoint{};
  bool local = true;  // only the local node's endpoints see the classes that classify() gives
};
std::vector<Asked> subjects_of(const World& world) {
  std::vector<Asked> subjects;
  for (const auto& [key, pod] : world.pods()) {
    if (subjects.size() == kMostSubjects) break;
    subjects.push_back({{.ns = pod.ns, .name = pod.name},
                        {.kind = EndpointKind::kPod, .ns = pod.ns, .name = pod.name},
                        world.is_local(pod)});
  }
  subjects.push_back({{.kind = Subject::Kind::kNode, .name = world.local_node()},
                      {.kind = EndpointKind::kNode, .name = world.local_node()}});
  return subjects;
}

void ask(const Engine& grown, const Engine& fresh, const Asked& asked, const std::vector<Peer>& peers) {
  const auto intent = grown.intent(asked.endpoint);
  fuzz::require(intent != nullptr, "every endpoint has an intent");
  for (const Peer& peer : peers) {
    for (const auto& [protocol, port] : kQuestions) {
      const auto decision = grown.decide(asked.subject, peer, protocol, port, true);
      fuzz::require(decision.has_value() && !decision->why.empty(), "every question has an answer with a reason");
      const auto again = fresh.decide(asked.subject, peer, protocol, port);
      fuzz::require(again && again->verdict == decision->verdict, "changes lead to the same as a new start");
      if (peer.kind != Peer::Kind::kAddress || !asked.local) continue;
      const std::optional<IntentRow> row = intent->row(grown.classify(peer.address)->id);
      fuzz::require(row.has_value(), "every class has a row");
      fuzz::require(row->cell(protocol, port).verdict == decision->verdict, "rows say what a single verdict says",
                    peer.address.to_string());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const manifests::Loaded loaded = manifests::load_text(text, "fuzz.yaml");
  if (loaded.objects.empty()) return 0;
  World world("n1");
  const policy::Options options = fuzz::options_of(text);
  Engine grown(world, options);
  for (const Object& object : loaded.objects) {
    const Delta delta = object;
    world.apply(delta);
    grown.on(delta);
  }
  const Engine fresh(world, options);
  const std::vector<Peer> peers = peers_of(world);
  for (const Asked& asked : subjects_of(world)) ask(grown, fresh, asked, peers);
  for (const auto& [key, workload] : world.workloads()) {
    fuzz::require(grown.intent_of_workload(key) != nullptr, "every workload has an intent");
  }
  const KernelIntent kernel = grown.compile();
  fuzz::require(!kernel.sources.empty() && kernel.sources.front().first == IpAddress{}, "every address has a class");
  fuzz::require(grown.problems().size() == fresh.problems().size(), "changes lead to the same problems");
  return 0;
}
