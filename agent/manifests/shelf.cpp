#include "agent/manifests/shelf.h"

#include <utility>

namespace sextant::manifests {

void Shelf::put(const std::string& file, Content content) {
  File& entry = files_[file];
  entry.problems = std::move(content.problems);
  if (entry.problems.empty()) entry.good = std::move(content);
}

void Shelf::fail(const std::string& file, std::string cause) {
  files_[file].problems = {{.file = file, .cause = std::move(cause)}};
}

Shelf::Sum Shelf::sum() const {
  Sum sum;
  sum.files = files_.size();
  std::map<ObjectKey, const Object*> first;
  for (const auto& [name, file] : files_) {
    sum.problems.insert(sum.problems.end(), file.problems.begin(), file.problems.end());
    sum.ignored += file.good.ignored;
    for (const Object& object : file.good.objects) {
      ObjectKey key = key_of(object);
      const auto [entry, added] = first.try_emplace(std::move(key), &object);
      if (added) {
        sum.objects.push_back(&object);
        continue;
      }
      sum.problems.push_back({.file = name,
                              .line = origin_of(object).line,
                              .cause = entry->first.to_string() + " is in " + origin_of(*entry->second).to_string() +
                                       " already; only that one counts"});
    }
  }
  return sum;
}

}  // namespace sextant::manifests
