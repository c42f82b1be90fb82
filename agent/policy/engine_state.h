// What the engine derives from the World, and when it is derived anew.
//
// Derived on demand and kept. A change drops only what it can touch, and what is kept proves itself by the things it
// was made of: an intent holds as long as its subject's policy and its node's outlook are the same objects.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/policy/behaviours.h"
#include "agent/policy/cluster.h"
#include "agent/policy/engine.h"
#include "agent/policy/outlook.h"
#include "agent/policy/parse.h"
#include "agent/policy/subject.h"

namespace sextant::policy {

class KernelCompiler;

// A subject as it is looked up: who it is, and on which node.
struct Target {
  IdentityId id = kNoIdentity;
  bool host = false;
  const std::vector<ContainerPort>* ports = nullptr;
  std::string node{};
};

struct Engine::State {
  State(const World& world, Options options);
  ~State();

  void on(const Delta& delta);
  void rebuild();

  Result<Target> target(const Subject& to) const;
  Target target_of(const Pod& pod) const;
  Target node_target(std::string_view name) const;
  Result<PeerIdentity> peer(const Peer& from, const std::string& node) const;

  std::shared_ptr<const SubjectPolicy> policy_of(const Target& target) const;
  // Cluster-wide policies and those of the target's namespace.
  std::vector<const CompiledPolicy*> candidates(const Target& target) const;
  // As the local node sees them.
  const Classes& classes() const;
  std::shared_ptr<const EndpointIntent> intent_of(const EndpointRef& endpoint, const Target& target) const;
  std::shared_ptr<const EndpointIntent> intent_of_workload(const ObjectKey& workload, const Target& target) const;

  const World& world;
  Options options;
  mutable Symbols symbols{};
  mutable Identities identities{};
  KnownPrefixes known{};
  Cluster cluster;

  std::map<ObjectKey, std::unique_ptr<CompiledPolicy>> policies{};
  std::map<ObjectKey, CidrGroup> groups{};
  mutable ClassNames class_names{};
  std::unique_ptr<KernelCompiler> compiler;
  mutable Work work{};

 private:
  // One policy as it applies, what it lets whom do, and the rows that were last made of it.
  struct Ruled {
    Ruled(SubjectPolicy p, Release release) : policy(std::move(p)), behaviours(policy, release) {}
    const SubjectPolicy policy;
    Behaviours behaviours;
    std::shared_ptr<const Outlook> outlook{};  // of `rows`; null: none were made
    IntentRows rows{};
  };
  // Who has the same policy for sure: the same labels, and the same named ports.
  struct SubjectKey {
    IdentityId id = kNoIdentity;
    std::uint32_t ports = 0;  // in port_sets; 0: none is named
    bool host = false;
    bool operator==(const SubjectKey&) const = default;
  };
  struct SubjectKeyHash {
    std::size_t operator()(const SubjectKey& key) const {
      return std::hash<std::uint64_t>()(std::uint64_t{key.id} << 32U ^ std::uint64_t{key.ports} << 1U ^
                                        (key.host ? 1 : 0));
    }
  };
  // What a policy of a subject follows from: serial and index of each spec that selects it, and what it brings.
  using Selection = std::vector<std::uint64_t>;
  // An outlook, and the classes for which it was found right.
  struct Seen {
    std::shared_ptr<const Outlook> outlook{};
    std::shared_ptr<const Classes> classes{};
  };
  struct Made {
    std::shared_ptr<const EndpointIntent> intent{};
    std::shared_ptr<const Ruled> subject{};
    std::shared_ptr<const Outlook> outlook{};
  };

  void put_policy(const PolicyObject& object);
  void put_group(const PolicyObject& object);
  void remove_policy(const ObjectKey& key);
  void forget_subjects_of(const CompiledPolicy* before, const CompiledPolicy* after);
  void bound_identities();
  void index_policies() const;
  std::shared_ptr<const Classes> make_classes(std::string_view node) const;
  std::string_view namespace_of(const LabelSet& labels) const;
  std::uint32_t number_of(const std::vector<ContainerPort>& ports) const;
  Selection selection_of(const Target& target, std::uint32_t ports, const std::vector<SelectedSpec>& selected) const;
  std::shared_ptr<Ruled> ruled(const Target& target) const;
  std::shared_ptr<Ruled> make_ruled(const Target& target, std::uint32_t ports) const;
  std::shared_ptr<const Outlook> outlook_of(const std::string& node) const;
  const IntentRows& rows_of(Ruled& subject, const std::shared_ptr<const Outlook>& outlook) const;
  std::shared_ptr<const EndpointIntent> renew(Made& made, const EndpointRef& endpoint, const Target& target) const;

  std::uint64_t known_generation_ = 0;  // of `known`, that the outlooks are of
  std::uint64_t serials_ = 0;           // of policies, given so far
  std::size_t identity_limit_ = 0;
  std::size_t changes_ = 0;  // since everything was made anew

  mutable std::map<std::string, std::vector<const CompiledPolicy*>, std::less<>> by_namespace_{};  // "": cluster-wide
  mutable std::map<std::vector<ContainerPort>, std::uint32_t> port_sets_{};
  mutable std::unordered_map<SubjectKey, std::shared_ptr<Ruled>, SubjectKeyHash> subjects_{};
  mutable std::map<Selection, std::weak_ptr<Ruled>> by_selection_{};
  mutable std::shared_ptr<const Classes> classes_{};  // null: to be made
  mutable std::uint64_t outlooks_made_ = 0;
  mutable std::map<std::string, Seen, std::less<>> outlooks_{};  // by node
  mutable std::map<EndpointRef, Made> intents_{};
  mutable std::map<ObjectKey, Made> workload_intents_{};
};

}  // namespace sextant::policy
