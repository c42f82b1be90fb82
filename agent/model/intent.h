// The intended verdict as a value: what policy/ computes, what audit/ compares, and what datapath/ loads into the
// kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/ip.h"
#include "agent/model/endpoint.h"
#include "agent/model/objects.h"

namespace sextant {

// Which policy object, and where in it: "CiliumNetworkPolicy shop/db", ingress[0], file:line.
struct PolicyRef {
  ObjectKind kind = ObjectKind::kCiliumNetworkPolicy;
  std::string ns{};
  std::string name{};
  std::string rule{};  // "spec.ingress[0]"; empty: the object as a whole
  Origin origin{};
  bool operator==(const PolicyRef&) const;  // kind, ns, name, rule
  std::string to_string() const;            // "CiliumNetworkPolicy shop/db"
};

// Why a verdict is what it is.
enum class Because : std::uint8_t {
  kRule,          // an allow rule matches
  kDenyRule,      // a deny rule matches
  kDefaultDeny,   // the endpoint is selected and nothing matches
  kDefaultAllow,  // no policy selects the endpoint: allowed by default, which is no intent
  kLocalHost,     // the node's own host may reach its pods
  kNotEnforced,   // enable-policy never, or a node without host firewall: allowed, which is no intent
  kUnknown        // something that Sextant cannot compute could change it; `why` names it
};
std::string_view to_string(Because because);  // "rule", "deny rule", "default deny"...
// Allowed although nobody wrote so.
constexpr bool by_default(Because b) { return b == Because::kDefaultAllow || b == Because::kNotEnforced; }

// Identifies a source class for the life of the process; never reused.
using ClassId = std::uint32_t;

// An equivalence class of source addresses. `name` is stable over restarts as long as the same policies name the same
// prefixes: "world" (public, named by no policy), the most specific prefix that a policy names ("2001:db8:100::/48"),
// or for the cluster's own: "host", "remote-node", "pod:<labels>", "health", "trusted", "local" (ULA, link-local and
// other non-public).
struct SourceClass {
  ClassId id = 0;
  std::string name{};
  bool is_public = false;          // inside 2000::/3, not the cluster's, not trusted
  std::vector<Prefix> prefixes{};  // the outer prefixes
  std::vector<Prefix> except{};    // holes in them; prefixes minus except is exact
  IpAddress sample{};              // an address of the class
  bool operator==(const SourceClass&) const = default;
};

// An immutable list that many hold at once: most classes of sources may do the same, and there may be thousands of
// them.
template <class T>
class SharedList {
 public:
  using value_type = T;
  using const_iterator = typename std::vector<T>::const_iterator;
  using iterator = const_iterator;

  SharedList() = default;
  SharedList(std::vector<T> values)
      : values_(values.empty() ? nullptr : std::make_shared<const std::vector<T>>(std::move(values))) {}
  SharedList(std::initializer_list<T> values) : SharedList(std::vector<T>(values)) {}

  operator const std::vector<T>&() const { return list(); }
  const_iterator begin() const { return list().begin(); }
  const_iterator end() const { return list().end(); }
  std::size_t size() const { return list().size(); }
  bool empty() const { return values_ == nullptr; }
  const T& front() const { return list().front(); }
  const T& operator[](std::size_t i) const { return list()[i]; }

  bool shares_with(const SharedList& other) const { return values_ == other.values_; }
  bool operator==(const SharedList& other) const { return shares_with(other) || list() == other.list(); }
  // The same for lists that share, another for any other as long as both live; nullptr: empty.
  const void* identity() const { return values_.get(); }

 private:
  const std::vector<T>& list() const {
    static const std::vector<T> kNone;
    return values_ == nullptr ? kNone : *values_;
  }

  std::shared_ptr<const std::vector<T>> values_{};
};

using SharedPolicies = SharedList<PolicyRef>;

// A verdict for a range of ports of one protocol. For ICMP and ICMPv6 the "port" is the type; for protocols without
// ports it is 0-65535 always.
struct IntentCell {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 65535;
  Verdict verdict = Verdict::kUnknown;
  Because because = Because::kUnknown;
  SharedPolicies policies{};  // what matched; for default deny, what selects the endpoint
  std::string why{};          // a sentence
  bool operator==(const IntentCell&) const = default;
};

using SharedCells = SharedList<IntentCell>;

// Everything one class of sources may do. Cells are sorted by (protocol, first_port), do not overlap, and cover
// TCP, UDP, SCTP, ICMPv6 (all ports or types) and kAny, which stands for every other protocol.
struct IntentRow {
  std::shared_ptr<const SourceClass> source{};
  SharedCells cells{};
  const IntentCell& cell(Protocol protocol, std::uint16_t port) const;
};

// Source classes by name, each once. What is said of all of them, endpoint by endpoint, is said in this order.
class SourceClasses {
 public:
  explicit SourceClasses(std::vector<std::shared_ptr<const SourceClass>> by_name);

  std::size_t size() const { return by_name_.size(); }
  const std::shared_ptr<const SourceClass>& operator[](std::size_t i) const { return by_name_[i]; }
  std::vector<std::shared_ptr<const SourceClass>>::const_iterator begin() const { return by_name_.begin(); }
  std::vector<std::shared_ptr<const SourceClass>>::const_iterator end() const { return by_name_.end(); }
  std::optional<std::size_t> find(ClassId id) const;
  // Their places in this list, by ascending id.
  const std::vector<std::uint32_t>& by_id() const { return by_id_; }

 private:
  std::vector<std::shared_ptr<const SourceClass>> by_name_;
  std::vector<std::uint32_t> by_id_{};
};

// One row per source class, sorted by class name; immutable, and cheap to copy. Endpoints times classes is the largest
// number there is on a node, and most classes may do the same: a row is kept as the number of its cells among the few
// lists of cells that there are.
class IntentRows {
 public:
  // Which of `cells` each of `classes` has.
  IntentRows(std::shared_ptr<const SourceClasses> classes, SharedList<SharedCells> cells,
             std::vector<std::uint32_t> cells_of);
  IntentRows(const std::vector<IntentRow>& rows);  // sorted by class name, each class once
  IntentRows(std::initializer_list<IntentRow> rows) : IntentRows(std::vector<IntentRow>(rows)) {}
  IntentRows() = default;

  class const_iterator {
   public:
    using value_type = IntentRow;
    using difference_type = std::ptrdiff_t;
    IntentRow operator*() const { return (*rows_)[at_]; }
    const_iterator& operator++() {
      ++at_;
      return *this;
    }
    const_iterator operator++(int) { return {rows_, at_++}; }
    bool operator==(const const_iterator&) const = default;

   private:
    friend class IntentRows;
    const_iterator(const IntentRows* rows, std::size_t at) : rows_(rows), at_(at) {}
    const IntentRows* rows_;
    std::size_t at_;

   public:
    const_iterator() : const_iterator(nullptr, 0) {}
  };
  const_iterator begin() const { return {this, 0}; }
  const_iterator end() const { return {this, size()}; }
  std::size_t size() const { return list_ == nullptr ? 0 : list_->cells_of.size(); }
  bool empty() const { return size() == 0; }
  IntentRow front() const { return (*this)[0]; }
  IntentRow operator[](std::size_t i) const;
  std::optional<IntentRow> find(ClassId id) const;

  // The parts, of rows that are not empty.
  const std::shared_ptr<const SourceClasses>& classes() const { return list_->classes; }
  const SharedList<SharedCells>& cells() const { return list_->cells; }  // some may be no row's
  const std::vector<std::uint32_t>& cells_of() const { return list_->cells_of; }
  // The same for copies, another for any others as long as both live; nullptr: empty.
  const void* identity() const { return list_.get(); }

 private:
  struct List {
    std::shared_ptr<const SourceClasses> classes{};
    SharedList<SharedCells> cells{};
    std::vector<std::uint32_t> cells_of{};
  };
  std::shared_ptr<const List> list_{};
};

struct EndpointIntent {
  EndpointRef endpoint{};
  bool selected = false;  // some policy selects it for ingress (of Cilium's or Kubernetes' kinds)
  bool enforced = false;  // default deny holds
  SharedPolicies selecting{};
  IntentRows rows{};
  std::optional<IntentRow> row(ClassId id) const { return rows.find(id); }
};

// One rule that was considered.
struct RuleTrace {
  PolicyRef policy{};
  bool matched = false;
  bool deny = false;
  std::string detail{};  // why it matched or what did not: "port 443 is not 5432", "source is not in 2001:db8::/32"
};

struct Decision {
  Verdict verdict = Verdict::kUnknown;
  Because because = Because::kUnknown;
  bool selected = false;
  bool enforced = false;
  std::string why{};                  // one sentence
  std::vector<PolicyRef> policies{};  // that decided
  std::vector<RuleTrace> trace{};     // only when asked for: matched first, then nearly matched
};

// ---- The same, for the kernel --------------------------------------------------------------------------------------

// A policy that does not parse, is rejected by Cilium, or selects what cannot be computed.
struct PolicyProblem {
  PolicyRef policy{};
  bool rejected = false;  // Cilium refuses the whole object; else: a part of it cannot be computed
  std::string reason{};
};

struct KernelEndpoint {
  EndpointRef endpoint{};
  std::vector<IpAddress> addresses{};
  std::uint32_t policy = 0;  // index into KernelIntent::policies
};

struct KernelRange {
  Protocol protocol = Protocol::kTcp;  // kAny: every protocol that has no range of its own
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 65535;
  Verdict verdict = Verdict::kUnknown;
  auto operator<=>(const KernelRange&) const = default;
};
using PortMap = std::vector<KernelRange>;  // sorted, not overlapping, complete (as IntentRow::cells)

// Which classes have a port map of their own: a flat sorted list, for there may be thousands of classes in each of
// hundreds of policies.
class PortMapOfClass {
 public:
  using Entry = std::pair<ClassId, std::uint32_t>;  // the second indexes KernelIntent::port_maps

  PortMapOfClass() = default;
  PortMapOfClass(std::initializer_list<Entry> entries);

  void set(ClassId source, std::uint32_t port_map);  // cheapest in ascending order of classes
  std::optional<std::uint32_t> find(ClassId source) const;
  void reserve(std::size_t entries) { entries_.reserve(entries); }

  std::vector<Entry>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Entry>::const_iterator end() const { return entries_.end(); }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto operator<=>(const PortMapOfClass&) const = default;

 private:
  std::vector<Entry> entries_{};  // by class, each once
};

// One distinct behaviour; endpoints share it. port_maps index KernelIntent::port_maps.
struct KernelPolicy {
  std::uint32_t default_port_map = 0;  // for classes not named below
  PortMapOfClass port_map_of_class{};
  std::uint32_t port_map(ClassId source) const { return port_map_of_class.find(source).value_or(default_port_map); }
  auto operator<=>(const KernelPolicy&) const = default;
};

struct SourceRange {
  IpAddress first{};  // the range ends where the next begins
  ClassId source = 0;
  auto operator<=>(const SourceRange&) const = default;
};

struct KernelIntent {
  std::vector<KernelEndpoint> endpoints{};
  std::vector<SourceRange> sources{};  // sorted by first; the first starts at ::, so every address has a class
  std::vector<std::shared_ptr<const SourceClass>> classes{};  // every class that `sources` names
  std::vector<KernelPolicy> policies{};
  std::vector<PortMap> port_maps{};
};

}  // namespace sextant
