#include "agent/app/cli/results/results.h"
#include "agent/app/cli/text.h"
#include "agent/report/json.h"

namespace sextant::app::cli {
namespace {

// A description must not hold a line break, nor a '#' that would begin a directive.
std::string description(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    if (c == '#' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string yaml_block(const ResultItem& item) {
  boost::json::object fields{{"message", item.message}, {"severity", item.level}};
  if (!item.fix.empty()) fields["fix"] = item.fix;
  if (!item.file.empty()) fields["at"] = boost::json::object{{"file", item.file}, {"line", item.line}};
  std::string text = "  ---\n";
  std::string yaml = report::to_yaml(boost::json::value(fields));
  for (std::size_t begin = 0; begin < yaml.size();) {
    const std::size_t end = std::min(yaml.find('\n', begin), yaml.size());
    text += "  " + yaml.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return text + "  ...\n";
}

}  // namespace

std::string to_tap(const Results& results) {
  std::string text = "TAP version 14\n1.." + std::to_string(std::max<std::size_t>(results.items.size(), 1)) + "\n";
  if (results.items.empty()) return text + "ok 1 - " + description(results.suite + ": " + results.looked) + "\n";
  for (std::size_t i = 0; i < results.items.size(); ++i) {
    const ResultItem& item = results.items[i];
    text += "not ok " + std::to_string(i + 1) + " - " + description(item.rule + " " + item.subject) + "\n" +
            yaml_block(item);
  }
  return text;
}

}  // namespace sextant::app::cli
