#include "agent/report/metrics.h"

#include <array>
#include <map>
#include <sstream>
#include <tuple>
#include <utility>

#include <prometheus/text_serializer.h>

#include "agent/base/version.h"
#include "agent/report/utf8.h"

namespace sextant::report {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using LabelPair = std::pair<std::string_view, std::string>;

std::string word(auto value) { return std::string(to_string(value)); }

// Adds families one after the other, each within its limit.
class Collection {
 public:
  explicit Collection(std::size_t max_series) : max_series_(max_series) {}

  class Family {
   public:
    Family(Collection& owner, std::string name, std::string help, MetricType type) : owner_(owner) {
      family_.name = std::move(name);
      family_.help = std::move(help);
      family_.type = type;
    }
    Family(const Family&) = delete;
    Family& operator=(const Family&) = delete;
    ~Family() { owner_.families_.push_back(std::move(family_)); }

    void add(std::initializer_list<LabelPair> labels, double value) {
      if (ClientMetric* metric = place(labels)) {
        (family_.type == MetricType::Counter ? metric->counter.value : metric->gauge.value) = value;
      }
    }
    void add(const DurationHistogram& histogram) {
      ClientMetric* metric = place({});
      if (metric == nullptr) return;
      std::uint64_t below = 0;
      for (std::size_t i = 0; i < DurationHistogram::kBounds.size(); ++i) {
        below += histogram.counts[i];
        metric->histogram.bucket.push_back({.cumulative_count = below, .upper_bound = DurationHistogram::kBounds[i]});
      }
      metric->histogram.sample_count = below + histogram.counts.back();
      metric->histogram.sample_sum = histogram.sum_seconds;
    }
    ClientMetric* place(std::initializer_list<LabelPair> labels) {
      if (family_.metric.size() >= owner_.max_series_) {
        ++owner_.dropped_;
        return nullptr;
      }
      ClientMetric& metric = family_.metric.emplace_back();
      for (const auto& [name, value] : labels) metric.label.push_back({std::string(name), utf8(value)});
      return &metric;
    }

   private:
    Collection& owner_;
    MetricFamily family_{};
  };

  Family counter(std::string name, std::string help) {
    return {*this, std::move(name), std::move(help), MetricType::Counter};
  }
  Family gauge(std::string name, std::string help) {
    return {*this, std::move(name), std::move(help), MetricType::Gauge};
  }
  Family histogram(std::string name, std::string help) {
    return {*this, std::move(name), std::move(help), MetricType::Histogram};
  }

  std::size_t dropped() const { return dropped_; }
  std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  std::size_t max_series_;
  std::size_t dropped_ = 0;
  std::vector<MetricFamily> families_{};
};

void add_build(Collection& out, const StatusView& status, const MetricsView& view) {
  out.gauge("sextant_build_info", "The version that runs; always 1.")
      .add({{"version", kVersion}, {"commit", kCommit}}, 1);
  {
    auto family = out.gauge("sextant_config_info", "How this node is configured; always 1.");
    if (ClientMetric* metric = family.place({{"node", status.node}, {"cilium_release", status.cilium_release}})) {
      metric->gauge.value = 1;
      for (const auto& [name, value] : view.config) metric->label.push_back({name, utf8(value)});
    }
  }
  out.gauge("process_resident_memory_bytes", "Resident memory of the daemon.")
      .add({}, static_cast<double>(status.resident_bytes));
  out.gauge("process_start_time_seconds", "When the daemon started, since the epoch.")
      .add({}, std::chrono::duration<double>(status.started.time_since_epoch()).count());
}

void add_findings(Collection& out, const std::vector<Finding>& findings, const ServerCounters& server) {
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> open;
  for (const Finding& finding : findings) {
    if (finding.state == FindingState::kOpen) ++open[{finding.code, word(finding.severity), finding.endpoint.ref.ns}];
  }
  {
    auto family = out.gauge("sextant_findings", "Findings that are open.");
    for (const auto& [key, number] : open) {
      const auto& [code, severity, ns] = key;
      family.add({{"code", code}, {"severity", severity}, {"namespace", ns}}, static_cast<double>(number));
    }
  }
  auto opened = out.counter("sextant_findings_opened_total", "Findings that opened since the daemon started.");
  for (const auto& [code, number] : server.findings_opened) opened.add({{"code", code}}, static_cast<double>(number));
}

std::string port_label(const Exposure& exposure) {
  if (!has_ports(exposure.protocol) && exposure.protocol != Protocol::kIcmpv6 && exposure.protocol != Protocol::kIcmp) {
    return {};
  }
  const std::string first = std::to_string(exposure.first_port);
  return exposure.first_port == exposure.last_port ? first : first + '-' + std::to_string(exposure.last_port);
}

void add_exposures(Collection& out, const std::vector<Exposure>& exposures) {
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string>;
  std::map<Key, std::uint64_t> endpoints;
  for (const Exposure& exposure : exposures) {
    const EndpointRef& ref = exposure.endpoint.ref;
    const std::string& owner = exposure.endpoint.workload;
    ++endpoints[{ref.ns, owner.empty() ? word(ref.kind) + '/' + ref.name : owner, to_string(exposure.protocol),
                 port_label(exposure), exposure.world ? "world" : "public"}];
  }
  auto family =
      out.gauge("sextant_exposures",
                "Endpoints that the internet can reach; scope world: all of it, public: some of its prefixes.");
  for (const auto& [key, number] : endpoints) {
    const auto& [ns, workload, protocol, port, scope] = key;
    family.add({{"namespace", ns}, {"workload", workload}, {"protocol", protocol}, {"port", port}, {"scope", scope}},
               static_cast<double>(number));
  }
}

// A packet has a verdict only where it was judged; elsewhere the label is empty, which Prometheus takes as not there.
void add_uplinks(Collection& out, const std::vector<UplinkCount>& counts) {
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Key, std::uint64_t> packets;
  for (const UplinkCount& count : counts) {
    const bool judged = count.fate == PacketFate::kJudged || count.fate == PacketFate::kKnownFlow;
    packets[{count.uplink, word(count.fate), judged ? word(count.verdict) : std::string(),
             count.protocol == Protocol::kAny ? "other" : to_string(count.protocol)}] += count.packets;
  }
  auto family = out.counter("sextant_ingress_packets_total",
                            "Packets that the programs on the uplinks saw, by what became of them.");
  for (const auto& [key, number] : packets) {
    const auto& [uplink, fate, verdict, protocol] = key;
    family.add({{"uplink", uplink}, {"fate", fate}, {"verdict", verdict}, {"protocol", protocol}},
               static_cast<double>(number));
  }
}

void add_attempts(Collection& out, const AttemptSeries& attempts) {
  auto family = out.counter("sextant_ingress_attempts_total",
                            "Packets from public sources that asked for a new flow, by intended verdict.");
  for (const auto& [key, packets] : attempts.totals()) {
    family.add({{"namespace", key.ns},
                {"workload", key.workload},
                {"protocol", key.protocol},
                {"port", key.port},
                {"verdict", key.verdict}},
               static_cast<double>(packets));
  }
}

void add_witnesses(Collection& out, const StatusView& status, const MetricsView& view) {
  {
    auto blind = out.counter("sextant_blind_seconds_total", "How long a witness should have seen and could not.");
    for (const auto& [witness, time] : view.blind) {
      blind.add({{"witness", word(witness)}}, std::chrono::duration<double>(time).count());
    }
  }
  auto features = out.gauge("sextant_feature_available", "Whether this kernel has what Sextant can use: 1 or 0.");
  for (const Feature& feature : status.features) features.add({{"feature", feature.name}}, feature.available ? 1 : 0);
}

void add_refused_calls(Collection& out, const MetricsView& view) {
  auto family = out.counter("sextant_refused_calls_total",
                            "System calls that the process tried after it had given them up; none is the rule.");
  for (const auto& [call, times] : view.refused_calls) family.add({{"call", call}}, static_cast<double>(times));
}

void add_kernel_use(Collection& out, const StatusView& status) {
  const auto programs = [&](std::string name, std::string help, auto value) {
    auto family = out.counter(std::move(name), std::move(help));
    for (const ProgramUse& program : status.programs) family.add({{"program", program.program}}, value(program));
  };
  programs("sextant_events_total", "Events that a program handed over; of a row that disagrees at most one a second.",
           [](const ProgramUse& p) { return static_cast<double>(p.events); });
  programs("sextant_events_lost_total", "Events that a program could not hand over: the ring was full.",
           [](const ProgramUse& p) { return static_cast<double>(p.events_lost); });
  programs("sextant_rows_lost_total",
           "Packets that a program could not count in a row of their own: the table was full.",
           [](const ProgramUse& p) { return static_cast<double>(p.rows_lost); });
  programs("sextant_program_run_seconds_total", "Time in a program; 0 unless kernel.bpf_stats_enabled is set.",
           [](const ProgramUse& p) { return std::chrono::duration<double>(p.run_time).count(); });
  {
    auto entries = out.gauge("sextant_map_entries", "Entries in a BPF map.");
    for (const MapUse& map : status.maps) entries.add({{"map", map.map}}, static_cast<double>(map.entries));
  }
  auto capacity = out.gauge("sextant_map_capacity", "Entries that a BPF map can hold.");
  for (const MapUse& map : status.maps) capacity.add({{"map", map.map}}, static_cast<double>(map.capacity));
}

void add_kube(Collection& out, const KubeUse& kube) {
  {
    auto requests =
        out.counter("sextant_kube_requests_total", "Requests to the API server, by what it answered; code 0: nothing.");
    for (const auto& [request, number] : kube.requests) {
      const auto& [verb, resource, code] = request;
      requests.add({{"verb", verb}, {"resource", resource}, {"code", std::to_string(code)}},
                   static_cast<double>(number));
    }
  }
  auto synced =
      out.gauge("sextant_kube_cache_synced", "Whether what is known of a kind is what the API server has: 1 or 0.");
  for (const auto& [resource, is_synced] : kube.synced) synced.add({{"resource", resource}}, is_synced ? 1 : 0);
}

void add_server(Collection& out, const ServerCounters& server) {
  {
    auto answers = out.counter("sextant_api_requests_total", "Requests that were answered, by status code.");
    for (const auto& [code, number] : server.answers) {
      answers.add({{"code", std::to_string(code)}}, static_cast<double>(number));
    }
  }
  out.gauge("sextant_api_connections", "Connections that are open.").add({}, static_cast<double>(server.connections));
  out.gauge("sextant_api_watchers", "Connections that watch.").add({}, static_cast<double>(server.watchers));
  out.counter("sextant_api_connections_refused_total", "Connections beyond the limit.")
      .add({}, static_cast<double>(server.connections_refused));
  out.counter("sextant_api_accept_failures_total", "Connections that could not be accepted.")
      .add({}, static_cast<double>(server.accept_failures));
  out.counter("sextant_api_timeouts_total", "Connections closed because the client took too long.")
      .add({}, static_cast<double>(server.timeouts));
  out.counter("sextant_api_watchers_dropped_total", "Watchers closed because they did not read fast enough.")
      .add({}, static_cast<double>(server.watchers_dropped));
}

}  // namespace

Metrics::Metrics(const Backend& backend, const ServerCounters& server, std::size_t max_series)
    : backend_(backend), server_(server), max_series_(max_series), attempts_(max_series) {}

std::vector<MetricFamily> Metrics::collect() {
  const StatusView status = backend_.status();
  const MetricsView view = backend_.metrics();
  Collection out(max_series_);
  add_build(out, status, view);
  add_findings(out, backend_.findings(), server_);
  add_exposures(out, backend_.exposure());
  add_uplinks(out, backend_.uplink_counts());
  // Unreadable attempts show as a blind witness; the counters stand still meanwhile.
  if (const Result<AttemptsView> attempts = backend_.attempts()) {
    dropped_ +=
        attempts_.update(attempts->attempts, [this](const EndpointRef& ref) { return backend_.workload_of(ref); });
  }
  add_attempts(out, attempts_);
  add_witnesses(out, status, view);
  add_kernel_use(out, status);
  add_refused_calls(out, view);
  out.histogram("sextant_policy_compile_seconds", "Time from a change of policy to the tables for the kernel.")
      .add(view.policy_compile);
  add_kube(out, view.kube);
  add_server(out, server_);
  dropped_ += out.dropped();
  out.counter("sextant_series_dropped_total",
              "Series that a scrape left out because their family was full, summed over scrapes.")
      .add({}, static_cast<double>(dropped_));
  return out.take();
}

std::string Metrics::render(Exposition exposition) {
  std::vector<MetricFamily> families = collect();
  std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
  if (exposition == Exposition::kOpenMetrics) return to_openmetrics(families);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

}  // namespace sextant::report
