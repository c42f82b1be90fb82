#include "agent/app/cli/results/results.h"
#include "agent/base/text.h"

namespace sextant::app::cli {
namespace {

// Text as XML 1.0 may hold it: characters that it forbids are U+FFFD.
std::string xml(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const CodePoint c = decode_utf8(text);
    const std::size_t length = c.length == 0 ? 1 : c.length;
    const bool allowed = c.length != 0 && (c.value >= 0x20 || c.value == '\t' || c.value == '\n' || c.value == '\r') &&
                         c.value != 0xFFFE && c.value != 0xFFFF;
    if (!allowed) {
      escaped += "\xEF\xBF\xBD";
    } else if (c.value == '&') {
      escaped += "&amp;";
    } else if (c.value == '<') {
      escaped += "&lt;";
    } else if (c.value == '>') {
      escaped += "&gt;";
    } else if (c.value == '"') {
      escaped += "&quot;";
    } else if (c.value < 0x20) {
      escaped += "&#" + std::to_string(c.value) + ";";
    } else {
      escaped += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return escaped;
}

std::string test_case(const ResultItem& item) {
  std::string text = "    <testcase classname=\"" + xml(item.rule) + "\" name=\"" + xml(item.subject) + "\">\n";
  text += "      <failure type=\"" + xml(item.level) + "\" message=\"" + xml(item.message) + "\">";
  text += xml(item.message) + "\n";
  if (!item.file.empty()) text += "at " + xml(item.file) + ":" + std::to_string(item.line) + "\n";
  if (!item.fix.empty()) text += "fix: " + xml(item.fix) + "\n";
  return text + "</failure>\n    </testcase>\n";
}

}  // namespace

std::string to_junit(const Results& results) {
  const std::string failures = std::to_string(results.items.size());
  const std::string tests = std::to_string(std::max<std::size_t>(results.items.size(), 1));
  const std::string counts = "tests=\"" + tests + "\" failures=\"" + failures + "\" errors=\"0\"";
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " + counts +
                     ">\n  <testsuite name=\"sextant " + xml(results.suite) + "\" " + counts + " skipped=\"0\">\n";
  for (const ResultItem& item : results.items) text += test_case(item);
  if (results.items.empty()) {
    text += "    <testcase classname=\"" + xml(results.suite) + "\" name=\"" + xml(results.looked) + "\"/>\n";
  }
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace sextant::app::cli
