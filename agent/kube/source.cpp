#include "agent/kube/source.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/kube/tls.h"

namespace sextant::kube {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto kWait = asio::as_tuple(asio::use_awaitable);

// FNV-1a: the same on every node and in every build, unlike std::hash.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

std::string words_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

struct Source::State {
  State(asio::any_io_executor on, Config with, Sinks to)
      : executor(on),
        config(std::move(with)),
        sinks(std::move(to)),
        api(config.connection),
        catalogue(executor, api),
        pulse(
            executor, api, config.pulse, [this] { return std::ranges::any_of(reflectors, &Reflector::is_watching); },
            [this](auto heard, const std::string& why) {
              for (Reflector& reflector : reflectors) reflector.give_up_silent(heard + milliseconds(1), why);
            }),
        wake(executor, steady_clock::time_point::max()) {
    api.patience = config.patience;
    api.user_agent = config.user_agent;
  }

  void add_reflectors();
  Reflector& add(Resource resource, Feed feed);
  Feed feed_of(const Resource& resource);
  void put_definition(const Document& definition);
  void look_at_local_pod(const Document& pod);
  void set_image(std::string image);
  void on_status();
  void set_config(std::map<std::string, std::string, std::less<>> data, bool is_there);
  void start();
  void stop();
  template <class Part>
  void spawn(Part& part);

  asio::any_io_executor executor;
  Config config;
  Sinks sinks;
  Api api;
  Catalogue catalogue;
  std::deque<Reflector> reflectors{};  // a deque: they stay where they are
  Reflector* definitions = nullptr;
  Pulse pulse;
  asio::steady_timer wake;  // of run(), when a part has ended
  std::size_t running = 0;
  std::size_t watching = 0;  // reflectors that were, when on_status was last called
  std::string fault{};       // of a part that ended by an exception
  std::string cilium_pod{};  // the agent's, of this node
  CiliumFacts cilium{};
};

Reflector& Source::State::add(Resource resource, Feed feed) {
  const std::uint32_t seed = hash_of(config.node + "/" + resource.title);
  return reflectors.emplace_back(
      executor, std::move(resource), std::move(feed),
      Reflector::Surroundings{.api = api,
                              .catalogue = catalogue,
                              .timing = config.timing,
                              .on_status = [this] { on_status(); },
                              .watches_definitions = [this] { return definitions->is_watching(); },
                              .seed = seed});
}

void Source::State::add_reflectors() {
  std::vector<Reflector*> pods;
  for (Resource& resource : model_resources(config.node)) {
    Feed feed = feed_of(resource);
    const bool is_pod = resource.object_kind == ObjectKind::kPod;
    Reflector& added = add(std::move(resource), std::move(feed));
    if (is_pod) pods.push_back(&added);
  }
  // A pod that is made anew on another node comes from the other watch than the one that tells of its end.
  pods.at(0)->set_rival(&pods.at(1)->ledger());
  pods.at(1)->set_rival(&pods.at(0)->ledger());

  const auto put_config = [this](Document&& object) {
    set_config(config_data(object), true);
    return Result<>();
  };
  const auto remove_config = [this](const Name&) { set_config({}, false); };
  add(cilium_config(), {.put = put_config, .remove = remove_config});

  const auto put_definition = [this](Document&& object) {
    this->put_definition(object);
    return Result<>();
  };
  definitions = &add(custom_resource_definitions(),
                     {.put = put_definition, .remove = [this](const Name&) { catalogue.invalidate(); }});
}

Feed Source::State::feed_of(const Resource& resource) {
  const ObjectKind kind = *resource.object_kind;
  const bool is_local_pod = resource.title == "pods";
  return {.put = [this, is_local_pod](Document&& object) -> Result<> {
            if (is_local_pod) look_at_local_pod(object);
            const Document* metadata = object.get("metadata");
            auto decoded = decode(object, {.resource_version = std::string(metadata->string_at("resourceVersion"))});
            if (!decoded) return Failure(decoded.error());
            if (*decoded) sinks.delta(**decoded);
            return {};
          },
          .remove =
              [this, kind, is_local_pod](const Name& name) {
                if (is_local_pod && name.to_string() == cilium_pod) {
                  cilium_pod.clear();
                  set_image({});
                }
                sinks.delta(Removed{{.kind = kind, .ns = name.ns, .name = name.name}});
              }};
}

void Source::State::look_at_local_pod(const Document& pod) {
  std::string image = cilium_agent_image(pod);
  if (image.empty()) return;
  cilium_pod = name_of(pod).to_string();
  set_image(std::move(image));
}

void Source::State::set_image(std::string image) {
  if (std::exchange(cilium.image, std::move(image)) != cilium.image && sinks.cilium) sinks.cilium(cilium);
}

void Source::State::set_config(std::map<std::string, std::string, std::less<>> data, bool is_there) {
  if (cilium.has_config == is_there && cilium.config == data) return;
  cilium.has_config = is_there;
  cilium.config = std::move(data);
  if (sinks.cilium) sinks.cilium(cilium);
}

// The definition of a kind that is read has changed: it may be served now.
void Source::State::put_definition(const Document& definition) {
  const std::string name = name_of(definition).name;
  for (Reflector& reflector : reflectors) {
    const Resource& resource = reflector.resource();
    if (!resource.is_custom || name != resource.plural + "." + resource.group) continue;
    catalogue.invalidate();
    reflector.wake();
  }
}

// The pauses of an outage have grown long: when one kind is answered, all ask.
void Source::State::on_status() {
  const auto synced = static_cast<std::size_t>(std::ranges::count_if(reflectors, &Reflector::is_watching));
  if (synced > std::exchange(watching, synced)) {
    for (Reflector& reflector : reflectors) reflector.server_is_back();
  }
  if (sinks.status) sinks.status();
}

template <class Part>
void Source::State::spawn(Part& part) {
  ++running;
  asio::co_spawn(executor, part.run(), [this](std::exception_ptr thrown) {
    if (thrown) fault = words_of(thrown);
    if (--running == 0 || thrown) wake.cancel();
  });
}

void Source::State::start() {
  for (Reflector& reflector : reflectors) spawn(reflector);
  spawn(pulse);
}

void Source::State::stop() {
  for (Reflector& reflector : reflectors) reflector.stop();
  catalogue.stop();
  pulse.stop();
}

Source::Source(std::unique_ptr<State> state) : state_(std::move(state)) {}
Source::Source(Source&&) noexcept = default;
Source::~Source() = default;

Result<Source> Source::open(asio::any_io_executor executor, Config config, Sinks sinks) {
  if (auto tls = make_tls(config.connection); !tls) return Failure(tls.error());
  auto state = std::make_unique<State>(std::move(executor), std::move(config), std::move(sinks));
  state->add_reflectors();
  return Source(std::move(state));
}

asio::awaitable<Result<>> Source::run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  State& state = *state_;
  asio::steady_timer timer(state.executor);
  const auto spread = state.config.spread.count();
  timer.expires_after(milliseconds(spread == 0 ? 0 : hash_of(state.config.node) % static_cast<std::uint64_t>(spread)));
  auto [cancelled_early] = co_await timer.async_wait(kWait);
  if (cancelled_early) co_return Result<>();
  state.start();
  auto [cancelled] = co_await state.wake.async_wait(kWait);
  static_cast<void>(cancelled);
  state.stop();
  while (state.running > 0) {
    auto [one_less] = co_await state.wake.async_wait(kWait);
    static_cast<void>(one_less);
  }
  if (!state.fault.empty()) co_return failure("Kubernetes source: " + state.fault);
  co_return Result<>();
}

std::vector<KindStatus> Source::statuses() const {
  std::vector<KindStatus> statuses;
  const auto now = steady_clock::now();
  for (const Reflector& reflector : state_->reflectors) statuses.push_back(reflector.status(now));
  return statuses;
}

std::map<std::string, RequestCounts> Source::other_requests() const {
  return {{"discovery", state_->catalogue.requests()}, {"livez", state_->pulse.requests()}};
}

bool Source::is_settled() const {
  return std::ranges::all_of(
      statuses(), [](const KindStatus& s) { return s.is_complete || is_forbidden_for_good(s) || !s.object_kind; });
}

std::string Source::server() const { return state_->config.connection.authority(); }

}  // namespace sextant::kube
