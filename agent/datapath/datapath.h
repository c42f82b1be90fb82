// Source: the kernel's witnesses. Loads the programs under bpf/, attaches them, keeps the verdict tables that they
// read, and turns their maps and events into values of the model. The userspace owner of everything in bpf/.
//
// Nothing is pinned; every link dies with the process. Each missing kernel feature degrades one witness and is told by
// features() and statuses(); it never stops the rest.
// Thread: everything, the sinks included, on the executor given to run().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "agent/base/capabilities.h"
#include "agent/base/result.h"
#include "agent/model/intent.h"
#include "agent/model/network.h"
#include "agent/model/observation.h"

namespace sextant::datapath {

// Sizes of the kernel's tables; fixed at load. What does not fit is counted and told, never silently allowed.
struct Sizes {
  std::uint32_t endpoints = 1024;  // addresses of endpoints
  std::uint32_t source_ranges = 262'144;
  std::uint32_t cells = 65'536;  // (policy, class) pairs with a port map of their own
  std::uint32_t port_ranges = 65'536;
  std::uint32_t rows = 8'192;       // disagreeing rows, and as many again agreeing ones
  std::uint32_t attempts = 16'384;  // endpoint x protocol x port x verdict
  std::uint32_t ring_bytes = 1U << 18U;
};

struct Config {
  std::string cgroup{};  // cgroup2 mount; empty: from /proc/self/mountinfo
  Sizes sizes{};
  std::chrono::milliseconds event_interval{1000};   // at most one event a row in this time
  std::chrono::milliseconds listen_poll{10'000};    // listening sockets are read at least this often...
  std::chrono::milliseconds listen_min_gap{1'000};  // ...and when sockets come or go, but not more often than this
};

struct Sinks {
  // A row disagreed (delivered against deny, dropped against allow): at most once per row and event_interval.
  std::function<void(const RowObservation&)> disagreement{};
  std::function<void(const StrayDelivery&)> stray{};
  std::function<void(const ListenerPicture&)> listeners{};
  // A witness's status or a feature changed.
  std::function<void()> status{};
};

// What the kernel can do, without attaching anything. For `sextantd --check`, and before load().
std::vector<Feature> probe_features(const Config& config);

// The cgroup2 mount of this mount namespace; errors when there is none.
Result<std::string> find_cgroup2();
// The UID of the pod whose kubelet-made cgroup `path` lies in (systemd and cgroupfs drivers), dashes as in
// metadata.uid.
std::optional<std::string> pod_uid_from_cgroup(std::string_view path);

class Datapath {
 public:
  // Loads what this kernel can load. Errors only when nothing at all can be (no BPF, no rights).
  static Result<Datapath> load(const Config& config, Sinks sinks);
  Datapath(Datapath&&) noexcept;
  ~Datapath();

  // The capabilities that all below still asks for, of those that this process has: on a kernel with TCX (Linux 6.6)
  // none. All else that load() needed can be given up.
  Capabilities needed_later() const;

  // Attaches to uplinks that are new, detaches from those gone; an uplink that is deleted and made again is attached
  // again.
  void set_uplinks(const std::vector<Link>& uplinks);

  // Replaces the verdict tables by delta; a packet is judged by the old ones or the new ones, never by a mixture.
  // What does not fit is left out as unknown and named by the error; the rest is in force.
  Result<> set_intent(const KernelIntent& intent);

  // Ring buffer, listening sockets, clean-up of idle rows; until cancelled. Being cancelled is success.
  boost::asio::awaitable<Result<>> run();

  // Read from the maps when called.
  Result<std::vector<RowObservation>> rows() const;
  Result<std::vector<AttemptCount>> attempts() const;
  Result<std::vector<SourceCount>> sources() const;
  Result<std::vector<UplinkCount>> uplink_counts() const;

  const std::vector<Feature>& features() const;
  std::vector<WitnessStatus> statuses() const;  // uplink, delivery, death, listening

  struct MapUse {
    std::string map{};
    std::uint64_t entries = 0;
    std::uint64_t capacity = 0;
    std::uint64_t bytes = 0;
  };
  std::vector<MapUse> map_use() const;
  struct ProgramUse {
    std::string program{};
    std::uint64_t events = 0;         // told to userspace
    std::uint64_t events_lost = 0;    // events that did not fit the ring
    std::uint64_t rows_lost = 0;      // rows or cells that did not fit a table
    std::uint64_t agreeing_lost = 0;  // packets of rows that agree and did not fit: evidence less, no blind spot
    std::uint64_t runs = 0;           // 0 unless kernel.bpf_stats_enabled
    std::chrono::nanoseconds run_time{};
  };
  std::vector<ProgramUse> program_use() const;

 private:
  struct State;
  explicit Datapath(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sextant::datapath
