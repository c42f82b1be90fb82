// EventParser: the bytes of a text/event-stream (WHATWG HTML, section 9.2.6) to events.
//
// Pure. An event that grows beyond kMaxEventBytes is an error: what sends it is no sextantd.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

namespace sextant::app::cli {

inline constexpr std::size_t kMaxEventBytes = 4U << 20U;

struct ServerEvent {
  std::string type{};  // the `event` field; "message" when there was none
  std::string data{};  // lines joined by '\n'
};

class EventParser {
 public:
  // The events that these bytes complete.
  Result<std::vector<ServerEvent>> feed(std::string_view bytes);

 private:
  void take_line(std::string_view line, std::vector<ServerEvent>& events);

  std::string line_{};         // begun, not ended
  bool after_return_ = false;  // the last byte was a CR: an LF now belongs to it
  std::string type_{};
  std::string data_{};
  bool has_data_ = false;
};

}  // namespace sextant::app::cli
