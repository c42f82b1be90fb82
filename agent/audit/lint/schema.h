// What the API server accepts: the schemas of the policy kinds, member by member.
//
// Sources: pkg/k8s/apis/cilium.io/client/crds/v2/ciliumnetworkpolicies.yaml and ciliumclusterwidenetworkpolicies.yaml
// of github.com/cilium/cilium at the tags of the known releases (the two kinds' schemas are the same), and
// staging/src/k8s.io/api/networking/v1/types.go of github.com/kubernetes/kubernetes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/base/document.h"
#include "agent/model/objects.h"
#include "agent/policy/engine.h"

namespace sextant::audit::lint {

// One member that a structure may have.
struct SchemaMember {
  std::string_view of;    // the structure
  std::string_view name;  // the member
  // "string", "integer", "boolean", "labels" (a map of strings), "any", or a structure's name; "[]" before it: a list.
  std::string_view type;
  std::string_view one_of = {};  // of a string: "In|NotIn|Exists"; empty: anything
  std::size_t most = 0;          // of a list: how many items; 0: any number
};

struct Violation {
  std::string path{};
  const Document* document = nullptr;
  std::string cause{};  // "must be a string, is an integer"
};
struct UnknownField {
  std::string path{};
  const Document* parent = nullptr;
  const Document* document = nullptr;
  std::string key{};
  std::string meant{};  // the member that it was likely meant to be; empty: none is like it
};
struct SchemaReport {
  std::vector<Violation> violations{};
  std::vector<UnknownField> unknown{};
};

// Checks spec (and specs) of one policy. Kinds without a schema here give an empty report. It points into `body`.
SchemaReport check_against_schema(ObjectKind kind, const Document& body, policy::Release release);

// The members of the release, for readers and tests.
std::vector<SchemaMember> schema_of(policy::Release release);

}  // namespace sextant::audit::lint
