#include "agent/audit/lint/stand_ins.h"

#include <algorithm>
#include <map>
#include <set>

#include "agent/policy/labels.h"

namespace sextant::audit::lint {
namespace {

const Prefix kDiscard = Prefix::masked(IpAddress::from_halves(0x0100000000000000, 0), 64);

// A selector's key without its source.
std::string_view bare_key(std::string_view key) {
  const auto [source, rest] = policy::split_source(key, ':', policy::kNewestRelease);
  return source == "k8s" || source == "any" ? rest : key;
}

bool is_reserved(std::string_view key) {
  return policy::split_source(key, ':', policy::kNewestRelease).source == "reserved";
}

// Labels that are being put together.
using Draft = std::map<std::string, std::string, std::less<>>;

Labels finished(const Draft& draft) { return Labels({draft.begin(), draft.end()}); }

// One way to satisfy a selector: its keys with values. `choice` counts through the values of the In requirements.
struct Wanted {
  Draft labels{};
  bool possible = true;
};

Wanted wanted(const Document& selector, std::size_t choice) {
  Wanted result;
  const auto want = [&](std::string_view key, std::string value) {
    if (is_reserved(key)) result.possible = false;
    result.labels[std::string(bare_key(key))] = std::move(value);
  };
  if (const Document* labels = selector.get("matchLabels"); labels != nullptr) {
    for (const auto& [key, value] : labels->members) want(key, value.text);
  }
  const Document* expressions = selector.get("matchExpressions");
  if (expressions == nullptr) return result;
  for (const Document& expression : expressions->items) {
    const std::string_view op = expression.string_at("operator");
    const Document* values = expression.get("values");
    if (op == "In" && values != nullptr && !values->items.empty()) {
      want(expression.string_at("key"), values->items[choice % values->items.size()].text);
    } else if (op == "Exists") {
      want(expression.string_at("key"), "x");
    }
  }
  return result;
}

std::size_t choices(const Document& selector) {
  constexpr std::size_t kMost = 16;  // values beyond are not stood for
  std::size_t most = 1;
  if (const Document* expressions = selector.get("matchExpressions"); expressions != nullptr) {
    for (const Document& e : expressions->items) {
      const Document* values = e.get("values");
      if (values != nullptr && e.string_at("operator") == "In") most = std::max(most, values->items.size());
    }
  }
  return std::min(most, kMost);
}

// Labels of pods, with those that stand for something else taken out.
Pod pod_of(Draft labels, const std::string& ns, Draft* namespace_labels) {
  Pod pod{.ns = ns.empty() ? std::string(kStandIn) : ns};
  const auto take = [&](std::string_view key) {
    const auto found = labels.find(key);
    std::string value = found == labels.end() ? "" : found->second;
    if (found != labels.end()) labels.erase(found);
    return value;
  };
  if (std::string named = take(policy::kNamespaceKey); !named.empty()) pod.ns = std::move(named);
  pod.service_account = take(policy::kServiceAccountKey);
  take(policy::kClusterKey);
  for (auto at = labels.begin(); at != labels.end();) {
    if (!at->first.starts_with(policy::kNamespaceLabelsPrefix)) {
      ++at;
      continue;
    }
    if (namespace_labels != nullptr) {
      (*namespace_labels)[at->first.substr(policy::kNamespaceLabelsPrefix.size())] = at->second;
    }
    at = labels.erase(at);
  }
  pod.labels = finished(labels);
  return pod;
}

class Maker {
 public:
  explicit Maker(const World& world) : world_(world) {}

  std::vector<Object> make() {
    Node node{.name = std::string(kStandIn), .addresses = {next_address()}};
    objects_.push_back(std::move(node));
    std::set<std::string> namespaces{std::string(kStandIn)};
    for (const auto& [name, ns] : world_.namespaces()) namespaces.insert(name);
    for (const auto& [key, pod] : world_.pods()) namespaces.insert(pod.ns);
    for (const auto& [key, object] : world_.policies()) {
      if (!object.ns.empty()) namespaces.insert(object.ns);
      read(object.body->unpack(), object);
    }
    for (const std::string& ns : namespaces) add({.ns = ns});
    return std::move(objects_);
  }

 private:
  // Every selector of peers, wherever it is written.
  void read(const Document& document, const PolicyObject& object) {
    for (const auto& [key, value] : document.members) {
      if (key == "fromEndpoints") {
        for (const Document& selector : value.items) add_selected(selector, nullptr, object.ns);
      } else if (key == "from") {
        for (const Document& peer : value.items) add_peer(peer, object.ns);
      } else if (!key.starts_with("egress")) {
        read(value, object);
      }
    }
    for (const Document& item : document.items) read(item, object);
  }

  void add_peer(const Document& peer, const std::string& ns) {
    const Document none{.kind = Document::Kind::kMap};
    const Document* of_pods = peer.get("podSelector");
    const Document* of_namespaces = peer.get("namespaceSelector");
    if (of_pods == nullptr && of_namespaces == nullptr) return;
    add_selected(of_pods == nullptr ? none : *of_pods, of_namespaces, ns);
  }

  void add_selected(const Document& selector, const Document* namespaces, const std::string& ns) {
    const std::size_t many = std::max(choices(selector), namespaces == nullptr ? 1 : choices(*namespaces));
    for (std::size_t choice = 0; choice < many; ++choice) {
      Wanted want = wanted(selector, choice);
      if (!want.possible) continue;
      Draft of_namespace = namespaces == nullptr ? Draft{} : wanted(*namespaces, choice).labels;
      Pod pod = pod_of(std::move(want.labels), ns, &of_namespace);
      if (namespaces != nullptr || !of_namespace.empty()) pod.ns = namespace_with(of_namespace);
      add(std::move(pod));
    }
  }

  // A namespace with these labels: one of the manifests, or one made up.
  std::string namespace_with(const Draft& labels) {
    const auto has_all = [&](const Labels& own) {
      return std::ranges::all_of(labels, [&](const auto& label) {
        const auto found = own.find(label.first);
        return found != own.end() && found->second == label.second;
      });
    };
    if (const auto name = labels.find("kubernetes.io/metadata.name"); name != labels.end()) return name->second;
    for (const auto& [name, ns] : world_.namespaces()) {
      if (has_all(ns.labels)) return name;
    }
    auto [made, added] = namespaces_.try_emplace(labels);
    if (added) {
      made->second = std::string(kStandIn) + "-" + std::to_string(namespaces_.size());
      objects_.push_back(Namespace{.name = made->second, .labels = finished(labels)});
    }
    return made->second;
  }

  void add(Pod pod) {
    pod.name = std::string(kStandIn) + "-" + std::to_string(objects_.size());
    pod.node_name = kStandIn;
    pod.addresses = {next_address()};
    objects_.push_back(std::move(pod));
  }

  IpAddress next_address() { return last_ = last_.next(); }

  const World& world_;
  std::vector<Object> objects_{};
  std::map<Draft, std::string> namespaces_{};
  IpAddress last_ = kDiscard.first();
};

}  // namespace

std::vector<Object> stand_ins(const World& world) { return Maker(world).make(); }

bool is_stand_in(const SourceClass& source) { return kDiscard.contains(source.sample); }

std::optional<Pod> selected_by(const Document& selector, const std::string& ns) {
  Wanted want = wanted(selector, 0);
  if (!want.possible) return std::nullopt;
  Pod pod = pod_of(std::move(want.labels), ns, nullptr);
  if (!ns.empty()) pod.ns = ns;
  return pod;
}

}  // namespace sextant::audit::lint
