// The page's HTML: escaping, and tables that a telephone's screen can show.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/ip.h"
#include "agent/model/endpoint.h"

namespace sextant::report {

inline constexpr std::size_t kMaxRows = 500;  // of each table: a browser must survive the worst day

// Text for between tags and for quoted attributes.
std::string html_escaped(std::string_view text);

// A word on a coloured ground; `kind` names the colour (page_assets.h), and is the word unless given.
std::string html_tag(std::string_view word, std::string_view kind = {});
std::string html_mono(std::string_view text);
std::string html_quiet(std::string_view text);
// "443/TCP", "80-81/TCP", "UDP" for all of its ports; escaped.
std::string html_ports(Protocol protocol, std::uint16_t first, std::uint16_t last);
// The first few, and how many more; escaped.
std::string html_prefixes(const std::vector<Prefix>& prefixes);

class HtmlTable {
 public:
  explicit HtmlTable(std::initializer_list<std::string_view> heads);
  // Cells are HTML. As many as there are heads.
  void row(std::initializer_list<std::string> cells);
  // `total`: how many rows there would be without kMaxRows.
  std::string finish(std::size_t total) &&;

 private:
  std::vector<std::string> heads_{};
  std::string html_{};
};

}  // namespace sextant::report
