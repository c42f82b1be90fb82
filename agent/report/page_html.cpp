#include "agent/report/page_html.h"

#include <algorithm>

namespace sextant::report {

std::string html_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_tag(std::string_view word, std::string_view kind) {
  return "<span class=\"tag " + html_escaped(kind.empty() ? word : kind) + "\">" + html_escaped(word) + "</span>";
}

std::string html_mono(std::string_view text) { return "<span class=\"mono\">" + html_escaped(text) + "</span>"; }

std::string html_quiet(std::string_view text) { return "<span class=\"quiet\">" + html_escaped(text) + "</span>"; }

std::string html_ports(Protocol protocol, std::uint16_t first, std::uint16_t last) {
  if (protocol == Protocol::kAny) return "other protocols";
  const std::string name = html_escaped(to_string(protocol));
  if (first == 0 && last == 65535) return name;
  const std::string number = std::to_string(first);
  return (first == last ? number : number + '-' + std::to_string(last)) + '/' + name;
}

std::string html_prefixes(const std::vector<Prefix>& prefixes) {
  constexpr std::size_t kShown = 8;
  std::string out;
  for (std::size_t i = 0; i < std::min(prefixes.size(), kShown); ++i)
    out += (i > 0 ? ", " : "") + prefixes[i].to_string();
  if (prefixes.size() > kShown) out += " and " + std::to_string(prefixes.size() - kShown) + " more";
  return html_escaped(out);
}

HtmlTable::HtmlTable(std::initializer_list<std::string_view> heads) {
  html_ = "<div class=\"scroll\"><table><thead><tr>";
  for (const std::string_view head : heads) {
    heads_.push_back(html_escaped(head));
    html_ += "<th scope=\"col\">" + heads_.back() + "</th>";
  }
  html_ += "</tr></thead><tbody>\n";
}

// A narrow screen stacks a row's cells, each under its head.
void HtmlTable::row(std::initializer_list<std::string> cells) {
  html_ += "<tr>";
  auto head = heads_.begin();
  for (const std::string& cell : cells) {
    html_ += cell.empty() ? "<td class=\"empty\"></td>" : "<td data-head=\"" + *head + "\">" + cell + "</td>";
    ++head;
  }
  html_ += "</tr>\n";
}

std::string HtmlTable::finish(std::size_t total) && {
  html_ += "</tbody></table></div>\n";
  if (total > kMaxRows)
    html_ += "<p class=\"quiet\">" + std::to_string(total - kMaxRows) + " more: see the command line.</p>\n";
  return std::move(html_);
}

}  // namespace sextant::report
