// LintDesk: lint of what the daemon knows, for the API.
//
// Lint tries every rule of every policy, which takes seconds where there are a thousand: it is done on request, of a
// copy of the world, on a thread of its own, and one after the other. What was found holds until something changes.
// What would take more memory than a daemon should is refused, with how it can be had: lint of manifests, on any
// machine. Thread: the executor's; answers come on it too.
#pragma once

#include <cstdint>
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

  // Of a cluster whose lint is estimated to take more, the daemon's container limit (128 MiB) leaves too little.
  static constexpr std::uint64_t kMostBytes = 64U << 20U;
  // What lint takes at its peak, rather too much than too little: it judges every pod of every node that runs one, for
  // every class of sources. Measured: 31 MiB with 250 pods and 1,000 policies on one node (estimated 29), 159 and 383
  // with 500 and 5,000 pods more on 99 nodes (about 200 and 800).
  static std::uint64_t estimated_bytes(const World& world, const policy::Engine& engine);

  // `world` and `engine` must outlive the desk.
  LintDesk(boost::asio::any_io_executor executor, const World& world, const policy::Engine& engine,
           std::uint64_t most_bytes = kMostBytes);
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
