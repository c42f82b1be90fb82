// DocumentBuilder: puts a Document together from the events of a parser.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/base/document.h"
#include "agent/base/key_check.h"

namespace sextant {

class DocumentBuilder {
 public:
  // Opens a map or a list inside of what is open.
  void begin(Document::Kind kind) { open_.push_back({.document = {.kind = kind}}); }
  // The key of the next value; a map is open. False: the map has it already.
  bool key(std::string key);
  const std::string& last_key() const { return open_.back().key; }
  // Takes what was opened last out, without a place in what is around it.
  Document close();
  // Puts a value where it belongs: into what is open, or as the result.
  void place(Document&& value);

  bool is_open() const { return !open_.empty(); }
  // What was placed last while nothing was open.
  Document take() { return std::exchange(result_, {}); }
  void clear();

 private:
  struct Open {
    Document document{};
    std::string key{};
    KeyCheck keys{};
  };
  std::vector<Open> open_{};
  Document result_{};
};

}  // namespace sextant
