// Inquiry: the same ends asked about many times. Each end is looked up once, and a verdict costs the look at the items
// that cover the port, or less where the same was asked before.
//
// Only verdicts: Engine::decide tells why. Valid until the engine's next on() or set_options(); the engine and the
// ends must outlive it. Bounded by the number of ends. Thread: the engine's.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/policy/engine.h"

namespace sextant::policy {

// Who is asked about, by index; may grow between questions.
struct Ends {
  std::vector<Subject> subjects{};
  std::vector<Peer> peers{};
};

class Inquiry {
 public:
  Inquiry(const Engine& engine, const Ends& ends);
  ~Inquiry();
  Inquiry(Inquiry&&) noexcept;

  // Engine::decide(...)->verdict; kUnknown where decide gives an error.
  Verdict verdict(std::size_t subject, std::size_t peer, Protocol protocol, std::uint16_t port);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sextant::policy
