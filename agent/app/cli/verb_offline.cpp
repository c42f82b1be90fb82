// exposure and explain: of the daemon, or of manifests.
#include <algorithm>

#include "agent/app/cli/ask.h"
#include "agent/app/cli/offline.h"
#include "agent/app/cli/print.h"
#include "agent/app/cli/verbs.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"
#include "agent/report/convert.h"

namespace sextant::app::cli {
namespace {

// Says what is wrong with the manifests. kCouldNotTell when some of them could not be read: what is printed is then
// true of the rest only.
int say_problems(Io& io, std::string_view verb, const Offline& offline) {
  const std::string lead = "sextant: " + std::string(verb) + ": ";
  for (const auto& problem : offline.problems()) io.err << lead << problem.to_string() << '\n';
  for (const auto& problem : offline.policy_problems()) {
    const std::string place = problem.policy.origin.to_string();
    io.err << lead << (place.empty() ? "" : place + ": ") << problem.policy.to_string()
           << (problem.rejected ? " is refused by Cilium and has no effect: " : " is known in part: ") << problem.reason
           << '\n';
  }
  return offline.problems().empty() ? kDone : kCouldNotTell;
}

void print_exposure(Io& io, const CommandLine& line, v1alpha1::ExposureList list) {
  const ExposureOptions& options = line.exposure;
  auto& all = *list.mutable_exposure();
  const auto hidden = [&](const v1alpha1::Exposure& exposure) {
    const auto& endpoint = exposure.endpoint();
    return (!options.ns.empty() && endpoint.namespace_() != options.ns) || !is_named(endpoint, options.name);
  };
  all.erase(std::remove_if(all.begin(), all.end(), hidden), all.end());
  print(io, line.global, list, [&](const Layout& layout) { return exposure_page(list, layout); });
}

void print_explanation(Io& io, const CommandLine& line, const v1alpha1::Explanation& explanation) {
  print(io, line.global, explanation, [&](const Layout& layout) { return explain_page(explanation, layout); });
}

v1alpha1::ExplainRequest request_of(const ExplainOptions& options) {
  v1alpha1::ExplainRequest request;
  request.set_to(options.to);
  request.set_from(options.from);
  request.set_port(options.port.port);
  request.set_protocol(to_string(options.port.protocol));
  return request;
}

}  // namespace

Result<int> exposure_verb(Io& io, const CommandLine& line) {
  if (!line.exposure.offline.manifests.empty()) {
    const auto offline = Offline::load(line.exposure.offline, io.in);
    if (!offline) return Failure(offline.error());
    const int status = say_problems(io, "exposure", *offline);
    print_exposure(io, line, report::to_message(offline->exposure()));
    return status;
  }
  Query query;
  if (!line.exposure.ns.empty()) query.add("namespace", line.exposure.ns);
  auto asked = ask<v1alpha1::ExposureList>(io, line.global, "/api/v1alpha1/exposure" + query.text());
  if (!asked) return Failure(asked.error());
  print_exposure(io, line, std::move(asked->message));
  return say_silent(io, "exposure", *asked);
}

Result<int> explain_verb(Io& io, const CommandLine& line) {
  if (!line.explain.batch.empty()) return explain_batch(io, line.explain);
  if (!line.explain.offline.manifests.empty()) {
    const auto offline = Offline::load(line.explain.offline, io.in);
    if (!offline) return Failure(offline.error());
    const int status = say_problems(io, "explain", *offline);
    const auto view = offline->explain(line.explain);
    if (!view) return Failure(view.error());
    print_explanation(io, line, report::to_message(*view));
    return status;
  }
  const auto explanation =
      client_of(line.global).ask<v1alpha1::Explanation>("/api/v1alpha1/explain", request_of(line.explain));
  if (!explanation) return Failure(explanation.error());
  print_explanation(io, line, *explanation);
  return kDone;
}

}  // namespace sextant::app::cli
