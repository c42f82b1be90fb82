#include "agent/report/json.h"

#include <algorithm>
#include <ctime>
#include <map>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>

namespace sextant::report {
namespace {

namespace json = boost::json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

// RFC 3339 in UTC; milliseconds only where there are some.
std::string time_text(const Timestamp& timestamp) {
  const std::time_t seconds = timestamp.seconds();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  if (const int ms = timestamp.nanos() / 1'000'000; ms > 0) {
    length += static_cast<std::size_t>(std::snprintf(text + length, sizeof text - length, ".%03d", ms));
  }
  return std::string(text, length) + "Z";
}

json::value message_value(const Message& message);

json::value singular(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.GetFloat(message, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return json::string(reflection.GetEnum(message, &field)->name());
    case FieldDescriptor::CPPTYPE_STRING:
      return json::string(reflection.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return message_value(reflection.GetMessage(message, &field));
  }
  return nullptr;
}

json::value repeated(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetRepeatedInt32(message, &field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.GetRepeatedInt64(message, &field, index);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetRepeatedUInt32(message, &field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetRepeatedUInt64(message, &field, index);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.GetRepeatedDouble(message, &field, index);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection.GetRepeatedFloat(message, &field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetRepeatedBool(message, &field, index);
    case FieldDescriptor::CPPTYPE_ENUM:
      return json::string(reflection.GetRepeatedEnum(message, &field, index)->name());
    case FieldDescriptor::CPPTYPE_STRING:
      return json::string(reflection.GetRepeatedString(message, &field, index));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return message_value(reflection.GetRepeatedMessage(message, &field, index));
  }
  return nullptr;
}

// Map keys are strings in JSON whatever they are in the schema.
std::string key_text(const json::value& key) {
  return key.is_string() ? std::string(key.get_string()) : serialize(key);
}

json::value map_value(const Message& message, const FieldDescriptor& field, int size) {
  std::map<std::string, json::value> sorted;
  for (int i = 0; i < size; ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, &field, i);
    sorted.emplace(key_text(singular(entry, *field.message_type()->map_key())),
                   singular(entry, *field.message_type()->map_value()));
  }
  json::object out;
  for (auto& [key, value] : sorted) out.emplace(key, std::move(value));
  return out;
}

json::value field_value(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_map()) return map_value(message, field, reflection.FieldSize(message, &field));
  if (field.is_repeated()) {
    json::array out;
    const int size = reflection.FieldSize(message, &field);
    out.reserve(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) out.push_back(repeated(message, field, i));
    return out;
  }
  if (field.has_presence() && !reflection.HasField(message, &field)) return nullptr;
  return singular(message, field);
}

json::value message_value(const Message& message) {
  if (message.GetDescriptor() == Timestamp::descriptor()) {
    return json::string(time_text(static_cast<const Timestamp&>(message)));
  }
  json::object out;
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    out.emplace(type->field(i)->json_name(), field_value(message, *type->field(i)));
  }
  return out;
}

// Lists of messages are written one by one: the tree of a whole answer would weigh several times its text.
void print_compact(const Message& message, std::string& out) {
  out += '{';
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    out += (i > 0 ? ",\"" : "\"") + field.json_name() + "\":";
    if (!field.is_repeated() || field.is_map() || field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      out += json::serialize(field_value(message, field));
      continue;
    }
    out += '[';
    const int size = message.GetReflection()->FieldSize(message, &field);
    for (int item = 0; item < size; ++item) {
      if (item > 0) out += ',';
      out += json::serialize(repeated(message, field, item));
    }
    out += ']';
  }
  out += '}';
}

// A container's members on lines of their own; empty ones stay on one.
void print_pretty(const json::value& value, std::size_t indent, std::string& out) {
  const std::string margin(indent + 2, ' ');
  const auto close = [&](char bracket) { out += '\n' + std::string(indent, ' ') + bracket; };
  if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    for (const char* separator = "\n"; const auto& [key, member] : *object) {
      out += std::exchange(separator, ",\n") + margin + json::serialize(key) + ": ";
      print_pretty(member, indent + 2, out);
    }
    return close('}');
  }
  if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    for (const char* separator = "\n"; const json::value& item : *array) {
      out += std::exchange(separator, ",\n") + margin;
      print_pretty(item, indent + 2, out);
    }
    return close(']');
  }
  out += json::serialize(value);
}

}  // namespace

json::value json_value(const Message& message) { return message_value(message); }

std::string to_json(const json::value& value, JsonStyle style) {
  if (style == JsonStyle::kCompact) return json::serialize(value);
  std::string out;
  print_pretty(value, 0, out);
  return out + '\n';
}

std::string to_json(const Message& message, JsonStyle style) {
  if (style == JsonStyle::kPretty) return to_json(json_value(message), style);
  if (message.GetDescriptor() == Timestamp::descriptor()) return json::serialize(json_value(message));
  std::string out;
  print_compact(message, out);
  return out;
}

std::string to_yaml(const Message& message) { return to_yaml(json_value(message)); }

Result<> from_json(std::string_view text, Message& message) {
  // Boost first: protobuf's own reader also takes what is no JSON (single quotes, bare keys), and nests deeper.
  boost::system::error_code error;
  const json::value value = json::parse(text, error, {}, json::parse_options{});
  if (error) return failure("no JSON: " + error.message());
  if (!value.is_object()) return failure("no JSON object");
  const auto status = google::protobuf::util::JsonStringToMessage(std::string(text), &message);
  if (!status.ok()) return failure(std::string(status.message()));
  return {};
}

}  // namespace sextant::report
