// status, endpoints, attempts, version: one question, one page.
#include <algorithm>
#include <chrono>

#include <boost/json/object.hpp>

#include "agent/app/cli/ask.h"
#include "agent/app/cli/print.h"
#include "agent/app/cli/verbs.h"
#include "agent/app/cli/views.h"
#include "agent/app/cli/words.h"
#include "agent/base/ip.h"
#include "agent/base/version.h"
#include "agent/report/json.h"

namespace sextant::app::cli {
namespace {

constexpr std::chrono::seconds kLookAgain{2};

// "world" and prefixes inside 2000::/3 are the internet; the cluster's own classes have other names.
bool is_public(const v1alpha1::Source& source) {
  if (source.class_() == "world") return true;
  const auto prefix = Prefix::parse(source.class_());
  return prefix && kGlobalUnicast.contains(*prefix);
}

std::string attempts_target(const AttemptsOptions& options) {
  Query query;
  query.add("top", std::to_string(options.top));
  if (!options.ns.empty()) query.add("namespace", options.ns);
  return "/api/v1alpha1/attempts" + query.text();
}

void print_look(Io& io, const CommandLine& line, const v1alpha1::AttemptList& list) {
  const bool for_people = line.global.output == Output::kTable || line.global.output == Output::kWide;
  if (for_people && io.columns) {
    constexpr std::string_view kHomeAndClear = "\x1b[H\x1b[2J";
    io.out << kHomeAndClear << attempts_page(list, layout_of(io, line.global), io.clock.now()) << std::flush;
  } else if (line.global.output == Output::kYaml) {
    io.out << "---\n" << report::to_yaml(list) << std::flush;
  } else {
    io.out << report::to_json(list) << std::endl;
  }
}

Result<int> watch_attempts(Io& io, const CommandLine& line) {
  const Client client = client_of(line.global);
  bool connected_once = false;
  bool down = false;
  do {
    const auto list = client.fetch<v1alpha1::AttemptList>(attempts_target(line.attempts));
    if (!list && !connected_once) return Failure(list.error());
    if (!list && !down) io.err << "sextant: attempts: " << list.error().what << "; trying again" << std::endl;
    if (list && down) io.err << "sextant: attempts: connected again" << std::endl;
    if (list) print_look(io, line, *list);
    connected_once = true;
    down = !list;
  } while (io.pause(kLookAgain));
  return kDone;
}

// The silent ones are part of the message, for who reads only that.
Result<int> cluster_status(Io& io, const CommandLine& line) {
  auto asked = ask_every_node<v1alpha1::ClusterStatus>(io, line.global, "/api/v1alpha1/status");
  if (!asked) return Failure(asked.error());
  for (const auto& silent : asked->silent) *asked->message.add_silent() = silent;
  print(io, line.global, asked->message,
        [&](const Layout& layout) { return cluster_status_page(asked->message, layout, io.clock.now()); });
  return say_silent(io, "status", *asked);
}

}  // namespace

Result<int> status_verb(Io& io, const CommandLine& line) {
  if (line.global.cluster) return cluster_status(io, line);
  const auto status = client_of(line.global).fetch<v1alpha1::Status>("/api/v1alpha1/status");
  if (!status) return Failure(status.error());
  print(io, line.global, *status, [&](const Layout& layout) { return status_page(*status, layout, io.clock.now()); });
  return kDone;
}

Result<int> endpoints_verb(Io& io, const CommandLine& line) {
  const EndpointsOptions& options = line.endpoints;
  Query query;
  if (!options.ns.empty()) query.add("namespace", options.ns);
  auto asked = ask<v1alpha1::EndpointRowList>(io, line.global, "/api/v1alpha1/endpoints" + query.text());
  if (!asked) return Failure(asked.error());
  auto& list = asked->message;
  auto& rows = *list.mutable_endpoints();
  const auto hidden = [&](const v1alpha1::EndpointRow& row) {
    return !(options.all || is_public(row.source())) || !is_named(row.endpoint(), options.name);
  };
  rows.erase(std::remove_if(rows.begin(), rows.end(), hidden), rows.end());
  print(io, line.global, list, [&](const Layout& layout) { return endpoints_page(list, layout, io.clock.now()); });
  return say_silent(io, "endpoints", *asked);
}

Result<int> attempts_verb(Io& io, const CommandLine& line) {
  if (line.attempts.watch) return watch_attempts(io, line);
  auto asked = ask<v1alpha1::AttemptList>(io, line.global, attempts_target(line.attempts));
  if (!asked) return Failure(asked.error());
  auto& list = asked->message;
  if (line.global.cluster) cut(list, line.attempts.top);
  print(io, line.global, list, [&](const Layout& layout) { return attempts_page(list, layout, io.clock.now()); });
  return say_silent(io, "attempts", *asked);
}

Result<int> version_verb(Io& io, const CommandLine& line) {
  const boost::json::object version{{"version", kVersion}, {"commit", kCommit}};
  switch (line.global.output) {
    case Output::kJson:
      io.out << report::to_json(version, report::JsonStyle::kPretty);
      break;
    case Output::kYaml:
      io.out << report::to_yaml(version);
      break;
    default:  // the formats of results are no choice of this verb's
      io.out << "sextant " << kVersion << " (commit " << kCommit << ")\n";
      break;
  }
  return kDone;
}

}  // namespace sextant::app::cli
