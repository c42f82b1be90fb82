// ObjectStream: turns the body of a list or of a watch, as it arrives, into one small Document after the other.
//
// Only the fields that a FieldTree keeps are built, and only one object is held at a time: a list of a whole cluster
// takes no more memory than its largest object.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "agent/base/document.h"
#include "agent/base/result.h"
#include "agent/kube/field_tree.h"

namespace sextant::kube {

// etcd takes 1.5 MB by default, and an object is no larger than what can be stored.
inline constexpr std::size_t kMaxObjectBytes = 8U << 20U;
// Of those that are kept, each a Document of 120 bytes: a stored object of `[0,0,...]` would be 90 MB.
inline constexpr std::size_t kMaxObjectValues = 200'000;

class ObjectStream {
 public:
  using Sink = std::function<void(Document&&)>;

  // `root` is of the whole of a list or of an event. Items of the member called `items` go to `item` one by one and are
  // not part of what `document` gets when a JSON value ends.
  ObjectStream(FieldTree root, Sink item, Sink document);
  ~ObjectStream();

  // Errors: no JSON, a key twice, more than 100 levels, an object beyond kMaxObjectBytes or kMaxObjectValues. Nothing
  // can be fed after one.
  Result<> feed(std::string_view piece);
  // The body has ended. An error when it did so within a JSON value.
  Result<> finish() const;

 private:
  class Handler;
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace sextant::kube
