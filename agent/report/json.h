// Messages as text for people and scripts: JSON and YAML by protobuf's reflection.
//
// Differs from protobuf's own JSON in three ways that INTERFACES promises: 64-bit numbers are numbers, absent messages
// and absent optional fields are null, and every other field is there even when it is empty. Keys stand in the order of
// the schema, map entries in the order of their keys: the same message gives the same text.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>
#include <google/protobuf/message.h>

#include "agent/base/result.h"

namespace sextant::report {

enum class JsonStyle { kCompact, kPretty };  // kPretty: two spaces of indent, and a final newline

boost::json::value json_value(const google::protobuf::Message& message);
std::string to_json(const google::protobuf::Message& message, JsonStyle style = JsonStyle::kCompact);
std::string to_json(const boost::json::value& value, JsonStyle style);

// Block YAML of the same value, ends with a newline. Strings that YAML would read as something else are quoted.
std::string to_yaml(const google::protobuf::Message& message);
std::string to_yaml(const boost::json::value& value);

// Reads what to_json printed, and protobuf's own JSON. Errors name the place: no JSON, an unknown field, a wrong type,
// more than 32 levels.
Result<> from_json(std::string_view text, google::protobuf::Message& message);

}  // namespace sextant::report
