#include "agent/kube/field_tree.h"

#include <utility>

namespace sextant::kube {

// The tree that a path names, made where it is not there yet.
FieldTree& FieldTree::descend(std::string_view path) {
  FieldTree* at = this;
  while (!path.empty()) {
    const auto blank = path.find(' ');
    const std::string_view name = path.substr(0, blank);
    path = blank == std::string_view::npos ? std::string_view() : path.substr(blank + 1);
    at = &at->members_.try_emplace(std::string(name), FieldTree(at->keeps_rest_)).first->second;
  }
  return *at;
}

FieldTree& FieldTree::keep(std::string_view path) {
  descend(path).keeps_rest_ = true;
  return *this;
}

FieldTree& FieldTree::keep(std::initializer_list<std::string_view> paths) {
  for (const std::string_view path : paths) keep(path);
  return *this;
}

FieldTree& FieldTree::drop(std::string_view path) {
  descend(path).is_dropped_ = true;
  return *this;
}

FieldTree& FieldTree::graft(std::string_view name, FieldTree tree) {
  members_.insert_or_assign(std::string(name), std::move(tree));
  return *this;
}

const FieldTree* FieldTree::member(std::string_view key) const {
  static const FieldTree whole = everything();
  const auto found = members_.find(key);
  if (found == members_.end()) return keeps_rest_ ? &whole : nullptr;
  return found->second.is_dropped_ ? nullptr : &found->second;
}

}  // namespace sextant::kube
