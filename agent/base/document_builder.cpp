#include "agent/base/document_builder.h"

namespace sextant {

bool DocumentBuilder::key(std::string key) {
  Open& map = open_.back();
  map.key = std::move(key);
  return !map.keys.repeats(map.document, map.key);
}

Document DocumentBuilder::close() {
  Document closed = std::move(open_.back().document);
  open_.pop_back();
  return closed;
}

void DocumentBuilder::place(Document&& value) {
  if (open_.empty()) {
    result_ = std::move(value);
  } else if (Open& around = open_.back(); around.document.is_list()) {
    around.document.items.push_back(std::move(value));
  } else {
    around.document.members.emplace_back(std::move(around.key), std::move(value));
  }
}

void DocumentBuilder::clear() {
  open_.clear();
  result_ = {};
}

}  // namespace sextant
