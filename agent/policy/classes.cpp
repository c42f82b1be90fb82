#include "agent/policy/classes.h"

#include <algorithm>
#include <set>

namespace sextant::policy {

std::shared_ptr<const SourceClass> ClassNames::put(SourceClass value) {
  const auto [at, added] = ids_.try_emplace(value.name, static_cast<ClassId>(by_id_.size() + 1));
  if (added) by_id_.emplace_back();
  value.id = at->second;
  std::shared_ptr<const SourceClass>& known = by_id_[at->second - 1];
  if (known == nullptr || *known != value) known = std::make_shared<const SourceClass>(std::move(value));
  return known;
}

std::shared_ptr<const SourceClass> ClassNames::find(ClassId id) const {
  return id == 0 || id > by_id_.size() ? nullptr : by_id_[id - 1];
}

namespace {

// What a boundary says of the addresses in it; inner boundaries override what they say anything of.
struct Boundary {
  bool cluster = false;       // configuration: networks.cluster, or a node's pod prefix
  bool trusted = false;       // configuration: networks.trusted
  bool public_space = false;  // 2000::/3
  bool named = false;         // by a policy or a group
  const Cluster::Holder* holder = nullptr;
  bool api_server = false;
};

// What holds for an address, all boundaries around it taken together.
struct Nature {
  bool cluster = false, trusted = false, public_space = false, v4 = false;
  const Prefix* named = nullptr;  // the longest
  const Cluster::Holder* holder = nullptr;
  bool api_server = false;

  bool is_public() const { return public_space && !cluster && !trusted && holder == nullptr; }
};

class Builder {
 public:
  Builder(const Cluster& cluster, const World& world, const Options& options, const Symbols& symbols,
          const Identities& identities, const KnownPrefixes& known)
      : cluster_(cluster),
        world_(world),
        options_(options),
        symbols_(symbols),
        identities_(identities),
        known_(known) {}

  struct Draft {
    SourceClass source{};
    Classes::Member member{};
  };

  void run() {
    gather();
    sweep();
  }

  std::map<std::string, Draft> drafts{};
  std::vector<std::pair<IpAddress, std::string>> ranges{};

 private:
  void gather() {
    boundaries_[kAllV6];
    boundaries_[kAllV4];
    boundaries_[kGlobalUnicast].public_space = true;
    for (const auto& [prefix, known] : known_.all()) boundaries_[prefix].named = true;
    for (const Prefix& prefix : options_.cluster_networks) boundaries_[prefix].cluster = true;
    for (const Prefix& prefix : options_.trusted_networks) boundaries_[prefix].trusted = true;
    for (const auto& [name, node] : world_.nodes()) {
      for (const Prefix& prefix : node.pod_prefixes) boundaries_[prefix].cluster = true;
    }
    for (const auto& [address, holder] : cluster_.holders()) boundaries_[Prefix::of(address)].holder = &holder;
    for (const IpAddress& address : cluster_.api_servers()) boundaries_[Prefix::of(address)].api_server = true;
  }

  // Boundaries nest or are apart, so that a walk in order needs a stack only.
  void sweep() {
    struct Open {
      const Prefix* prefix;
      Nature nature;
      const std::string* name;
    };
    std::vector<Open> open;
    const auto close_until = [&](const IpAddress* next) {
      while (!open.empty() && (next == nullptr || !open.back().prefix->contains(*next))) {
        const IpAddress last = open.back().prefix->last();
        open.pop_back();
        if (!open.empty() && open.back().prefix->last() != last) begin(last.next(), *open.back().name);
      }
    };
    for (const auto& [prefix, boundary] : boundaries_) {
      close_until(&prefix.address);
      const Nature nature = inside(open.empty() ? Nature{} : open.back().nature, prefix, boundary);
      const std::string* outer = open.empty() ? nullptr : open.back().name;
      const std::string* name = draft(nature, prefix);
      if (outer != name) {
        drafts[*name].source.prefixes.push_back(prefix);
        if (outer != nullptr) drafts[*outer].source.except.push_back(prefix);
      }
      begin(prefix.address, *name);
      open.push_back({&prefix, nature, name});
    }
    close_until(nullptr);
  }

  // The class of addresses from here on. Several boundaries may begin at one address: the innermost counts.
  void begin(const IpAddress& first, const std::string& name) {
    if (!ranges.empty() && ranges.back().first == first) ranges.pop_back();
    if (!ranges.empty() && ranges.back().second == name) return;
    ranges.emplace_back(first, name);
  }

  static Nature inside(Nature nature, const Prefix& prefix, const Boundary& boundary) {
    // What ::/0-like prefixes say of IPv6 does not concern the mapped IPv4 addresses in them.
    if (prefix.is_v4() && !nature.v4) nature = {.v4 = true};
    nature.cluster = nature.cluster || boundary.cluster;
    nature.trusted = nature.trusted || boundary.trusted;
    nature.public_space = nature.public_space || boundary.public_space;
    nature.api_server = nature.api_server || boundary.api_server;
    if (boundary.named) nature.named = &prefix;
    if (boundary.holder != nullptr) nature.holder = boundary.holder;
    return nature;
  }

  const std::string* draft(const Nature& nature, const Prefix& prefix) {
    const auto [at, added] = drafts.try_emplace(name_of(nature));
    Draft& made = at->second;
    if (added) {
      made.source.name = at->first;
      made.source.is_public = nature.is_public();
      made.source.sample = prefix.address;
      if (nature.holder != nullptr) {
        made.member.kind = nature.holder->pod != nullptr ? Classes::Member::Kind::kPod : Classes::Member::Kind::kNode;
        made.member.pod = nature.holder->pod;
        made.member.node = nature.holder->node;
      }
    }
    return &at->first;
  }

  std::string name_of(const Nature& nature) const {
    if (nature.holder != nullptr) {
      if (nature.holder->pod != nullptr) return "pod:" + labels_of(*nature.holder->pod);
      return nature.holder->node == world_.local_node() ? "host" : "remote-node";
    }
    const std::string base = nature.api_server         ? "kube-apiserver"
                             : nature.named != nullptr ? nature.named->to_string()
                                                       : "";
    const std::string_view space = nature.cluster        ? "cluster"
                                   : nature.trusted      ? "trusted"
                                   : nature.v4           ? "ipv4"
                                   : nature.public_space ? "world"
                                                         : "local";
    if (base.empty()) return std::string(space);
    // A name that only public addresses have is the prefix alone, and so is one that lies wholly outside their space.
    if (nature.is_public()) return base;
    const bool apart =
        nature.named != nullptr && !nature.cluster && !nature.trusted && !nature.named->contains(kGlobalUnicast);
    return apart ? base : std::string(space) + " " + base;
  }

  std::string labels_of(const Pod& pod) const {
    std::vector<std::string> parts;
    for (const Label& label : identities_.labels(cluster_.identity_of(pod)).labels()) {
      parts.push_back(std::string(symbols_.text(label.key)) + "=" + std::string(symbols_.text(label.value)));
    }
    std::ranges::sort(parts);
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
    return text;
  }

  const Cluster& cluster_;
  const World& world_;
  const Options& options_;
  const Symbols& symbols_;
  const Identities& identities_;
  const KnownPrefixes& known_;
  std::map<Prefix, Boundary> boundaries_{};  // in order: outer ones before those that they contain
};

// An address that the class holds: the first of the first range, where that is no odd one.
IpAddress sample_of(const SourceClass& source) {
  for (const Prefix& prefix : source.prefixes) {
    const std::vector<Prefix> free = subtract(prefix, source.except);
    if (free.empty()) continue;
    const Prefix& largest = *std::ranges::min_element(free, {}, &Prefix::length);
    return largest.length == 128 ? largest.address : largest.address.next();
  }
  return source.prefixes.empty() ? IpAddress{} : source.prefixes.front().address;
}

}  // namespace

Classes::Classes(const Cluster& cluster, const World& world, const Options& options, const Symbols& symbols,
                 const Identities& identities, const KnownPrefixes& known, ClassNames& names) {
  Builder builder(cluster, world, options, symbols, identities, known);
  builder.run();
  std::set<std::string_view> held;
  for (const auto& [first, name] : builder.ranges) held.insert(name);
  std::map<std::string, ClassId> ids;
  for (auto& [name, draft] : builder.drafts) {
    if (!held.contains(name)) continue;  // longer prefixes cover it wholly: it has no address
    draft.source.sample = sample_of(draft.source);
    draft.member.source = names.put(std::move(draft.source));
    ids[name] = draft.member.source->id;
    index_[draft.member.source->id] = members_.size();
    members_.push_back(std::move(draft.member));
  }
  ranges_.reserve(builder.ranges.size());
  for (const auto& [first, name] : builder.ranges) ranges_.push_back({.first = first, .source = ids[name]});
}

const Classes::Member& Classes::of(const IpAddress& address) const {
  auto at = std::ranges::upper_bound(ranges_, address, {}, &SourceRange::first);
  return members_[index_.at(std::prev(at)->source)];
}

}  // namespace sextant::policy
