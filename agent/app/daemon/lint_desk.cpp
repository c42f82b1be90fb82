#include "agent/app/daemon/lint_desk.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <future>
#include <list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <spdlog/spdlog.h>

#include <malloc.h>
#include <sys/resource.h>

#include "agent/app/lint_view.h"
#include "agent/audit/lint/lint.h"
#include "agent/base/capabilities.h"

namespace sextant::app {
namespace {

namespace asio = boost::asio;

constexpr int kNiceness = 10;  // whoever asks can wait; packets and events cannot

}  // namespace

struct LintDesk::State : std::enable_shared_from_this<State> {
  State(asio::any_io_executor e, const World& w, const policy::Engine& g, std::uint64_t most)
      : executor(std::move(e)), world(w), engine(g), most_bytes(most) {}

  struct Question {
    policy::Release release{};
    std::uint64_t generation = 0;
    std::vector<Done> waiting{};
  };
  struct Known {
    policy::Release release{};
    report::LintView view{};
  };

  void begin(std::list<Question>::iterator question);
  void answer(std::list<Question>::iterator question, report::LintView view);

  asio::any_io_executor executor;
  const World& world;
  const policy::Engine& engine;
  std::uint64_t most_bytes;
  std::uint64_t generation = 0;
  std::list<Question> questions{};
  std::vector<Known> known{};  // of this generation
  bool stopped = false;
  asio::thread_pool worker{1};
};

void LintDesk::State::begin(std::list<Question>::iterator question) {
  policy::Options options = engine.options();
  options.release = question->release;
  auto task = [weak = weak_from_this(), loop = executor, question, options = std::move(options),
               copy = std::make_unique<const World>(world)]() mutable {
    report::LintView view = view_of(audit::lint::lint(*copy, options), options.release);
    copy.reset();
    ::malloc_trim(0);  // what it took is not needed soon
    asio::post(loop, [weak, question, view = std::move(view)]() mutable {
      if (const auto state = weak.lock()) state->answer(question, std::move(view));
    });
  };
  asio::post(worker, std::move(task));
}

void LintDesk::State::answer(std::list<Question>::iterator question, report::LintView view) {
  if (stopped) return;
  const Question asked = std::move(*question);
  questions.erase(question);
  if (asked.generation == generation) {
    if (known.size() >= kMostQuestions) known.erase(known.begin());
    known.push_back({.release = asked.release, .view = view});
  }
  for (const Done& done : asked.waiting) done(view);
}

std::uint64_t LintDesk::estimated_bytes(const World& world, const policy::Engine& engine) {
  constexpr std::uint64_t kOfClassAndNode = 1200, kOfClassAndPod = 12, kOfPod = 100'000;
  std::set<ClassId> classes;
  for (const SourceRange& range : engine.sources()) classes.insert(range.source);
  std::set<std::string_view> nodes;
  for (const auto& [key, pod] : world.pods()) nodes.insert(pod.node_name);
  const std::uint64_t pods = world.pods().size();
  return classes.size() * (nodes.size() * kOfClassAndNode + pods * kOfClassAndPod) + pods * kOfPod;
}

LintDesk::LintDesk(asio::any_io_executor executor, const World& world, const policy::Engine& engine,
                   std::uint64_t most_bytes)
    : state_(std::make_shared<State>(std::move(executor), world, engine, most_bytes)) {
  // Before anything else is asked of the thread, and before the process may give up the right to the call. Capabilities
  // are a thread's own: what the rest gives up later, this one would keep.
  std::promise<void> lowered;
  asio::post(state_->worker, [&lowered] {
    ::setpriority(PRIO_PROCESS, 0, kNiceness);  // on Linux: of this thread
    if (auto done = keep_only_capabilities(0); !done) spdlog::error("lint keeps capabilities: {}", done.error().what);
    lowered.set_value();
  });
  lowered.get_future().wait();
}

LintDesk::~LintDesk() { state_->worker.join(); }

void LintDesk::changed() {
  ++state_->generation;
  state_->known.clear();
}

void LintDesk::ask(policy::Release release, Done done) {
  State& state = *state_;
  if (state.stopped) return done(failure("the daemon stops", EAGAIN));
  const auto known = std::ranges::find(state.known, release, &State::Known::release);
  if (known != state.known.end()) return done(known->view);
  const auto asked = std::ranges::find_if(state.questions, [&](const State::Question& question) {
    return question.release == release && question.generation == state.generation;
  });
  if (asked != state.questions.end()) return asked->waiting.push_back(std::move(done));
  if (state.questions.size() >= kMostQuestions)
    return done(failure("too many questions about policies that change: ask again", EAGAIN));
  if (const std::uint64_t needed = estimated_bytes(state.world, state.engine); needed > state.most_bytes)
    return done(failure(
        "lint of " + std::to_string(state.world.pods().size()) + " pods and " +
        std::to_string(state.world.policies().size()) + " policies may take up to " + std::to_string(needed >> 20U) +
        " MiB of the daemon's memory, more than the " + std::to_string(state.most_bytes >> 20U) +
        " that it has for this: give their manifests, as `kubectl get -o yaml` prints them, to lint --manifests"));
  state.questions.push_back({.release = release, .generation = state.generation});
  state.questions.back().waiting.push_back(std::move(done));
  state.begin(std::prev(state.questions.end()));
}

void LintDesk::stop() {
  State& state = *state_;
  state.stopped = true;
  for (State::Question& question : state.questions) {
    for (const Done& done : std::exchange(question.waiting, {})) done(failure("the daemon stops", EAGAIN));
  }
}

}  // namespace sextant::app
