#include "agent/policy/classes.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace sextant::policy {

ClassNames::Known& ClassNames::known(const std::string& name) {
  const auto [at, added] = known_.try_emplace(name);
  Known& known = at->second;
  if (added) {
    known.id = ++last_id_;
    by_id_.emplace(known.id, &known);
  }
  if (std::exchange(known.put_in, round_) != round_) ++put_;
  return known;
}

std::shared_ptr<const SourceClass> ClassNames::put(SourceClass value) {
  Known& same = known(value.name);
  value.id = same.id;
  if (same.content == nullptr || *same.content != value)
    same.content = std::make_shared<const SourceClass>(std::move(value));
  return same.content;
}

std::shared_ptr<const SourceClass> ClassNames::put_aside(SourceClass value) {
  value.id = known(value.name).id;
  return std::make_shared<const SourceClass>(std::move(value));
}

std::shared_ptr<const SourceClass> ClassNames::find(ClassId id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : at->second->content;
}

// Half of them at once, so that it is seldom done.
void ClassNames::end_round() {
  const std::size_t gone = known_.size() - put_;
  if (gone > kRemembered) {
    std::vector<std::uint64_t> rounds;
    for (const auto& [name, one] : known_) {
      if (one.put_in != round_) rounds.push_back(one.put_in);
    }
    const auto oldest_kept = rounds.end() - kRemembered / 2;
    std::ranges::nth_element(rounds, oldest_kept);
    std::size_t excess = gone - kRemembered / 2;
    const std::uint64_t limit = *oldest_kept;
    std::erase_if(known_, [&](const auto& entry) {
      const Known& one = entry.second;
      if (one.put_in == round_ || one.put_in > limit || excess == 0) return false;
      --excess;
      by_id_.erase(one.id);
      return true;
    });
  }
  ++round_;
  put_ = 0;
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

  void add(const Boundary& other) {
    cluster = cluster || other.cluster;
    trusted = trusted || other.trusted;
    public_space = public_space || other.public_space;
    named = named || other.named;
    if (other.holder != nullptr) holder = other.holder;
    api_server = api_server || other.api_server;
  }
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
          const Identities& identities, const KnownPrefixes& known, std::string_view node)
      : cluster_(cluster),
        world_(world),
        options_(options),
        symbols_(symbols),
        identities_(identities),
        known_(known),
        node_(node) {}

  struct Draft {
    SourceClass source{};
    Classes::Member member{};
  };
  // Addresses from `first` on are of a class.
  struct Start {
    IpAddress first{};
    std::uint32_t draft = 0;
  };

  void run() {
    gather();
    sweep();
  }

  std::vector<Draft> drafts{};
  std::vector<Start> starts{};  // of neighbours no two are of one class

 private:
  using Marked = std::pair<Prefix, Boundary>;

  void mark(const Prefix& prefix, const Boundary& boundary) { boundaries_.emplace_back(prefix, boundary); }

  void gather() {
    mark(kAllV6, {});
    mark(kAllV4, {});
    mark(kGlobalUnicast, {.public_space = true});
    for (const auto& [prefix, known] : known_.all()) mark(prefix, {.named = true});
    for (const Prefix& prefix : options_.cluster_networks) mark(prefix, {.cluster = true});
    for (const Prefix& prefix : options_.trusted_networks) mark(prefix, {.trusted = true});
    for (const auto& [name, node] : world_.nodes()) {
      for (const Prefix& prefix : node.pod_prefixes) mark(prefix, {.cluster = true});
    }
    for (const auto& [address, holder] : cluster_.holders()) mark(Prefix::of(address), {.holder = &holder});
    for (const IpAddress& address : cluster_.api_servers()) mark(Prefix::of(address), {.api_server = true});
    std::ranges::sort(boundaries_, {}, &Marked::first);  // outer ones before those that they contain
    join_equal();
  }

  void join_equal() {
    std::size_t kept = 0;
    for (std::size_t i = 1; i < boundaries_.size(); ++i) {
      if (boundaries_[i].first != boundaries_[kept].first) {
        boundaries_[++kept] = boundaries_[i];
      } else {
        boundaries_[kept].second.add(boundaries_[i].second);
      }
    }
    boundaries_.resize(kept + 1);
  }

  // Boundaries nest or are apart, so that a walk in order needs a stack only.
  void sweep() {
    struct Open {
      const Prefix* prefix;
      Nature nature;
      std::uint32_t draft;
    };
    std::vector<Open> open;
    const auto close_until = [&](const IpAddress* next) {
      while (!open.empty() && (next == nullptr || !open.back().prefix->contains(*next))) {
        const IpAddress last = open.back().prefix->last();
        open.pop_back();
        if (!open.empty() && open.back().prefix->last() != last) begin(last.next(), open.back().draft);
      }
    };
    for (const auto& [prefix, boundary] : boundaries_) {
      close_until(&prefix.address);
      const Nature nature = inside(open.empty() ? Nature{} : open.back().nature, prefix, boundary);
      const std::uint32_t draft = draft_of(nature, prefix);
      if (open.empty() || open.back().draft != draft) {
        drafts[draft].source.prefixes.push_back(prefix);
        if (!open.empty()) drafts[open.back().draft].source.except.push_back(prefix);
      }
      begin(prefix.address, draft);
      open.push_back({&prefix, nature, draft});
    }
    close_until(nullptr);
  }

  // The class of addresses from here on. Several boundaries may begin at one address: the innermost counts.
  void begin(const IpAddress& first, std::uint32_t draft) {
    if (!starts.empty() && starts.back().first == first) starts.pop_back();
    if (!starts.empty() && starts.back().draft == draft) return;
    starts.push_back({first, draft});
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

  std::uint32_t draft_of(const Nature& nature, const Prefix& prefix) {
    const auto [at, added] =
        draft_of_name_.try_emplace(name_of(nature, prefix), static_cast<std::uint32_t>(drafts.size()));
    if (!added) return at->second;
    Draft& made = drafts.emplace_back();
    made.source.name = at->first;
    made.source.is_public = nature.is_public();
    if (nature.holder != nullptr) {
      made.member.kind = nature.holder->pod != nullptr ? Classes::Member::Kind::kPod : Classes::Member::Kind::kNode;
      made.member.pod = nature.holder->pod;
      made.member.node = nature.holder->node;
    }
    return at->second;
  }

  std::string name_of(const Nature& nature, const Prefix& prefix) const {
    if (nature.holder != nullptr) {
      if (nature.holder->pod != nullptr) return pod_name(cluster_.identity_of(*nature.holder->pod));
      return node_name(nature, prefix);
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

  // Remote nodes are one class as long as no policy can tell them apart: by a prefix around the address, by labels, or
  // because the API server is there (Cluster::node_peer).
  std::string node_name(const Nature& nature, const Prefix& prefix) const {
    if (nature.holder->node == node_) return "host";
    if (options_.policy_cidr_match_nodes) return "remote-node " + prefix.address.to_string();
    std::string name = "remote-node";
    if (options_.enable_node_selector_labels) name += " " + std::string(nature.holder->node);
    return nature.api_server ? name + " kube-apiserver" : name;
  }

  const std::string& pod_name(IdentityId id) const {
    std::string& name = pod_names_[id];
    if (!name.empty()) return name;
    std::vector<std::string> parts;
    for (const Label& label : identities_.labels(id).labels()) {
      parts.push_back(std::string(symbols_.text(label.key)) + "=" + std::string(symbols_.text(label.value)));
    }
    std::ranges::sort(parts);
    name = "pod:";
    for (const std::string& part : parts) name += (&part == &parts.front() ? "" : ",") + part;
    return name;
  }

  const Cluster& cluster_;
  const World& world_;
  const Options& options_;
  const Symbols& symbols_;
  const Identities& identities_;
  const KnownPrefixes& known_;
  const std::string_view node_;
  std::vector<Marked> boundaries_{};
  std::unordered_map<std::string, std::uint32_t> draft_of_name_{};
  mutable std::unordered_map<IdentityId, std::string> pod_names_{};
};

// An address of each class: the first of its largest free prefix within the outer prefix that comes first, and the one
// after that, where it is no odd one.
void choose_samples(Builder& builder) {
  struct Best {
    std::optional<Prefix> prefix{};
    std::size_t outer = 0;  // of the class's prefixes
  };
  std::vector<Best> best(builder.drafts.size());
  for (std::size_t i = 0; i < builder.starts.size(); ++i) {
    const auto& [first, draft] = builder.starts[i];
    const std::vector<Prefix>& outer = builder.drafts[draft].source.prefixes;
    const bool at_end = i + 1 == builder.starts.size();
    const IpAddress last = at_end ? kAllV6.last() : builder.starts[i + 1].first.previous();
    Best& chosen = best[draft];
    if (!chosen.prefix) {
      while (!outer[chosen.outer].contains(first)) ++chosen.outer;
    } else if (!outer[chosen.outer].contains(first)) {
      continue;
    }
    const Prefix free = largest_within(first, std::min(last, outer[chosen.outer].last()));
    if (!chosen.prefix || free.length < chosen.prefix->length) chosen.prefix = free;
  }
  for (std::size_t i = 0; i < best.size(); ++i) {
    if (!best[i].prefix) continue;
    const Prefix& free = *best[i].prefix;
    builder.drafts[i].source.sample = free.length == 128 ? free.address : free.address.next();
  }
}

}  // namespace

Classes::Classes(const Cluster& cluster, const World& world, const Options& options, const Symbols& symbols,
                 const Identities& identities, const KnownPrefixes& known, ClassNames& names, std::string_view node) {
  const bool local = node == world.local_node();
  Builder builder(cluster, world, options, symbols, identities, known, node);
  builder.run();
  choose_samples(builder);
  std::vector<std::uint32_t> held;  // by some address: longer prefixes may cover a class wholly
  for (const auto& [first, draft] : builder.starts) held.push_back(draft);
  std::ranges::sort(held, {},
                    [&](std::uint32_t draft) -> const std::string& { return builder.drafts[draft].source.name; });
  const auto repeated = std::ranges::unique(held);
  held.erase(repeated.begin(), repeated.end());
  std::vector<ClassId> ids(builder.drafts.size());
  std::vector<std::shared_ptr<const SourceClass>> sources;
  sources.reserve(held.size());
  members_.reserve(held.size());
  for (const std::uint32_t draft : held) {
    members_.push_back(std::move(builder.drafts[draft].member));
    SourceClass& source = builder.drafts[draft].source;
    sources.push_back(local ? names.put(std::move(source)) : names.put_aside(std::move(source)));
    ids[draft] = sources.back()->id;
  }
  sources_ = std::make_shared<const SourceClasses>(std::move(sources));
  ranges_.reserve(builder.starts.size());
  for (const auto& [first, draft] : builder.starts) ranges_.push_back({.first = first, .source = ids[draft]});
}

const std::shared_ptr<const SourceClass>& Classes::of(const IpAddress& address) const {
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &SourceRange::first);
  return (*sources_)[*sources_->find(std::prev(after)->source)];
}

}  // namespace sextant::policy
