// Field: reads a Document as a typed object, and remembers the first thing that was wrong.
//
// Go's decoding is the model: a missing or null value is the type's zero, a value of another type is an error, and
// fields that nobody asks for are not looked at. After the first error every further read is empty, so that decoders
// read like tables and ask for the error once, at the end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/document.h"
#include "agent/base/ip.h"
#include "agent/base/result.h"
#include "agent/model/endpoint.h"
#include "agent/model/objects.h"

namespace sextant {

class Field {
 public:
  // The document must outlive the field and all that it gives.
  explicit Field(const Document& root)
      : value_(&root), line_(root.line), error_(std::make_shared<std::optional<Error>>()) {}

  // Absent: missing or null, or inside something absent.
  bool present() const { return value_ != nullptr && !value_->is_null(); }
  // The member; an error when this is present and no map.
  Field operator[](std::string_view key) const;

  std::string string() const;
  bool boolean() const;
  std::int64_t integer(std::int64_t least, std::int64_t most) const;
  std::uint16_t port() const;  // 0 to 65535
  Labels labels() const;
  std::vector<Field> items() const;
  std::vector<std::string> strings() const;

  std::optional<IpAddress> address() const;  // nullopt when absent or ""
  std::vector<IpAddress> addresses() const;
  std::vector<Prefix> prefixes() const;
  Protocol protocol() const;             // TCP, UDP or SCTP; TCP when absent
  std::string string_or_number() const;  // IntOrString: a port's number or name

  // Records the error "PATH: cause (line N)" unless there is one already.
  void fail(std::string_view cause) const;
  const std::optional<Error>& error() const { return *error_; }

 private:
  Field(const Document* value, std::string path, std::uint32_t line, std::shared_ptr<std::optional<Error>> error)
      : value_(value), path_(std::move(path)), line_(line), error_(std::move(error)) {}

  // Whether there is a value of that kind. Another kind is an error that says what was wanted.
  bool is(Document::Kind kind) const;
  Field child(const Document* value, std::string path) const;

  const Document* value_;   // nullptr: missing
  std::string path_{};      // "spec.podCIDRs[1]"
  std::uint32_t line_ = 0;  // of the nearest value that is there
  std::shared_ptr<std::optional<Error>> error_;
};

}  // namespace sextant
