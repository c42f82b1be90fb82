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
class ClassNames {
 public:
  std::shared_ptr<const SourceClass> put(SourceClass value);  // sets the id
  // The same for a class as another node than the local one sees it: find() does not tell it.
  std::shared_ptr<const SourceClass> put_aside(SourceClass value);
  std::shared_ptr<const SourceClass> find(ClassId id) const;

 private:
  ClassId id_of(const std::string& name);

  std::unordered_map<std::string, ClassId> ids_{};
  std::vector<std::shared_ptr<const SourceClass>> by_id_{};  // the last known content; ids begin at 1
};

class Classes {
 public:
  struct Member {
    std::shared_ptr<const SourceClass> source{};
    // How policies see it.
    enum class Kind : std::uint8_t { kOutside, kPod, kNode } kind = Kind::kOutside;
    const Pod* pod = nullptr;  // kPod: one of those that share the identity
    std::string node{};        // kNode
  };

  // As `node` sees them: its own addresses are the host's, those of others a remote node's.
  Classes(const Cluster& cluster, const World& world, const Options& options, const Symbols& symbols,
          const Identities& identities, const KnownPrefixes& known, ClassNames& names, std::string_view node);

  const std::vector<Member>& members() const { return members_; }  // sorted by name
  const std::vector<SourceRange>& ranges() const { return ranges_; }
  const Member& of(const IpAddress& address) const;

 private:
  std::vector<Member> members_{};
  std::vector<SourceRange> ranges_{};
  std::unordered_map<ClassId, std::uint32_t> index_{};
};

}  // namespace sextant::policy
