#include "agent/report/filter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace sextant::report {
namespace {

// Looks parameters up by name; `known` are all that the path takes.
class Parameters {
 public:
  static Result<Parameters> check(const Target& target, std::span<const std::string_view> known) {
    std::set<std::string_view> seen;
    for (const auto& [name, value] : target.parameters) {
      if (std::ranges::find(known, name) == known.end()) return failure("parameter '" + name + "' is not known here");
      if (!seen.insert(name).second) return failure("parameter '" + name + "' is given twice");
    }
    return Parameters(target);
  }

  const std::string* find(std::string_view name) const {
    for (const auto& [key, value] : target_.parameters) {
      if (key == name) return &value;
    }
    return nullptr;
  }

  // The values between commas; empty when the parameter is not given.
  std::set<std::string> list(std::string_view name) const {
    std::set<std::string> out;
    const std::string* given = find(name);
    for (std::string_view rest = given != nullptr ? *given : std::string_view(); !rest.empty();) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      if (end > 0) out.emplace(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
  }

 private:
  explicit Parameters(const Target& target) : target_(target) {}
  const Target& target_;
};

Failure wrong(std::string_view name, std::string_view value, std::string_view expected) {
  return failure("parameter '" + std::string(name) + "': '" + std::string(value) + "' is not " + std::string(expected));
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// "90s", "10m": std::nullopt when it is no such text.
std::optional<std::chrono::seconds> duration_from(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t factor = 0;
  switch (text.back()) {
    case 's':
      factor = 1;
      break;
    case 'm':
      factor = 60;
      break;
    case 'h':
      factor = 3600;
      break;
    case 'd':
      factor = 86'400;
      break;
    default:
      return std::nullopt;
  }
  std::uint32_t number = 0;
  if (!read_number(text.substr(0, text.size() - 1), number)) return std::nullopt;
  return std::chrono::seconds(number * factor);
}

// Takes `count` digits off the front.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  int out = 0;
  if (text.size() < count || !read_number(text.substr(0, count), out) || out < 0 || text[0] == '-') return std::nullopt;
  text.remove_prefix(count);
  return out;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+01:00": how far ahead of UTC.
std::optional<std::chrono::minutes> offset_from(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const bool behind = text.starts_with('-');
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = digits(text, 2);
  const bool colon = take(text, ":");
  const auto minutes = digits(text, 2);
  if (!hours || !colon || !minutes || *hours > 23 || *minutes > 59 || !text.empty()) return std::nullopt;
  const std::chrono::minutes out(*hours * 60 + *minutes);
  return behind ? -out : out;
}

// Fractions of a second are read and dropped.
std::optional<Time> rfc3339_from(std::string_view text) {
  using namespace std::chrono;
  const auto y = digits(text, 4);
  const bool first_dash = take(text, "-");
  const auto mon = digits(text, 2);
  const bool second_dash = take(text, "-");
  const auto d = digits(text, 2);
  if (!y || !first_dash || !mon || !second_dash || !d || !take(text, "Tt ")) return std::nullopt;
  const auto h = digits(text, 2);
  const bool first_colon = take(text, ":");
  const auto min = digits(text, 2);
  const bool second_colon = take(text, ":");
  const auto s = digits(text, 2);
  if (!h || !first_colon || !min || !second_colon || !s) return std::nullopt;
  if (take(text, ".")) text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  const auto offset = offset_from(text);
  const year_month_day date(year{*y}, month(static_cast<unsigned>(*mon)), day(static_cast<unsigned>(*d)));
  if (!offset || !date.ok() || *y < 1970 || *y > 2261 || *h > 23 || *min > 59 || *s > 60) return std::nullopt;
  return sys_days(date) + hours(*h) + minutes(*min) + seconds(*s) - *offset;
}

Result<FindingFilter> choice_from(const Parameters& parameters) {
  FindingFilter out{.codes = parameters.list("code"), .namespaces = parameters.list("namespace")};
  for (const std::string& text : parameters.list("severity")) {
    const std::optional<Severity> severity = severity_from(text);
    if (!severity) return wrong("severity", text, "critical, warning or info");
    out.severities.insert(*severity);
  }
  for (const std::string& code : out.codes) {
    if (!code.starts_with("SXT")) return wrong("code", code, "a code such as SXT001");
  }
  return out;
}

bool any_or_one_of(const std::set<std::string>& wanted, const std::string& value) {
  return wanted.empty() || wanted.contains(value);
}

}  // namespace

bool FindingFilter::concerns(const Finding& finding) const {
  return (severities.empty() || severities.contains(finding.severity)) && any_or_one_of(codes, finding.code) &&
         any_or_one_of(namespaces, finding.endpoint.ref.ns);
}

bool FindingFilter::shows(const Finding& finding) const {
  const bool open = finding.state == FindingState::kOpen;
  const bool late_enough =
      !since || finding.last_seen >= *since || (finding.resolved_at && *finding.resolved_at >= *since);
  return (open || all || since) && late_enough && concerns(finding);
}

bool EndpointFilter::shows(const EndpointRef& endpoint) const {
  return any_or_one_of(namespaces, endpoint.ns) && any_or_one_of(endpoints, endpoint.to_string());
}

Result<Time> time_from(std::string_view text, Time now) {
  if (const auto ago = duration_from(text)) return now - *ago;
  if (const auto time = rfc3339_from(text)) return *time;
  return wrong("since", text, "a time (2026-11-21T08:00:00Z) or a duration (90s, 10m, 24h, 7d)");
}

Result<FindingFilter> finding_filter_from(const Target& target, Time now) {
  static constexpr std::array<std::string_view, 5> kKnown{"all", "since", "severity", "code", "namespace"};
  const Result<Parameters> parameters = Parameters::check(target, kKnown);
  if (!parameters) return Failure(parameters.error());
  Result<FindingFilter> out = choice_from(*parameters);
  if (!out) return out;
  if (const std::string* all = parameters->find("all")) {
    if (*all != "" && *all != "true" && *all != "false") return wrong("all", *all, "true or false");
    out->all = *all != "false";
  }
  if (const std::string* since = parameters->find("since")) {
    const Result<Time> time = time_from(*since, now);
    if (!time) return Failure(time.error());
    out->since = *time;
  }
  return out;
}

Result<FindingFilter> watch_filter_from(const Target& target) {
  static constexpr std::array<std::string_view, 3> kKnown{"severity", "code", "namespace"};
  const Result<Parameters> parameters = Parameters::check(target, kKnown);
  if (!parameters) return Failure(parameters.error());
  return choice_from(*parameters);
}

Result<EndpointFilter> endpoint_filter_from(const Target& target) {
  static constexpr std::array<std::string_view, 2> kKnown{"namespace", "endpoint"};
  const Result<Parameters> parameters = Parameters::check(target, kKnown);
  if (!parameters) return Failure(parameters.error());
  return EndpointFilter{.namespaces = parameters->list("namespace"), .endpoints = parameters->list("endpoint")};
}

Result<AttemptFilter> attempt_filter_from(const Target& target) {
  static constexpr std::array<std::string_view, 3> kKnown{"namespace", "endpoint", "top"};
  const Result<Parameters> parameters = Parameters::check(target, kKnown);
  if (!parameters) return Failure(parameters.error());
  AttemptFilter out{
      .endpoint = {.namespaces = parameters->list("namespace"), .endpoints = parameters->list("endpoint")}};
  if (const std::string* top = parameters->find("top")) {
    if (!read_number(*top, out.top)) return wrong("top", *top, "a number (0: all)");
  }
  return out;
}

Result<LintRequest> lint_request_from(const Target& target) {
  static constexpr std::array<std::string_view, 2> kKnown{"cilium", "severity"};
  const Result<Parameters> parameters = Parameters::check(target, kKnown);
  if (!parameters) return Failure(parameters.error());
  LintRequest out;
  if (const std::string* cilium = parameters->find("cilium")) out.cilium = *cilium;
  if (const std::string* severity = parameters->find("severity")) {
    const std::optional<Severity> least = severity_from(*severity);
    if (!least || *least == Severity::kCritical) return wrong("severity", *severity, "warning or info");
    out.least = *least;
  }
  return out;
}

Result<> no_parameters(const Target& target) {
  const Result<Parameters> parameters = Parameters::check(target, {});
  if (!parameters) return Failure(parameters.error());
  return {};
}

}  // namespace sextant::report
