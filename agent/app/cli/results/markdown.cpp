#include "agent/app/cli/results/results.h"
#include "agent/app/cli/text.h"

namespace sextant::app::cli {
namespace {

// Text that Markdown takes as it is, inside a cell.
std::string cell(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_[]<>|#";
  std::string escaped;
  for (const char c : printable(text)) {
    if (kSpecial.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string row(const ResultItem& item) {
  std::string place =
      item.file.empty() ? "" : cell(item.file) + (item.line == 0 ? "" : ":" + std::to_string(item.line));
  if (!place.empty()) place = "<br>" + place;
  const std::string fix = item.fix.empty() ? "" : "<br>**Fix:** " + cell(item.fix) + ".";
  return "| " + cell(item.rule) + " | " + cell(item.subject) + place + " | " + cell(item.message) + "." + fix + " |\n";
}

}  // namespace

std::string to_markdown(const Results& results) {
  std::string text = "### sextant " + results.suite + "\n\n";
  if (results.items.empty()) return text + "Nothing to report: " + cell(results.looked) + ".\n";
  text += "| what | where | why |\n| --- | --- | --- |\n";
  for (const ResultItem& item : results.items) text += row(item);
  return text + "\n" + counted(results.items.size(), "item", "items") + ", " + cell(results.looked) + ".\n";
}

}  // namespace sextant::app::cli
