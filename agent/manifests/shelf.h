// Shelf: what every file holds, or held when it was last good, and what all of them together say.
//
// No I/O. Of two objects with one key the first counts, in the order of file names and of documents; the other is a
// problem, and takes over when the first one goes.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/manifests/content.h"
#include "agent/manifests/manifests.h"

namespace sextant::manifests {

class Shelf {
 public:
  // The file was read. Content with problems leaves what the file held before.
  void put(const std::string& file, Content content);
  // The file could not be read; it keeps what it held.
  void fail(const std::string& file, std::string cause);
  // Forgets every file for which this says so.
  template <class Predicate>
  void remove_if(Predicate gone) {
    std::erase_if(files_, [&](const auto& entry) { return gone(entry.first); });
  }

  struct Sum {
    std::vector<std::shared_ptr<const Object>> objects{};
    std::vector<Problem> problems{};
    std::size_t ignored = 0;
    std::size_t files = 0;
  };
  Sum sum() const;

 private:
  struct File {
    std::vector<std::shared_ptr<const Object>> objects{};
    std::size_t ignored = 0;
    std::vector<Problem> problems{};  // of the file as it is; what it held when it was good stays
  };
  std::map<std::string, File> files_{};
  LabelPool pod_labels_{};
};

}  // namespace sextant::manifests
