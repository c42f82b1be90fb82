// FieldTree: which fields of an object are kept while it streams by. Items of a list count as the list itself.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace sextant::kube {

class FieldTree {
 public:
  // Nothing but what is kept; or everything but what is dropped.
  static FieldTree nothing() { return FieldTree(false); }
  static FieldTree everything() { return FieldTree(true); }

  // Names are separated by blanks, for keys of labels hold dots and slashes: "metadata labels app.kubernetes.io/name".
  // What is named is kept (or dropped) with all that is in it.
  FieldTree& keep(std::string_view path);
  FieldTree& keep(std::initializer_list<std::string_view> paths);
  FieldTree& drop(std::string_view path);
  // Hangs a whole tree below a name.
  FieldTree& graft(std::string_view name, FieldTree tree);

  // nullptr: the member is dropped.
  const FieldTree* member(std::string_view key) const;

 private:
  explicit FieldTree(bool rest) : keeps_rest_(rest) {}
  FieldTree& descend(std::string_view path);

  bool keeps_rest_;  // members that are not named below
  bool is_dropped_ = false;
  std::map<std::string, FieldTree, std::less<>> members_{};
};

}  // namespace sextant::kube
