// libyaml's events as values. libyaml because Kubernetes' own reader (goyaml.v2) is a port of it, and because it takes
// time and memory in proportion to the text, whatever the text is: it looks ahead no further than 1,024 characters.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sextant {

struct YamlMark {
  std::size_t line = 0;    // from 0
  std::size_t column = 0;  // from 0, in characters
  bool operator==(const YamlMark&) const = default;
};

// "line 3, column 5: cause", counted from 1.
std::string placed(const YamlMark& mark, std::string_view cause);

struct YamlEvent {
  enum class Kind {
    kStreamEnd,
    kDocumentStart,
    kDocumentEnd,
    kScalar,
    kAlias,
    kListStart,
    kListEnd,
    kMapStart,
    kMapEnd
  };
  Kind kind = Kind::kStreamEnd;
  YamlMark mark{};
  std::string anchor{};  // of a scalar, list or map; of an alias what it names; empty: none
  std::string tag{};     // in the long form, "tag:yaml.org,2002:int"; empty: none
  std::string value{};   // kScalar
  bool plain = false;    // kScalar: what it is follows from its text
};

class YamlEvents {
 public:
  // The text is UTF-8 without a byte order mark, and outlives this.
  explicit YamlEvents(std::string_view text);
  ~YamlEvents();
  YamlEvents(const YamlEvents&) = delete;
  YamlEvents& operator=(const YamlEvents&) = delete;

  // Not to be called after kStreamEnd or an error. Errors are in the words of the one who wrote the text.
  Result<YamlEvent> next();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace sextant
