#include "agent/kube/api_status.h"

#include "agent/base/text.h"

namespace sextant::kube {
namespace {

constexpr std::size_t kLongestMessage = 400;

// Servers' messages name users, groups and resources, and end up in findings.
std::string shown(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() < kLongestMessage) {
    const CodePoint point = decode_utf8(text);
    const std::size_t size = point.length == 0 ? 1 : point.length;
    const bool plain = point.length > 0 && is_printable(point.value) && point.value >= ' ';
    if (plain) {
      out += text.substr(0, size);
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
    text.remove_prefix(size);
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace

std::string ApiStatus::to_string() const {
  std::string out = std::to_string(code);
  if (!reason.empty()) out += " " + reason;
  return message.empty() ? out : out + ": " + message;
}

ApiStatus read_status(const Document& object) {
  ApiStatus status;
  if (const Document* code = object.get("code"); code != nullptr && code->kind == Document::Kind::kInteger)
    status.code = static_cast<unsigned>(code->integer);
  status.reason = shown(object.string_at("reason"));
  status.message = shown(object.string_at("message"));
  const Document* after = object.at({"details", "retryAfterSeconds"});
  if (after != nullptr && after->kind == Document::Kind::kInteger && after->integer >= 0)
    status.retry_after = std::chrono::seconds(after->integer);
  return status;
}

ApiStatus read_status(unsigned code, std::string_view body) {
  ApiStatus status;
  if (const auto parsed = parse_json(body); parsed && parsed->string_at("kind") == "Status") {
    status = read_status(*parsed);
  } else {
    status.message = shown(body);
  }
  status.code = code;
  return status;
}

}  // namespace sextant::kube
