#include "agent/datapath/listening.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/datapath/features.h"
#include "agent/datapath/map_use.h"
#include "bpf/rows.h"
#include "listening.skel.h"

namespace sextant::datapath {

namespace asio = boost::asio;

namespace {

using Steady = std::chrono::steady_clock;
using LinkHandle = CPtr<bpf_link, bpf_link__destroy>;

constexpr std::uint32_t kInit = 1;  // pid 1 opens sockets for the services that it starts

IpAddress address_of(const socket_record& record) {
  IpAddress address;
  std::memcpy(address.bytes.data(), record.address, sizeof record.address);
  return address;
}

// Of several processes that hold a socket, the one that it is named after.
bool names_better(const socket_record& a, const socket_record& b) {
  return std::make_tuple(a.tgid == kInit, a.tgid) < std::make_tuple(b.tgid == kInit, b.tgid);
}

// What an iterator's file says; `take` gets each record.
template <class Take>
Result<> read_iterator(bpf_link& link, std::string_view name, Take take) {
  const std::string doing = "read the sockets (iterator " + std::string(name) + ')';
  const UniqueFd file(bpf_iter_create(bpf_link__fd(&link)));
  if (!file) return errno_failure(doing, errno);
  std::vector<char> buffer(64 * sizeof(socket_record) * 16);
  std::size_t filled = 0;
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data() + filled, buffer.size() - filled);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return errno_failure(doing, errno);
    if (got == 0) return {};
    filled += static_cast<std::size_t>(got);
    const std::size_t whole = filled / sizeof(socket_record) * sizeof(socket_record);
    for (std::size_t at = 0; at < whole; at += sizeof(socket_record)) {
      socket_record record;
      std::memcpy(&record, buffer.data() + at, sizeof record);
      take(record);
    }
    std::memmove(buffer.data(), buffer.data() + whole, filled - whole);
    filled -= whole;
  }
}

// The sockets found so far, one record each.
class Found {
 public:
  void in_netns(const socket_record& record) { sockets_.try_emplace(record.id, record); }

  void in_process(const socket_record& record) {
    const auto [place, added] = sockets_.try_emplace(record.id, record);
    if (!added && (place->second.tgid == 0 || names_better(record, place->second))) place->second = record;
  }

  // Sockets that no process holds are the kernel's own. Others of this network namespace were closed between the
  // iterators, unless there are processes that cannot be seen.
  std::vector<socket_record> take(bool sees_every_process) {
    std::vector<socket_record> records;
    for (const auto& [id, record] : sockets_) {
      if (record.tgid != 0 || (record.kernel ? !is_part_of_another(record) : !sees_every_process)) {
        records.push_back(record);
      }
    }
    return records;
  }

 private:
  // The TCP socket inside a process's MPTCP socket looks like the kernel's own.
  bool is_part_of_another(const socket_record& part) const {
    return std::ranges::any_of(sockets_, [&](const auto& entry) {
      const socket_record& whole = entry.second;
      return whole.tgid != 0 && whole.protocol == part.protocol && whole.port == part.port &&
             whole.netns == part.netns && whole.v4 == part.v4 && address_of(whole) == address_of(part);
    });
  }

  std::map<std::uint64_t, socket_record> sockets_{};
};

std::uint64_t own_netns() {
  struct stat status{};
  return ::stat("/proc/thread-self/ns/net", &status) == 0 ? status.st_ino : 0;
}

}  // namespace

void free_listening(listening_bpf* skeleton) noexcept { listening_bpf::destroy(skeleton); }

struct Listening::State {
  Config config{};
  Cgroups& cgroups;
  Sinks sinks{};
  CPtr<listening_bpf, free_listening> skeleton{};
  LinkHandle task_file{};
  LinkHandle tcp{};
  LinkHandle udp{};
  LinkHandle socket_state{};
  std::uint64_t host_netns = own_netns();
  bool sees_every_process = in_host_pid_namespace();

  std::optional<asio::steady_timer> timer{};  // while run() runs
  Steady::time_point last_look{};
  bool asked = false;

  std::uint64_t lost = 0;
  WitnessState witness = WitnessState::kStarting;
  std::string reason{};
  Time since = std::chrono::system_clock::now();

  Result<> attach();
  Result<std::vector<socket_record>> read_sockets();
  Listener to_listener(const socket_record& record);
  void set_witness(WitnessState state, std::string why);
  void look_and_tell(Listening& self);
};

Result<> Listening::State::attach() {
  const struct {
    LinkHandle& link;
    bpf_program* program;
  } hooks[] = {{task_file, skeleton->progs.on_task_file},
               {tcp, skeleton->progs.on_tcp},
               {udp, skeleton->progs.on_udp},
               {socket_state, skeleton->progs.on_socket_state}};
  for (const auto& [link, program] : hooks) {
    link.reset(bpf_program__attach(program));
    if (!link) return errno_failure(std::string("attach ") + bpf_program__section_name(program), errno);
  }
  return {};
}

Result<std::vector<socket_record>> Listening::State::read_sockets() {
  // Before the processes: a socket found only here then was closed meanwhile, or belongs to no process.
  Found found;
  const auto in_netns = [&](const socket_record& record) { found.in_netns(record); };
  const auto in_process = [&](const socket_record& record) { found.in_process(record); };
  if (auto done = read_iterator(*tcp, "tcp", in_netns); !done) return Failure(std::move(done.error()));
  if (auto done = read_iterator(*udp, "udp", in_netns); !done) return Failure(std::move(done.error()));
  if (auto done = read_iterator(*task_file, "task_file", in_process); !done) return Failure(std::move(done.error()));
  return found.take(sees_every_process);
}

Listener Listening::State::to_listener(const socket_record& record) {
  Listener listener{
      .protocol = static_cast<Protocol>(record.protocol),
      .address = address_of(record),
      .port = record.port,
      .v6_only = record.v6_only != 0,
      .v4_only = record.v4 != 0,
      .netns = record.netns,
      .host_netns = record.netns == host_netns,
      .process = std::string(record.comm, ::strnlen(record.comm, sizeof record.comm)),
      .pid = record.tgid,
  };
  if (record.tgid == 0 && record.kernel) listener.process = "kernel";
  // The socket's cgroup is its maker's. Where only one of the two is a pod's (a socket made by the container runtime
  // and handed on, a kernel that does not tell the socket's), that one says whose it is.
  for (const std::uint64_t id : {record.socket_cgroup, record.task_cgroup}) {
    const Cgroup* cgroup = id == 0 ? nullptr : cgroups.find(id);
    if (cgroup == nullptr || (!listener.cgroup.empty() && !cgroup->pod_uid)) continue;
    listener.cgroup = cgroup->path;
    listener.pod_uid = cgroup->pod_uid;
    if (listener.pod_uid) break;
  }
  return listener;
}

void Listening::State::set_witness(WitnessState state, std::string why) {
  if (state == witness && why == reason) return;
  if (state != witness) since = std::chrono::system_clock::now();
  witness = state;
  reason = std::move(why);
  sinks.status();
}

void Listening::State::look_and_tell(Listening& self) {
  last_look = Steady::now();
  auto picture = self.look();
  if (!picture) return set_witness(WitnessState::kBlind, picture.error().what);
  sinks.picture(*picture);
  if (sees_every_process) {
    set_witness(WitnessState::kSees, "");
  } else {
    set_witness(WitnessState::kBlind, "the processes of other pid namespaces are out of sight: run with hostPID");
  }
}

Result<Listening> Listening::load(const Config& config, const Lend& lend, Cgroups& cgroups, Sinks sinks) {
  auto state = std::make_unique<State>(State{.config = config, .cgroups = cgroups, .sinks = std::move(sinks)});
  state->skeleton.reset(listening_bpf::open());
  if (!state->skeleton) return errno_failure("open the listening programs", errno);
  auto lent = lend(*state->skeleton->obj);
  if (!lent) return because("load the listening programs", std::move(lent.error()));
  if (const int err = listening_bpf::load(state->skeleton.get()); err != 0) {
    return errno_failure("load the listening programs", err);
  }
  if (auto attached = state->attach(); !attached) return Failure(std::move(attached.error()));
  return Listening(std::move(state));
}

Listening::Listening(std::unique_ptr<State> state) : state_(std::move(state)) {}
Listening::Listening(Listening&&) noexcept = default;
Listening::~Listening() = default;

Result<ListenerPicture> Listening::look() {
  // From here on a change asks anew.
  std::atomic_ref(state_->skeleton->bss->look_asked).store(0);
  const auto records = state_->read_sockets();
  if (!records) return Failure(records.error());
  ListenerPicture picture{.taken = std::chrono::system_clock::now()};
  const std::size_t kept = std::min(records->size(), state_->config.max_listeners);
  state_->lost += records->size() - kept;
  picture.listeners.reserve(kept);
  for (std::size_t i = 0; i < kept; ++i) picture.listeners.push_back(state_->to_listener((*records)[i]));
  std::ranges::sort(picture.listeners);
  const auto same = std::ranges::unique(picture.listeners);  // a process's sockets with SO_REUSEPORT
  picture.listeners.erase(same.begin(), same.end());
  return picture;
}

void Listening::sockets_changed() {
  state_->asked = true;
  if (state_->timer) state_->timer->cancel();
}

asio::awaitable<Result<>> Listening::run() {
  State& state = *state_;
  asio::steady_timer& timer = state.timer.emplace(co_await asio::this_coro::executor);
  while (true) {
    state.asked = false;
    state.look_and_tell(*this);
    do {  // a change that comes while we wait only moves the end of the wait
      timer.expires_at(state.last_look + (state.asked ? state.config.min_gap : state.config.poll));
      co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) {
        state.timer.reset();
        co_return Result<>();
      }
    } while (Steady::now() < timer.expiry());
  }
}

WitnessStatus Listening::status() const {
  WitnessStatus status{.witness = Witness::kListening,
                       .state = state_->witness,
                       .covers = state_->sees_every_process ? "sockets of every network namespace"
                                                            : "sockets of this pid and this network namespace",
                       .reason = state_->reason,
                       .since = state_->since,
                       .lost = state_->lost};
  for (const auto& program : use()) status.lost += program.events_lost;
  return status;
}

std::vector<Datapath::ProgramUse> Listening::use() const {
  const auto& programs = state_->skeleton->progs;
  auto socket_state = program_use("listening", bpf_program__fd(programs.on_socket_state));
  socket_state.events = read_counter(state_->skeleton->bss->events_told);
  socket_state.events_lost = read_counter(state_->skeleton->bss->events_lost);
  return {socket_state, program_use("listening_task_file", bpf_program__fd(programs.on_task_file)),
          program_use("listening_tcp", bpf_program__fd(programs.on_tcp)),
          program_use("listening_udp", bpf_program__fd(programs.on_udp))};
}

}  // namespace sextant::datapath
