// The listening witness: bpf/listening.bpf.c, iterators over the sockets of every process, in every network namespace,
// and over the kernel's own sockets of this one.
//
// Looks at least every `poll`, and soon after a TCP, MPTCP or SCTP socket begins or ceases to listen, but never twice
// within `min_gap`. UDP sockets come and go unannounced: they are found by the poll. Sees the processes of its own pid
// namespace: in a container it needs the host's (hostPID).
// Thread: everything on the executor of run().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"
#include "agent/datapath/cgroups.h"
#include "agent/datapath/datapath.h"
#include "agent/datapath/shared_maps.h"

struct bpf_link;
struct listening_bpf;
extern "C" int bpf_link__destroy(bpf_link* link);

namespace sextant::datapath {

void free_listening(listening_bpf* skeleton) noexcept;

class Listening {
 public:
  struct Config {
    std::chrono::milliseconds poll{10'000};
    std::chrono::milliseconds min_gap{1'000};
    std::size_t max_listeners = 65'536;  // what is beyond is not in the picture, and counts as lost
  };
  struct Sinks {
    std::function<void(const ListenerPicture&)> picture{};  // after every look
    std::function<void()> status{};                         // status() says something new
  };

  // Loads and attaches. `cgroups` names the sockets' cgroups and must outlive this; both sinks must be set. Needs
  // CAP_BPF and CAP_PERFMON.
  static Result<Listening> load(const Config& config, const Lend& lend, Cgroups& cgroups, Sinks sinks);
  Listening(Listening&&) noexcept;
  ~Listening();

  // Reads all sockets now. Sorted; one entry a socket, named after the process with the lowest pid that holds it (but
  // after another than pid 1, which opens sockets for its children).
  Result<ListenerPicture> look();

  // A socket began or ceased to listen: look again soon. To be called for EVENT_SOCKETS.
  void sockets_changed();

  // Looks and tells the sink until cancelled; being cancelled is success. A look that fails makes the witness blind
  // until one succeeds. Must stay where it is meanwhile.
  boost::asio::awaitable<Result<>> run();

  WitnessStatus status() const;
  std::vector<Datapath::ProgramUse> use() const;

 private:
  struct State;
  explicit Listening(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sextant::datapath
