#include <map>
#include <string>
#include <utility>

#include "agent/app/cli/print.h"
#include "agent/app/cli/verbs.h"
#include "agent/app/cli/views.h"
#include "agent/report/json.h"

namespace sextant::app::cli {
namespace {

constexpr std::chrono::seconds kRetry{1};

// One watch over several lives of the daemon.
class FindingsWatch {
 public:
  FindingsWatch(Io& io, const CommandLine& line) : io_(io), line_(line), client_(client_of(line.global)) {}

  Result<int> run() {
    const std::string target = "/api/v1alpha1/watch" + watch_query(line_.findings).text();
    for (;;) {
      const Result<> ended = client_.watch(
          target, [this] { return catch_up(); }, [this](const ServerEvent& event) { return on_event(event); });
      if (!connected_once_) return Failure(ended.error());
      if (!down_) note(ended.error().what + "; trying again");
      down_ = true;
      if (!io_.pause(kRetry)) return kDone;
    }
  }

 private:
  // What makes a finding worth telling again.
  struct Told {
    std::string state{};
    std::uint32_t openings = 0;
    bool operator==(const Told&) const = default;
  };

  void note(const std::string& what) { io_.err << "sextant: findings: " << what << std::endl; }

  bool for_scripts() const { return line_.global.output == Output::kJson || line_.global.output == Output::kYaml; }

  // The stream is open: what is known now, so that nothing between an earlier stream and this one is missed.
  Result<> catch_up() {
    const auto list =
        client_.fetch<v1alpha1::FindingList>("/api/v1alpha1/findings" + findings_query(line_.findings).text());
    if (!list) return Failure(list.error());
    if (down_) note("connected again");
    const bool first = !std::exchange(connected_once_, true);
    down_ = false;
    if (first && !for_scripts()) {
      io_.out << findings_page(*list, {.resolved_too = line_.findings.all}, layout_of(io_, line_.global),
                               io_.clock.now())
              << std::endl;
      for (const auto& finding : list->findings()) remember(finding);
      return {};
    }
    for (const auto& finding : list->findings()) tell(finding.state() == "resolved" ? "resolved" : "opened", finding);
    return tell_vanished(*list);
  }

  // Findings that were open when the stream broke, and are in the list no more: resolved in between.
  Result<> tell_vanished(const v1alpha1::FindingList& list) {
    std::map<std::string, bool, std::less<>> listed;
    for (const auto& finding : list.findings()) listed[finding.id()] = true;
    std::vector<std::string> gone;
    for (const auto& [id, told] : told_) {
      if (told.state == "open" && !listed.contains(id)) gone.push_back(id);
    }
    for (const auto& id : gone) {
      const auto finding = client_.fetch<v1alpha1::Finding>("/api/v1alpha1/findings/" + percent_encoded(id));
      if (!finding) return Failure(finding.error());
      if (finding->state() == "resolved") tell("resolved", *finding);
    }
    return {};
  }

  Result<> on_event(const ServerEvent& event) {
    if (event.type != "opened" && event.type != "updated" && event.type != "resolved") return {};
    v1alpha1::WatchEvent message;
    if (auto read = report::from_json(event.data, message); !read) return because("read an event", read.error());
    if (event.type == "updated") {
      remember(message.finding());
      if (for_scripts()) print_change(event.type, message.finding());
      return {};
    }
    tell(event.type, message.finding());
    return {};
  }

  // True when it is news.
  bool remember(const v1alpha1::Finding& finding) {
    Told now{.state = finding.state(), .openings = finding.openings()};
    Told& before = told_[finding.id()];
    return std::exchange(before, std::move(now)) != before;
  }

  void tell(std::string_view change, const v1alpha1::Finding& finding) {
    if (remember(finding)) print_change(change, finding);
  }

  void print_change(std::string_view change, const v1alpha1::Finding& finding) {
    if (!for_scripts()) {
      io_.out << change_line(change, finding, layout_of(io_, line_.global), io_.clock.now()) << std::flush;
      return;
    }
    v1alpha1::WatchEvent event;
    event.set_type(std::string(change));
    *event.mutable_finding() = finding;
    if (line_.global.output == Output::kJson) {
      io_.out << report::to_json(event) << std::endl;
    } else {
      io_.out << "---\n" << report::to_yaml(event) << std::flush;
    }
  }

  Io& io_;
  const CommandLine& line_;
  Client client_;
  bool connected_once_ = false;
  bool down_ = false;
  std::map<std::string, Told, std::less<>> told_{};
};

}  // namespace

Result<int> watch_findings(Io& io, const CommandLine& line) { return FindingsWatch(io, line).run(); }

}  // namespace sextant::app::cli
