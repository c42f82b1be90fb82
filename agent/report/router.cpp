#include "agent/report/router.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "agent/report/accept.h"
#include "agent/report/ascii.h"
#include "agent/report/convert.h"
#include "agent/report/filter.h"
#include "agent/report/json.h"
#include "agent/report/page.h"
#include "agent/report/target.h"

namespace sextant::report {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kText = "text/plain";
constexpr std::string_view kOpenMetrics = "application/openmetrics-text";
constexpr std::string_view kApi = "/api/v1alpha1/";
constexpr std::string_view kFindingPrefix = "/api/v1alpha1/findings/";

HttpResponse answer(const HttpRequest& request, const google::protobuf::Message& message, unsigned status = 200) {
  static constexpr std::array<std::string_view, 2> kOffers{kJson, kProtobuf};
  if (preferred(request.accept, kOffers) == kProtobuf) {
    return {.status = status, .content_type = std::string(kProtobuf), .body = message.SerializeAsString()};
  }
  return {.status = status, .content_type = std::string(kJson), .body = to_json(message) + '\n'};
}

HttpResponse bad_request(const Error& error) { return error_response(400, error.what); }

bool is_media_type(std::string_view header, std::string_view type) {
  return same_word(header.substr(0, header.find_first_of("; ")), type);
}

// Forms of other sites can post text/plain and the like without a preflight; only the two types of the API are read.
Result<> read_body(const HttpRequest& request, google::protobuf::Message& message) {
  if (is_media_type(request.content_type, kProtobuf)) {
    if (message.ParseFromString(request.body)) return {};
    return failure("the body is no such protobuf message");
  }
  if (const Result<> read = from_json(request.body, message); !read) return because("the body", read.error());
  return {};
}

bool is_readable(const HttpRequest& request) {
  return request.content_type.empty() || is_media_type(request.content_type, kJson) ||
         is_media_type(request.content_type, kProtobuf);
}

}  // namespace

struct Router::Route {
  std::string_view path{};  // ends in '/': everything below it
  Method method = Method::kGet;
  HttpResponse (Router::*handle)(const HttpRequest&, const Target&) const = nullptr;

  bool matches(std::string_view target) const {
    return path == target || (path.size() > 1 && path.ends_with('/') && target.starts_with(path) && target != path);
  }
  bool takes(Method other) const { return method == other || (method == Method::kGet && other == Method::kHead); }
};

const std::vector<Router::Route>& Router::routes() {
  static const std::vector<Route> kRoutes{
      {"/", Method::kGet, &Router::page},
      {"/livez", Method::kGet, &Router::livez},
      {"/readyz", Method::kGet, &Router::readyz},
      {"/metrics", Method::kGet, &Router::metrics},
      {"/api/v1alpha1/status", Method::kGet, &Router::status},
      {"/api/v1alpha1/findings", Method::kGet, &Router::findings},
      {kFindingPrefix, Method::kGet, &Router::finding},
      {"/api/v1alpha1/endpoints", Method::kGet, &Router::endpoints},
      {"/api/v1alpha1/exposure", Method::kGet, &Router::exposure},
      {"/api/v1alpha1/attempts", Method::kGet, &Router::attempts},
      {"/api/v1alpha1/explain", Method::kPost, &Router::explain},
      {"/api/v1alpha1/lint", Method::kGet, &Router::lint},
      {"/api/v1alpha1/verify", Method::kPost, &Router::not_there_yet},
      {"/api/v1alpha1/probe", Method::kPost, &Router::not_there_yet},
      {"/api/v1alpha1/watch", Method::kGet, &Router::watch},
  };
  return kRoutes;
}

Router::Router(const Backend& backend, Metrics& metrics, const Clock& clock, std::vector<std::string> hosts)
    : backend_(backend), metrics_(metrics), clock_(clock), hosts_(std::move(hosts)) {}

HttpResponse Router::handle(const HttpRequest& request) const {
  if (request.checks_host && !host_allowed(request.host.value_or(""), hosts_)) {
    return error_response(421, "the Host header names neither localhost nor an address, nor is it configured");
  }
  const Result<Target> target = parse_target(request.target);
  if (!target) return bad_request(target.error());
  return dispatch(request, *target);
}

HttpResponse Router::dispatch(const HttpRequest& request, const Target& target) const {
  const auto route = std::ranges::find_if(routes(), [&](const Route& r) { return r.matches(target.path); });
  if (route == routes().end()) return error_response(404, "there is nothing at " + target.path);
  if (!route->takes(request.method)) {
    const std::string_view allowed = route->method == Method::kGet ? "GET, HEAD" : "POST";
    HttpResponse out = error_response(405, target.path + " takes " + std::string(allowed));
    out.headers.emplace_back("Allow", allowed);
    return out;
  }
  return (this->*route->handle)(request, target);
}

HttpResponse Router::page(const HttpRequest&, const Target&) const {
  return {.content_type = "text/html; charset=utf-8",
          .body = render_page(backend_.status(), backend_.findings(), backend_.exposure(), clock_.now()),
          .headers = {{"Content-Security-Policy", page_security_policy()}}};
}

HttpResponse Router::livez(const HttpRequest& request, const Target&) const {
  v1alpha1::Health health;
  health.set_ok(true);
  return answer(request, health);
}

HttpResponse Router::readyz(const HttpRequest& request, const Target&) const {
  v1alpha1::Health health;
  for (const std::string& reason : backend_.status().not_ready) health.add_reasons(reason);
  health.set_ok(health.reasons().empty());
  return answer(request, health, health.ok() ? 200 : 503);
}

HttpResponse Router::metrics(const HttpRequest& request, const Target&) const {
  static constexpr std::array<std::string_view, 2> kOffers{kText, kOpenMetrics};
  if (preferred(request.accept, kOffers) == kOpenMetrics) {
    return {.content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8",
            .body = metrics_.render(Exposition::kOpenMetrics)};
  }
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_.render(Exposition::kText)};
}

HttpResponse Router::status(const HttpRequest& request, const Target& target) const {
  if (const Result<> none = no_parameters(target); !none) return bad_request(none.error());
  return answer(request, to_message(backend_.status()));
}

HttpResponse Router::findings(const HttpRequest& request, const Target& target) const {
  const Result<FindingFilter> filter = finding_filter_from(target, clock_.now());
  if (!filter) return bad_request(filter.error());
  Result<std::vector<Finding>> findings =
      filter->since ? backend_.findings_since(*filter->since) : Result<std::vector<Finding>>(backend_.findings());
  if (!findings) return error_response(503, findings.error().what);
  std::erase_if(*findings, [&](const Finding& finding) { return !filter->shows(finding); });
  return answer(request, to_message(*findings));
}

HttpResponse Router::finding(const HttpRequest& request, const Target& target) const {
  if (const Result<> none = no_parameters(target); !none) return bad_request(none.error());
  const std::string id = target.path.substr(kFindingPrefix.size());
  const auto with_id = [&](const std::vector<Finding>& findings) {
    const auto found = std::ranges::find(findings, id, &Finding::id);
    return found == findings.end() ? std::optional<HttpResponse>() : answer(request, to_message(*found));
  };
  if (const auto found = with_id(backend_.findings())) return *found;
  const Result<std::vector<Finding>> stored = backend_.findings_since(Time{});
  if (!stored) return error_response(503, stored.error().what);
  if (const auto found = with_id(*stored)) return *found;
  return error_response(404, "no finding has the id '" + id + "'");
}

HttpResponse Router::endpoints(const HttpRequest& request, const Target& target) const {
  const Result<EndpointFilter> filter = endpoint_filter_from(target);
  if (!filter) return bad_request(filter.error());
  std::vector<EndpointRow> rows = backend_.endpoints();
  std::erase_if(rows, [&](const EndpointRow& row) { return !filter->shows(row.endpoint.ref); });
  return answer(request, to_message(rows));
}

HttpResponse Router::exposure(const HttpRequest& request, const Target& target) const {
  const Result<EndpointFilter> filter = endpoint_filter_from(target);
  if (!filter) return bad_request(filter.error());
  std::vector<Exposure> exposure = backend_.exposure();
  std::erase_if(exposure, [&](const Exposure& one) { return !filter->shows(one.endpoint.ref); });
  return answer(request, to_message(exposure));
}

HttpResponse Router::attempts(const HttpRequest& request, const Target& target) const {
  const Result<AttemptFilter> filter = attempt_filter_from(target);
  if (!filter) return bad_request(filter.error());
  Result<AttemptsView> view = backend_.attempts();
  if (!view) return error_response(503, view.error().what);
  const auto hidden = [&](const auto& count) { return !filter->endpoint.shows(count.endpoint); };
  std::erase_if(view->attempts, hidden);
  std::erase_if(view->sources, hidden);
  v1alpha1::AttemptList list = to_message(*view);
  const auto cut = [top = filter->top](auto& counts) {
    if (top > 0 && std::cmp_less(top, counts.size())) {
      counts.DeleteSubrange(static_cast<int>(top), counts.size() - static_cast<int>(top));
    }
  };
  cut(*list.mutable_attempts());
  cut(*list.mutable_sources());
  return answer(request, list);
}

HttpResponse Router::explain(const HttpRequest& request, const Target& target) const {
  if (const Result<> none = no_parameters(target); !none) return bad_request(none.error());
  if (!is_readable(request)) {
    return error_response(415, "the body must be application/json or application/x-protobuf");
  }
  v1alpha1::ExplainRequest message;
  if (const Result<> read = read_body(request, message); !read) return bad_request(read.error());
  const Result<ExplainRequest> asked = explain_request_from(message);
  if (!asked) return bad_request(asked.error());
  const Result<ExplainView> view = backend_.explain(*asked);
  if (!view) return error_response(422, view.error().what);
  return answer(request, to_message(*view));
}

HttpResponse Router::lint(const HttpRequest& request, const Target& target) const {
  Result<LintRequest> asked = lint_request_from(target);
  if (!asked) return bad_request(asked.error());
  HttpResponse out;
  out.later = [this, request, asked = *std::move(asked)](HttpResponse::Done done) {
    backend_.lint(asked, [request, done = std::move(done)](const Result<LintView>& view) {
      if (view) return done(answer(request, to_message(*view)));
      done(error_response(view.error().code == EAGAIN ? 503 : 422, view.error().what));
    });
  };
  return out;
}

HttpResponse Router::not_there_yet(const HttpRequest&, const Target& target) const {
  return error_response(501, "this version does not " + target.path.substr(kApi.size()));
}

HttpResponse Router::watch(const HttpRequest&, const Target& target) const {
  Result<FindingFilter> filter = watch_filter_from(target);
  if (!filter) return bad_request(filter.error());
  return {.content_type = "text/event-stream", .watch = std::move(*filter)};
}

}  // namespace sextant::report
