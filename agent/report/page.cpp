#include "agent/report/page.h"

#include <algorithm>
#include <array>

#include <openssl/evp.h>

#include "agent/report/page_assets.h"
#include "agent/report/page_exposure.h"
#include "agent/report/page_html.h"

namespace sextant::report {
namespace {

std::string utc(Time time) {
  if (time == Time{}) return "";
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%SZ", &parts));
}

// "3 min": how long ago, in the largest unit that says enough.
std::string ago(Time time, Time now) {
  using namespace std::chrono;
  const auto seconds = std::max(duration_cast<std::chrono::seconds>(now - time).count(), std::int64_t{0});
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86'400) + " d";
}

std::string counted(std::size_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + ' ' + std::string(number == 1 ? one : many);
}

// The page's one sentence.
std::string verdict_line(const StatusView& status, const std::vector<Finding>& open) {
  const auto of = [&](Severity severity) {
    return static_cast<std::size_t>(std::ranges::count(open, severity, &Finding::severity));
  };
  const std::size_t critical = of(Severity::kCritical);
  const auto line = [](std::string_view kind, const std::string& text) {
    return "<p class=\"verdict " + std::string(kind) + "\">" + html_escaped(text) + "</p>\n";
  };
  if (critical > 0) return line("bad", counted(critical, "critical finding is", "critical findings are") + " open.");
  if (!status.not_ready.empty()) return line("warn", "Not ready: not every witness has looked yet.");
  if (!open.empty())
    return line("warn", counted(open.size(), "finding is", "findings are") + " open, none of them critical.");
  return line("good", "Nothing is open to the internet that was not meant to be, as far as the witnesses below see.");
}

std::string evidence_of(const Finding& finding) {
  std::string out = "<details id=\"" + html_escaped(finding.id) + "\"><summary>evidence</summary>";
  for (const Evidence& evidence : finding.evidence) {
    out += "<p><b>" + html_escaped(to_string(evidence.witness)) + "</b> " +
           html_escaped(evidence.verdict ? to_string(*evidence.verdict) : "has not looked") +
           (evidence.detail.empty() ? "" : ": " + html_escaped(evidence.detail)) + "</p>";
  }
  for (const PolicyRef& policy : finding.policies) {
    const std::string origin = policy.origin.to_string();
    out += "<p>" + html_escaped(policy.to_string()) + ' ' + html_escaped(policy.rule) +
           (origin.empty() ? "" : " <code>" + html_escaped(origin) + "</code>") + "</p>";
  }
  if (!finding.fix.empty()) out += "<p>Suggested fix:</p><pre>" + html_escaped(finding.fix) + "</pre>";
  // Only a web address becomes a link: never javascript: or the like.
  if (finding.runbook.starts_with("https://")) {
    out += "<p><a href=\"" + html_escaped(finding.runbook) + "\" rel=\"noreferrer\">runbook</a></p>";
  }
  return out + "</details>";
}

std::string findings_table(const std::vector<Finding>& open, Time now) {
  if (open.empty()) return "<p class=\"quiet\">None.</p>\n";
  HtmlTable table{"Severity", "Finding", "About", "What", "Since", "Last seen"};
  for (std::size_t i = 0; i < std::min(open.size(), kMaxRows); ++i) {
    const Finding& f = open[i];
    std::string about = "<span class=\"mono\">" + html_escaped(f.endpoint.ref.to_string());
    if (f.protocol)
      about += ' ' + (f.port ? html_ports(*f.protocol, *f.port, *f.port) : html_escaped(to_string(*f.protocol)));
    about += "</span>";
    if (f.source) about += "<br><span class=\"quiet\">from " + html_escaped(f.source->source_class) + "</span>";
    table.row({html_tag(to_string(f.severity)),
               html_escaped(f.code) + "<br><span class=\"quiet\">" + html_escaped(f.name) + "</span>", about,
               "<p>" + html_escaped(f.message) + "</p>" + evidence_of(f),
               "<span title=\"" + utc(f.first_seen) + "\">" + ago(f.first_seen, now) + "</span>",
               "<span title=\"" + utc(f.last_seen) + "\">" + ago(f.last_seen, now) + "</span>"});
  }
  return std::move(table).finish(open.size());
}

std::string witness_table(const StatusView& status) {
  HtmlTable table{"Witness", "State", "Covers", "Why", "Since"};
  for (const WitnessStatus& witness : status.witnesses) {
    std::string why = html_escaped(witness.reason);
    if (witness.lost > 0) why += (why.empty() ? "" : "; ") + std::to_string(witness.lost) + " lost";
    table.row({html_escaped(to_string(witness.witness)), html_tag(to_string(witness.state)),
               html_escaped(witness.covers), why, utc(witness.since)});
  }
  for (const SourceStatus& source : status.sources) {
    table.row({html_escaped(source.name), html_tag(source.healthy ? "sees" : "blind"), "", html_escaped(source.detail),
               utc(source.since)});
  }
  return std::move(table).finish(0);
}

std::string doubts(const StatusView& status) {
  std::string out;
  const auto item = [&out](const std::string& what, const std::string& why) {
    out += "<p>" + html_escaped(what) + ": " + html_escaped(why) + "</p>\n";
  };
  for (const std::string& reason : status.not_ready) item("Not ready", reason);
  for (const BlindSpot& spot : status.blind_spots) item("Not seen: " + spot.what, spot.why);
  for (const PolicyProblem& problem : status.policy_problems) {
    item(problem.policy.to_string() + (problem.rejected ? " has no effect" : " cannot be computed whole"),
         problem.reason);
  }
  return out;
}

// base64(sha256(text)), as a Content-Security-Policy names inline code.
std::string hash_source(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  ::EVP_Digest(text.data(), text.size(), digest.data(), &size, ::EVP_sha256(), nullptr);
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> base64{};
  const int length = ::EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return "'sha256-" + std::string(base64.begin(), base64.begin() + length) + '\'';
}

}  // namespace

const std::string& page_security_policy() {
  static const std::string kPolicy =
      "default-src 'none'; style-src " + hash_source(kPageStyle) + "; script-src " + hash_source(kPageScript) +
      "; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return kPolicy;
}

std::string render_page(const StatusView& status, std::vector<Finding> findings, const std::vector<Exposure>& exposure,
                        Time now) {
  std::erase_if(findings, [](const Finding& finding) { return finding.state != FindingState::kOpen; });
  std::ranges::stable_sort(findings, std::ranges::greater(), &Finding::severity);
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<title>Sextant: " +
      html_escaped(status.node) + "</title><link rel=\"icon\" href=\"data:,\"><style>" + std::string(kPageStyle) +
      "</style></head>\n<body><main>\n<div id=\"view\">\n";
  out += "<header><h1>Sextant</h1><span class=\"quiet\">node <b>" + html_escaped(status.node) + "</b>, version " +
         html_escaped(status.version) + ", up " + ago(status.started, now) + ", taken " + utc(now) +
         "</span></header>\n";
  out += verdict_line(status, findings);
  out += "<h2>Open findings (" + std::to_string(findings.size()) + ")</h2>\n" + findings_table(findings, now);
  out += "<h2>What the internet can reach</h2>\n" + exposure_table(exposure);
  out += "<h2>Who looks</h2>\n" + doubts(status) + witness_table(status);
  out +=
      "</div>\n<footer class=\"quiet\"><span id=\"live\">as of when it was loaded</span>. The same as JSON: "
      "<a href=\"/api/v1alpha1/status\">status</a>, <a href=\"/api/v1alpha1/findings\">findings</a>, "
      "<a href=\"/api/v1alpha1/endpoints\">endpoints</a>, <a href=\"/api/v1alpha1/exposure\">exposure</a>, "
      "<a href=\"/api/v1alpha1/attempts\">attempts</a>; <a href=\"/metrics\">metrics</a>.</footer>\n";
  return out + "</main><script>" + std::string(kPageScript) + "</script></body></html>\n";
}

}  // namespace sextant::report
