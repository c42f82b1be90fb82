// Source classes: the partition of all addresses into those that no policy tells apart.
//
// One class per most specific prefix that a policy or group names, minus its longer ones and the cluster's own; one per
// identity of the cluster's pods and nodes (of nodes one for all that no policy tells apart); "world" for the rest of
// the public internet, "local" for the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/model/intent.h"
#include "agent/policy/cluster.h"

namespace sextant::policy {

// Gives classes their ids. Lives as long as the engine: ids are never reused.
//
// A class that no longer exists keeps its name and content for a while, for rows that were observed under it. Of these
// kRemembered are kept at most, the latest; one that comes back after that has a new id.
class ClassNames {
 public:
  static constexpr std::size_t kRemembered = 20'000;

  std::shared_ptr<const SourceClass> put(SourceClass value);  // sets the id
  // The same for a class as another node than the local one sees it: find() does not tell it.
  std::shared_ptr<const SourceClass> put_aside(SourceClass value);
  // nullptr: never given, or forgotten.
  std::shared_ptr<const SourceClass> find(ClassId id) const;
  // All classes that exist have been put since the last call: what has not may be forgotten.
  void end_round();
  std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    ClassId id = 0;
    std::uint64_t put_in = 0;                      // the round
    std::shared_ptr<const SourceClass> content{};  // the last one; null: only ever put aside
  };

  Known& known(const std::string& name);

  std::unordered_map<std::string, Known> known_{};
  std::unordered_map<ClassId, const Known*> by_id_{};
  ClassId last_id_ = 0;
  std::uint64_t round_ = 1;
  std::size_t put_ = 0;  // in this round
};

class Classes {
 public:
  // How policies see a class.
  struct Member {
    enum class Kind : std::uint8_t { kOutside, kPod, kNode } kind = Kind::kOutside;
    const Pod* pod = nullptr;  // kPod: one of those that share the identity
    std::string node{};        // kNode
  };

  // As `node` sees them: its own addresses are the host's, those of others a remote node's.
  Classes(const Cluster& cluster, const World& world, const Options& options, const Symbols& symbols,
          const Identities& identities, const KnownPrefixes& known, ClassNames& names, std::string_view node);

  const std::shared_ptr<const SourceClasses>& sources() const { return sources_; }
  const std::vector<Member>& members() const { return members_; }  // of each source
  const std::vector<SourceRange>& ranges() const { return ranges_; }
  const std::shared_ptr<const SourceClass>& of(const IpAddress& address) const;

 private:
  std::shared_ptr<const SourceClasses> sources_{};
  std::vector<Member> members_{};
  std::vector<SourceRange> ranges_{};
};

}  // namespace sextant::policy
