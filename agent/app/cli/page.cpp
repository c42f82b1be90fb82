#include "agent/app/cli/page.h"

#include <algorithm>
#include <limits>

#include "agent/app/cli/text.h"

namespace sextant::app::cli {

std::size_t Page::room(std::size_t indent) const {
  if (layout_.width == 0) return std::numeric_limits<std::size_t>::max();
  return std::max<std::size_t>(layout_.width, indent + 1) - indent;
}

void Page::say(std::string_view text, Style style, std::size_t indent) {
  const std::size_t hang = indent == 0 ? 0 : indent + 2;
  std::string lead(indent, ' ');
  for (const auto& line : wrap(printable(text), room(hang))) {
    text_ += (line.empty() ? "" : lead) + paint(line, style, layout_.colour) + '\n';
    lead.assign(hang, ' ');
  }
}

void Page::heading(std::string_view text) {
  gap();
  say(text, Style::kStrong);
}

void Page::fields(const std::vector<Field>& fields) {
  std::size_t names = 0;
  for (const auto& field : fields) {
    if (!field.value.empty()) names = std::max(names, width(field.name));
  }
  const std::size_t column = names + 2;
  for (const auto& field : fields) {
    if (field.value.empty()) continue;
    std::string lead = field.name + std::string(column - width(field.name), ' ');
    for (const auto& line : wrap(printable(field.value), room(column))) {
      text_ += lead + paint(line, field.style, layout_.colour) + '\n';
      lead.assign(column, ' ');
    }
  }
}

void Page::table(const Table& table, std::size_t indent) { text_ += table.render(layout_, indent); }

void Page::verbatim(std::string_view text) {
  for (const auto& line : printable_lines(text)) text_ += line + '\n';
}

void Page::gap() {
  if (!text_.empty()) text_ += '\n';
}

}  // namespace sextant::app::cli
