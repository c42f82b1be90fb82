// The policy engine: what Cilium (of a given release) and Kubernetes NetworkPolicy would decide for the first packet of
// a new flow, after service translation, at its destination. Ingress only.
//
// Pure: no I/O, no clock, no library beyond the standard and base. Reads the World, keeps only what it derives.
// Thread: one.
//
// What it cannot compute it calls unknown, with the reason; never allow. Each object that Cilium refuses is ignored as
// a whole and reported by problems().
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/base/ip.h"
#include "agent/base/result.h"
#include "agent/model/intent.h"
#include "agent/model/world.h"

namespace sextant::policy {

// The releases whose semantics are known. A value may be one of them with some of its traits changed (release.h:
// changed()), which is how a release with a defect mended is asked about.
enum class Release : std::uint64_t { k1_17_0, k1_18_6, k1_19_3, k1_20_2 };
inline constexpr Release kNewestRelease = Release::k1_20_2;
inline constexpr std::array kReleases{Release::k1_17_0, Release::k1_18_6, Release::k1_19_3, Release::k1_20_2};
std::string_view to_string(Release release);  // "1.20.2"; traits changed do not show
// Another patch release takes the nearest known of its minor, and of that one's defects has only those that the patch
// has: "1.19.5" -> k1_19_3 without CVE-2026-56743, exact false. Errors for a minor that is not known.
struct ReleaseChoice {
  Release release = kNewestRelease;
  bool exact = true;
};
Result<ReleaseChoice> release_from(std::string_view version);

enum class EnablePolicy : std::uint8_t { kDefault, kAlways, kNever };

// Cilium's options, under Cilium's names. An unset optional takes the release's default.
struct Options {
  Release release = kNewestRelease;
  std::string cluster_name = "default";
  bool dual_stack = false;
  EnablePolicy enable_policy = EnablePolicy::kDefault;
  bool allow_localhost = true;  // auto and always
  bool enable_host_firewall = false;
  std::optional<bool> policy_default_local_cluster{};  // 1.18: false, from 1.19: true
  bool enable_node_selector_labels = false;
  bool policy_cidr_match_nodes = false;    // policy-cidr-match-mode=nodes
  std::vector<Prefix> cluster_networks{};  // configuration networks.cluster: pods, services, nodes
  std::vector<Prefix> trusted_networks{};  // configuration networks.trusted: not public
};

// Who sends. An address that a pod or a node holds is that pod or node.
struct Peer {
  enum class Kind : std::uint8_t { kAddress, kPod, kNode, kHealth, kIngress, kInit, kUnmanaged };
  Kind kind = Kind::kAddress;
  IpAddress address{};
  std::string ns{};
  std::string name{};
};

// Who receives: a pod (a hostNetwork pod is its node), a node's host endpoint, or an endpoint of Cilium's own.
struct Subject {
  enum class Kind : std::uint8_t { kPod, kWorkload, kNode, kHealth, kIngress, kInit };
  Kind kind = Kind::kPod;
  std::string ns{};
  std::string name{};  // kWorkload: "Deployment/web"
  std::string node{};  // where a health, ingress or init endpoint is; empty: the local node
};

// A local endpoint whose policy cannot be put together, or not for every source.
struct Uncomputed {
  EndpointRef endpoint{};
  std::string reason{};
};

// What an engine has derived since it was made: what a change costs can be told from the difference.
struct Work {
  std::uint64_t policies = 0;    // objects that were read
  std::uint64_t subjects = 0;    // policies of subjects that were put together; subjects may share one
  std::uint64_t partitions = 0;  // of all addresses into classes
  std::uint64_t intents = 0;     // of endpoints
};

class Engine {
 public:
  // `world` must outlive the engine and be changed only together with on().
  Engine(const World& world, Options options);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // The world has just applied `delta`. Recomputes nothing yet; marks what depends on it.
  void on(const Delta& delta);
  void set_options(Options options);
  const Options& options() const;

  // One verdict. Port is the destination port, or the ICMP type. Errors: no such subject or peer.
  Result<Decision> decide(const Subject& to, const Peer& from, Protocol protocol, std::uint16_t port,
                          bool trace = false) const;

  // What every class of sources may do to one endpoint. kNode endpoints are the host endpoint.
  // The same pointer as long as nothing changes that it tells. nullptr: no such endpoint.
  std::shared_ptr<const EndpointIntent> intent(const EndpointRef& endpoint) const;
  // The same for a pod template (key name "Deployment/web").
  std::shared_ptr<const EndpointIntent> intent_of_workload(const ObjectKey& workload) const;

  // The class that an address is in, as the local node's endpoints see it: to those of another node other addresses are
  // `host` and `remote-node`. Never nullptr.
  std::shared_ptr<const SourceClass> classify(const IpAddress& address) const;
  // By id, also of classes that no longer exist (for rows that were observed under them), of which the last 10,000 are
  // remembered. nullptr for any other id.
  std::shared_ptr<const SourceClass> source_class(ClassId id) const;
  // Which class begins where, over all addresses: as KernelIntent::sources. Valid until the next on().
  const std::vector<SourceRange>& sources() const;
  // The specs of policies that select the endpoint ("spec", "specs[1]"), those without ingress rules too. Errors: no
  // such subject.
  Result<std::vector<PolicyRef>> selected_by(const Subject& to) const;

  // The local node's endpoints (its own pods that have addresses and are not hostNetwork, and itself), for the kernel.
  KernelIntent compile() const;

  Work work() const;

  // Policies that Cilium rejects, or that hold something that cannot be computed. Sorted.
  std::vector<PolicyProblem> problems() const;
  // The local node's endpoints with verdicts that are unknown for the sake of all their policies together: Cilium can
  // make none of them, or more ranges of ports overlap than are computed.
  std::vector<Uncomputed> uncomputed() const;

 private:
  friend class Inquiry;  // many verdicts at once (inquiry.h)
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sextant::policy
