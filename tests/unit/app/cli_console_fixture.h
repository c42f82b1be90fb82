// For the tests of the command line: a console of strings, and a daemon's API in the same process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "agent/app/cli/cli.h"
#include "agent/app/cli/io.h"
#include "agent/base/clock.h"
#include "agent/report/api_server.h"
#include "agent/report/backend.h"

namespace sextant::app::cli {

inline const Time kConsoleNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + std::chrono::hours{8};

struct Outcome {
  int status = -1;
  std::string out{};
  std::string err{};
};

// What a run of the program would see. `pause` is called between looks of --watch; false ends the watch.
struct Console {
  std::string input{};
  std::map<std::string, std::string, std::less<>> env{};
  std::optional<std::size_t> columns{};
  Time now = kConsoleNow;
  std::function<bool()> pause = [] { return false; };

  Outcome run(std::vector<std::string> args) const;
  // As above, with streams of the caller's: for what is looked at while it runs.
  int run(std::vector<std::string> args, std::ostream& out, std::ostream& err) const;
};

// A daemon's answers, set by the test before it serves.
struct Answers final : report::Backend {
  report::StatusView status_view{};
  std::vector<Finding> all_findings{};
  std::vector<EndpointRow> rows{};
  std::vector<Exposure> exposures{};
  report::AttemptsView attempts_view{};
  report::LintView lint_view{};
  std::string broken{};  // not empty: what attempts, explain and lint fail with

  report::StatusView status() const override { return status_view; }
  std::vector<Finding> findings() const override { return all_findings; }
  Result<std::vector<Finding>> findings_since(Time) const override { return all_findings; }
  std::vector<EndpointRow> endpoints() const override { return rows; }
  std::vector<Exposure> exposure() const override { return exposures; }
  Result<report::AttemptsView> attempts() const override;
  std::vector<UplinkCount> uplink_counts() const override { return {}; }
  Result<report::ExplainView> explain(const report::ExplainRequest& request) const override;
  void lint(const report::LintRequest& request, std::function<void(Result<report::LintView>)> done) const override;
};

// Something to show in every view: an open SXT001, a resolved SXT009, a pod that is reachable by default...
Answers busy_node();

// The real ApiServer on a socket of its own, served by a thread until it is stopped or destroyed.
class Daemon {
 public:
  // `socket` empty: a new one.
  explicit Daemon(const Answers& answers, std::string socket = {});
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void stop();
  // On the daemon's thread.
  void publish(const FindingChange& change);

  const std::string& socket() const { return socket_; }
  std::string server() const { return "unix:" + socket_; }

 private:
  struct Parts;
  std::string socket_;
  std::unique_ptr<Parts> parts_;
};

std::vector<std::string> lines_of(const std::string& text);

}  // namespace sextant::app::cli
