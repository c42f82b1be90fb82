#include "agent/app/daemon/check.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "agent/app/daemon/cluster_source.h"
#include "agent/datapath/datapath.h"
#include "agent/manifests/manifests.h"
#include "agent/model/world.h"
#include "agent/net/network_source.h"
#include "agent/policy/engine.h"

namespace sextant::app {
namespace {

// Collects lines; the worst of them is the answer.
class Report {
 public:
  explicit Report(std::ostream& out) : out_(out) {}

  void good(std::string_view what, std::string_view detail) { line("ok      ", what, detail); }
  void lost(std::string_view what, std::string_view detail) {
    line("degraded", what, detail);
    worst_ = std::max(worst_, Readiness::kDegraded);
  }
  void fatal(std::string_view what, std::string_view detail) {
    line("cannot  ", what, detail);
    worst_ = Readiness::kCannotRun;
  }
  Readiness worst() const { return worst_; }

 private:
  void line(std::string_view state, std::string_view what, std::string_view detail) {
    out_ << state << "  " << what;
    if (!detail.empty()) out_ << ": " << detail;
    out_ << '\n';
  }
  std::ostream& out_;
  Readiness worst_ = Readiness::kReady;
};

void check_manifests(const Config& config, Report& report) {
  const auto& path = *config.source.manifests;
  auto loaded = manifests::load(path);
  if (!loaded) return report.fatal("manifests " + path.string(), loaded.error().what);
  for (const auto& problem : loaded->problems) report.lost("manifest", problem.to_string());
  report.good("manifests " + path.string(), std::to_string(loaded->files) + " files, " +
                                                std::to_string(loaded->objects.size()) + " objects, " +
                                                std::to_string(loaded->ignored) + " of other kinds ignored");
  World world(config.node);
  for (const auto& object : loaded->objects) world.apply(object);
  if (!world.nodes().contains(config.node))
    report.lost("node", "no Node object is named '" + config.node + "': its host policies and its pods cannot be told");
  const policy::Engine engine(world, config.cilium.options);
  for (const auto& problem : engine.problems())
    report.lost(problem.policy.to_string(),
                (problem.rejected ? "Cilium rejects it: " : "cannot be computed: ") + problem.reason);
}

// Asks the API server for everything once.
void check_cluster(const Config& config, Report& report) {
  constexpr std::chrono::seconds kTime{10};
  boost::asio::io_context io;
  World world(config.node);
  auto source =
      open_cluster(io.get_executor(), config, {.delta = [&world](const Delta& delta) { world.apply(delta); }});
  if (!source) return report.fatal("source.kubernetes", source.error().what);
  boost::asio::cancellation_signal stop;
  boost::asio::co_spawn(io, source->run(),
                        boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr, const Result<>&) {}));
  const auto until = std::chrono::steady_clock::now() + kTime;
  while (!source->is_settled() && std::chrono::steady_clock::now() < until)
    io.run_one_for(std::chrono::milliseconds(100));
  for (const auto& part : report_of(source->statuses(), config.source.stale, SystemClock().now()).sources) {
    if (part.healthy)
      report.good(part.name, part.detail);
    else
      report.lost(part.name, part.detail);
  }
  if (!world.nodes().contains(config.node))
    report.lost("node", "the API server has no Node '" + config.node + "': set node.name, or NODE_NAME");
  stop.emit(boost::asio::cancellation_type::terminal);
  io.run();
}

void check_network(const Config& config, Report& report) {
  auto source = net::NetworkSource::open({.uplinks = config.uplinks}, [](const NetworkPicture&) {});
  auto picture = source ? source->picture() : Result<NetworkPicture>(Failure(source.error()));
  if (!picture) return report.lost("network", picture.error().what);
  for (const auto& name : picture->missing_uplinks) report.lost("uplink " + name, "there is no such interface");
  bool any = false;
  for (const auto& link : picture->links) {
    if (!link.is_uplink) continue;
    any = true;
    report.good("uplink " + link.name, link.has_ethernet ? "" : "without Ethernet header");
  }
  if (!any) report.lost("uplinks", "no interface holds an IPv6 default route: packets are not seen until one does");
}

void check_kernel(const Config& config, Report& report) {
  if (!config.datapath.enabled) return report.lost("datapath", "datapath.enabled is false: no packet is seen");
  for (const auto& feature :
       datapath::probe_features({.cgroup = config.datapath.cgroup, .sizes = config.datapath.sizes})) {
    if (feature.available)
      report.good("kernel: " + feature.name, feature.reason);
    else
      report.lost("kernel: " + feature.name, feature.reason);
  }
}

void check_store(const Config& config, Report& report) {
  auto folder = config.store.path.parent_path();
  while (!folder.empty() && !std::filesystem::exists(folder)) folder = folder.parent_path();
  if (::access(folder.empty() ? "." : folder.c_str(), W_OK) != 0)
    report.fatal("store " + config.store.path.string(), folder.string() + " is not writable");
  else
    report.good("store", config.store.path.string());
}

}  // namespace

Readiness check(const Config& config, std::ostream& out) {
  Report report(out);
  if (config.source.kubernetes)
    check_cluster(config, report);
  else
    check_manifests(config, report);
  check_network(config, report);
  check_kernel(config, report);
  check_store(config, report);
  switch (report.worst()) {
    case Readiness::kReady:
      out << "ready\n";
      break;
    case Readiness::kDegraded:
      out << "would run degraded: see above for what is lost\n";
      break;
    case Readiness::kCannotRun:
      out << "cannot run\n";
      break;
  }
  return report.worst();
}

}  // namespace sextant::app
