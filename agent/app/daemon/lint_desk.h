// LintDesk: lint of what the daemon knows, for the API.
//
// Lint tries every rule of every policy, which takes seconds where there are a thousand: it is done on request, of a
// copy of the world, on a thread of its own, and one after the other. What was found holds until something changes.
// Thread: the executor's; answers come on it too.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "agent/base/result.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"
#include "agent/report/backend.h"

namespace sextant::app {

class LintDesk {
 public:
  using Done = std::function<void(Result<report::LintView>)>;

  // Questions that are worked on or wait; one more is refused with EAGAIN. Those who ask the same share one.
  static constexpr std::size_t kMostQuestions = 4;

  // `world` and `engine` must outlive the desk.
  LintDesk(boost::asio::any_io_executor executor, const World& world, const policy::Engine& engine);
  // Waits for the thread, which cannot be interrupted.
  ~LintDesk();

  // The world or the engine's options are others: what was found is old.
  void changed();
  // Judged by this release, with the engine's other options.
  void ask(policy::Release release, Done done);
  // Answers everyone who waits, and every later question, with an error.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sextant::app
