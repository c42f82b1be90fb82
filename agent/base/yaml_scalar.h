// What a plain scalar of YAML means to Kubernetes: the rules of YAML 1.1 as sigs.k8s.io/yaml (goyaml.v2) applies them.
#pragma once

#include <string_view>

#include "agent/base/document.h"
#include "agent/base/result.h"

namespace sextant {

// y, yes, on, true and their opposites in three spellings are booleans; 0x, 0o, 0b and a leading 0 set the base;
// underscores between digits are ignored; a whole number written as a float ("80.0", "1e3") is an integer, for JSON
// knows no difference; integers beyond 64 bits are doubles; timestamps are strings. The result has no position. Errors:
// .inf and .nan, which JSON cannot hold.
Result<Document> resolve_plain(std::string_view text);

// The same under one of the core schema's tags ("!!int"...): errors when the text is nothing of that kind.
// `tag` is the long form, "tag:yaml.org,2002:int"; "!" is the tag of a quoted scalar: a string.
Result<Document> resolve_tagged(std::string_view tag, std::string_view text);

}  // namespace sextant
