// What the engine derives from the World, and when it is derived anew.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/policy/classes.h"
#include "agent/policy/cluster.h"
#include "agent/policy/engine.h"
#include "agent/policy/parse.h"
#include "agent/policy/subject.h"

namespace sextant::policy {

// A subject as it is looked up: who it is, and on which node.
struct Target {
  IdentityId id = kNoIdentity;
  bool host = false;
  const std::vector<ContainerPort>* ports = nullptr;
  std::string node{};
};

struct Engine::State {
  State(const World& world, Options options);

  void on(const Delta& delta);
  void rebuild();

  Result<Target> target(const Subject& to) const;
  Target target_of(const Pod& pod) const;
  Target node_target(std::string_view name) const;
  Result<PeerIdentity> peer(const Peer& from, const std::string& node) const;
  PeerIdentity peer_of(const Classes::Member& member, const std::string& node) const;

  std::shared_ptr<const SubjectPolicy> policy_of(const Target& target) const;
  // Cluster-wide policies and those of the target's namespace.
  std::vector<const CompiledPolicy*> candidates(const Target& target) const;
  const Classes& classes() const;
  std::shared_ptr<const EndpointIntent> make_intent(EndpointRef endpoint, const Target& target) const;

  const World& world;
  Options options;
  mutable Symbols symbols{};
  mutable Identities identities{};
  KnownPrefixes known{};
  Cluster cluster;

  std::map<ObjectKey, std::unique_ptr<CompiledPolicy>> policies{};
  std::map<ObjectKey, CidrGroup> groups{};
  bool ports_are_named = false;  // by some policy

  mutable std::map<std::string, std::vector<const CompiledPolicy*>, std::less<>> by_namespace{};  // "": cluster-wide
  mutable std::map<std::string, std::shared_ptr<const SubjectPolicy>> subjects{};
  mutable std::optional<Classes> classes_{};
  mutable ClassNames class_names{};
  mutable std::map<EndpointRef, std::shared_ptr<const EndpointIntent>> intents{};
  mutable std::map<ObjectKey, std::shared_ptr<const EndpointIntent>> workload_intents{};

 private:
  void put_policy(const PolicyObject& object);
  void remove_policy(const ObjectKey& key);
  void forget_policies();  // subjects and their intents
  void forget_cluster();   // identities of addresses, classes, intents
  void index_policies() const;
};

}  // namespace sextant::policy
