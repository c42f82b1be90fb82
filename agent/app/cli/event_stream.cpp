#include "agent/app/cli/event_stream.h"

#include <utility>

namespace sextant::app::cli {

Result<std::vector<ServerEvent>> EventParser::feed(std::string_view bytes) {
  std::vector<ServerEvent> events;
  for (const char byte : bytes) {
    const bool second_of_pair = byte == '\n' && after_return_;
    after_return_ = byte == '\r';
    if (second_of_pair) continue;
    if (byte == '\n' || byte == '\r') {
      take_line(line_, events);
      line_.clear();
      continue;
    }
    line_ += byte;
    if (line_.size() + data_.size() > kMaxEventBytes)
      return failure("an event is longer than " + std::to_string(kMaxEventBytes) + " bytes");
  }
  return events;
}

void EventParser::take_line(std::string_view line, std::vector<ServerEvent>& events) {
  if (line.empty()) {
    if (has_data_) events.push_back({.type = type_.empty() ? "message" : type_, .data = std::move(data_)});
    type_.clear();
    data_.clear();
    has_data_ = false;
    return;
  }
  const auto colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    type_ = value;
  } else if (field == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }  // comments (an empty field), id and retry say nothing that is used here
}

}  // namespace sextant::app::cli
