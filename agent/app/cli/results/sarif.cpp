// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
#include <algorithm>

#include "agent/app/cli/results/results.h"
#include "agent/base/version.h"
#include "agent/report/json.h"

namespace sextant::app::cli {
namespace {

using boost::json::array;
using boost::json::object;

object text_of(std::string_view text) { return {{"text", text}}; }

object rule_of(const ResultRule& rule) {
  return {{"id", rule.id},
          {"name", rule.id.substr(rule.id.find('/') + 1)},
          {"shortDescription", text_of(rule.title)},
          {"fullDescription", text_of(rule.help)},
          {"help", text_of(rule.help)},
          {"defaultConfiguration", object{{"level", rule.level}}}};
}

// A path as a URI reference (RFC 3986): relative to where the program was run.
std::string uri_of(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/!$&'()*+,;=@";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri = path.starts_with('/') ? "file://" : "";
  if (path.starts_with("./")) path.remove_prefix(2);
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != std::string_view::npos) {
      uri += c;
    } else {
      uri += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return uri;
}

object result_of(const ResultItem& item, const Results& results) {
  const auto rule = std::ranges::find(results.rules, item.rule, &ResultRule::id);
  std::string message = item.subject + ": " + item.message + ".";
  if (!item.fix.empty()) message += " Fix: " + item.fix + ".";
  object result{{"ruleId", item.rule},
                {"ruleIndex", rule - results.rules.begin()},
                {"level", item.level},
                {"message", text_of(message)}};
  object location{{"logicalLocations", array{object{{"fullyQualifiedName", item.subject}}}}};
  if (!item.file.empty()) {
    object physical{{"artifactLocation", object{{"uri", uri_of(item.file)}}}};
    if (item.line != 0) physical["region"] = object{{"startLine", item.line}};
    location["physicalLocation"] = std::move(physical);
  }
  result["locations"] = array{std::move(location)};
  return result;
}

}  // namespace

std::string to_sarif(const Results& results) {
  array rules;
  for (const ResultRule& rule : results.rules) rules.push_back(rule_of(rule));
  array found;
  for (const ResultItem& item : results.items) found.push_back(result_of(item, results));
  const object driver{{"name", "sextant"}, {"semanticVersion", kVersion}, {"rules", std::move(rules)}};
  const object run{
      {"tool", object{{"driver", driver}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(found)}};
  return report::to_json(
      object{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", array{run}}},
      report::JsonStyle::kPretty);
}

}  // namespace sextant::app::cli
