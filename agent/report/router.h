// Router: one request to one answer. All of the HTTP API but the sockets and the stream of events.
//
// Answers are the messages of proto/sextant/v1alpha1, as JSON or (on Accept: application/x-protobuf) as protobuf.
#pragma once

#include <memory>

#include "agent/base/clock.h"
#include "agent/report/backend.h"
#include "agent/report/http.h"
#include "agent/report/metrics.h"

namespace sextant::report {

class Router {
 public:
  // All three must outlive the router. `hosts`: see ApiConfig.
  Router(const Backend& backend, Metrics& metrics, const Clock& clock, std::vector<std::string> hosts);

  HttpResponse handle(const HttpRequest& request) const;

 private:
  struct Route;
  static const std::vector<Route>& routes();
  HttpResponse dispatch(const HttpRequest& request, const Target& target) const;

  HttpResponse page(const HttpRequest& request, const Target& target) const;
  HttpResponse livez(const HttpRequest& request, const Target& target) const;
  HttpResponse readyz(const HttpRequest& request, const Target& target) const;
  HttpResponse metrics(const HttpRequest& request, const Target& target) const;
  HttpResponse status(const HttpRequest& request, const Target& target) const;
  HttpResponse findings(const HttpRequest& request, const Target& target) const;
  HttpResponse finding(const HttpRequest& request, const Target& target) const;
  HttpResponse endpoints(const HttpRequest& request, const Target& target) const;
  HttpResponse exposure(const HttpRequest& request, const Target& target) const;
  HttpResponse attempts(const HttpRequest& request, const Target& target) const;
  HttpResponse explain(const HttpRequest& request, const Target& target) const;
  HttpResponse lint(const HttpRequest& request, const Target& target) const;
  HttpResponse not_there_yet(const HttpRequest& request, const Target& target) const;
  HttpResponse watch(const HttpRequest& request, const Target& target) const;

  const Backend& backend_;
  Metrics& metrics_;
  const Clock& clock_;
  std::vector<std::string> hosts_;
};

}  // namespace sextant::report
