#include "agent/manifests/shelf.h"

#include <utility>

namespace sextant::manifests {

void Shelf::put(const std::string& file, Content content) {
  File& entry = files_[file];
  entry.problems = std::move(content.problems);
  if (!entry.problems.empty()) return;
  entry.ignored = content.ignored;
  entry.objects.clear();
  entry.objects.reserve(content.objects.size());
  for (Object& object : content.objects) {
    if (auto* pod = std::get_if<Pod>(&object)) pod->labels = pod_labels_.shared(pod->labels);
    entry.objects.push_back(std::make_shared<const Object>(std::move(object)));
  }
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
    sum.ignored += file.ignored;
    for (const std::shared_ptr<const Object>& object : file.objects) {
      const auto [entry, added] = first.try_emplace(key_of(*object), object.get());
      if (added) {
        sum.objects.push_back(object);
        continue;
      }
      sum.problems.push_back({.file = name,
                              .line = origin_of(*object).line,
                              .cause = entry->first.to_string() + " is in " + origin_of(*entry->second).to_string() +
                                       " already; only that one counts"});
    }
  }
  return sum;
}

}  // namespace sextant::manifests
