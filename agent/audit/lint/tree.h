// What lint looks at: the manifests' policies rule by rule, whom they select, and an engine that knows stand-ins.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/audit/difference.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::audit::lint {

// One element of ingress or ingressDeny.
struct RuleView {
  const Document* document = nullptr;
  std::string where{};  // "spec.ingress[0]"
  bool deny = false;
};

// spec, or one of specs.
struct SpecView {
  const Document* document = nullptr;
  std::string where{};
  bool node = false;  // nodeSelector
  std::vector<RuleView> rules{};
};

struct PolicyView {
  const PolicyObject* object = nullptr;
  std::shared_ptr<const Document> body{};  // unpacked; what the specs point into
  std::vector<SpecView> specs{};

  ObjectKey key() const { return {.kind = object->kind, .ns = object->ns, .name = object->name}; }
  bool of_cilium() const {
    return object->kind == ObjectKind::kCiliumNetworkPolicy ||
           object->kind == ObjectKind::kCiliumClusterwideNetworkPolicy;
  }
  // The object, with the place and line of a part of it; `part` nullptr: none.
  PolicyRef at(const std::string& where, const Document* part) const;
};

// Whom policies protect: a pod (of several alike one), a pod template, or a node.
struct SubjectView {
  EndpointRef endpoint{};
  policy::Subject asked{};
  std::vector<PolicyRef> selecting{};  // specs
  const Pod* pod = nullptr;            // nullptr: a node
  bool given = true;                   // else it was made up for a policy of whose subjects the manifests hold none
};

class Tree {
 public:
  // `given` must outlive the tree.
  Tree(const World& given, const policy::Options& options);

  const World& given() const { return given_; }
  const policy::Options& options() const { return engine_->options(); }
  const std::vector<PolicyView>& policies() const { return policies_; }
  const std::vector<SubjectView>& subjects() const { return subjects_; }
  bool is_rejected(const PolicyView& policy) const;  // by Cilium
  std::vector<const SubjectView*> selected_by(const PolicyView& policy) const;
  std::vector<const SubjectView*> selected_by(const PolicyView& policy, const SpecView& spec) const;

  // With the stand-ins in it.
  const World& world() const { return *world_; }
  const policy::Engine& engine() const { return *engine_; }
  std::shared_ptr<const EndpointIntent> intent(const SubjectView& subject) const { return intent(*engine_, subject); }
  static std::shared_ptr<const EndpointIntent> intent(const policy::Engine& engine, const SubjectView& subject);

  // The same cluster as another release would see it.
  std::unique_ptr<policy::Engine> engine_of(policy::Release release) const;

 private:
  void find_subjects();
  void make_up_subjects();
  void add_subject(SubjectView subject);

  const World& given_;
  std::unique_ptr<World> world_;  // heap: the engine holds its address
  std::unique_ptr<policy::Engine> engine_;
  std::vector<PolicyView> policies_{};
  std::vector<SubjectView> subjects_{};
  std::set<ObjectKey> rejected_{};
};

// The specs and rules of one object, of whatever kind.
PolicyView view_of(const PolicyObject& object);

}  // namespace sextant::audit::lint
