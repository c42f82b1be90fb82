// What lint and diff have to report, for machines: TAP, JUnit XML, SARIF and Markdown. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sextant/v1alpha1/report.pb.h"

namespace sextant::app::cli {

// A kind of thing that can be reported.
struct ResultRule {
  std::string id{};     // "SXT012/shadowed"
  std::string title{};  // a few words
  std::string help{};   // sentences
  std::string level{};  // SARIF's: "warning", "note"
  bool operator==(const ResultRule&) const = default;
};

struct ResultItem {
  std::string rule{};  // its id
  std::string level{};
  std::string subject{};  // "CiliumNetworkPolicy shop/db spec.ingress[0]", "shop/db 443/TCP"
  std::string message{};  // a sentence without a final full stop
  std::string fix{};      // the same; empty: none
  std::string file{};     // empty: not known
  std::uint32_t line = 0;
};

struct Results {
  std::string suite{};   // "lint", "diff"
  std::string looked{};  // what was looked at: "12 policies"
  std::vector<ResultRule> rules{};
  std::vector<ResultItem> items{};
};

Results results_of(const v1alpha1::LintReport& report);
Results results_of(const v1alpha1::DiffReport& report);

// TAP 14 (which TAP 13 readers take): one test point for each item, with a YAML block; one that is ok when there is
// none.
std::string to_tap(const Results& results);
// One test case for each item, failed; one that passed when there is none. As Jenkins' junit-10.xsd has it.
std::string to_junit(const Results& results);
// SARIF 2.1.0 (OASIS), one run.
std::string to_sarif(const Results& results);
// GitHub's Markdown: a table for a comment on a pull request.
std::string to_markdown(const Results& results);

}  // namespace sextant::app::cli
