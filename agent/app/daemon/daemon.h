// The daemon: owns the parts and joins them, source to model to policy to audit to report. It decides nothing itself.
//
//   kube or manifests, net ── Delta ──> World, Engine ── intent ──> Datapath (verdict tables), Auditor
//   Datapath ── rows, strays, listeners ──> Auditor ── changes ──> Store, ApiServer, log
//
// One thread, one io_context.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/app/config.h"
#include "agent/app/daemon/blind_spots.h"
#include "agent/app/daemon/cluster_options.h"
#include "agent/app/daemon/cluster_source.h"
#include "agent/app/daemon/heap_use.h"
#include "agent/app/daemon/lint_desk.h"
#include "agent/app/daemon/stale_intent.h"
#include "agent/app/daemon/views.h"
#include "agent/audit/auditor.h"
#include "agent/audit/void_policies.h"
#include "agent/base/capabilities.h"
#include "agent/base/clock.h"
#include "agent/datapath/datapath.h"
#include "agent/manifests/manifests.h"
#include "agent/model/world.h"
#include "agent/net/network_source.h"
#include "agent/policy/engine.h"
#include "agent/report/api_server.h"
#include "agent/report/store.h"

namespace sextant::app {

class Daemon {
 public:
  // Opens the store, loads what the kernel can load, binds the API. Errors are those that leave nothing to run: the
  // store, the API's addresses, the manifests' folder. A missing kernel feature is no error.
  static Result<std::unique_ptr<Daemon>> start(boost::asio::io_context& io, Config config, const Clock& clock);

  // Until cancelled (success) or until a part fails.
  boost::asio::awaitable<Result<>> run();

  std::vector<std::string> listening() const { return api_->listening(); }

  // The capabilities that run() needs, of those that start() may have used.
  Capabilities needed_later() const;

 private:
  Daemon(boost::asio::io_context& io, Config config, const Clock& clock);

  Result<> open_store();
  Result<> open_sources();
  Result<> open_manifests();
  Result<> open_cluster();
  Result<> open_network();
  void load_datapath();
  Result<> bind_api();

  void on_delta(const Delta& delta);
  void on_manifest_round(const std::vector<manifests::Problem>& problems, std::size_t files, std::size_t ignored);
  void on_witness_status();
  void soon(bool& pending, boost::asio::steady_timer& timer, Duration delay, void (Daemon::*then)());
  void intent_round();  // policies or endpoints changed: tables, then findings
  std::optional<bool> has_cilium() const;
  void follow_nodes();    // who may ask the API
  void follow_cluster();  // what the cluster says of its network, to the engine
  void settle();          // tells what changed in the findings
  void look_at_cluster();
  void look_at_policies();
  void look_at_witnesses();
  void look_at_refused_calls();
  boost::asio::awaitable<Result<>> watch_kernel();
  boost::asio::awaitable<Result<>> tick();  // once a second: counters, lapses

  // In dependency order: what is below uses what is above.
  Config config_;
  const Clock& clock_;
  World world_;
  policy::Engine engine_;
  StaleIntent intent_;
  LintDesk lint_;
  audit::VoidPolicies void_policies_;
  Parts parts_;
  Views views_;
  BlindSpots blind_spots_{};
  LossWatch losses_;
  std::optional<audit::Auditor> auditor_{};
  std::optional<report::Store> store_{};
  std::optional<datapath::Datapath> datapath_{};
  std::optional<manifests::ManifestSource> manifests_{};  // either this
  std::optional<kube::Source> cluster_{};                 // or this
  std::optional<net::NetworkSource> network_{};
  std::optional<report::ApiServer> api_{};
  boost::asio::steady_timer round_timer_;
  boost::asio::steady_timer settle_timer_;
  bool round_pending_ = false;
  bool settle_pending_ = false;
  std::string kernel_error_{};  // why events are no longer read; empty: they are
  bool intent_known_ = false;   // the sources were read once
  HeapUse heap_{};
  kube::CiliumFacts cilium_{};
  ClusterSays says_{};  // what the engine's options follow from
  audit::Forwarding forwarding_{};
  std::map<std::string, kube::KindState> told_states_{};  // to the log
  std::vector<Prefix> api_sources_{};                     // of api.from
};

}  // namespace sextant::app
