// Answers scenarios of the conformance format: the same line, with the verdicts of each release.
//
// Members of a line, and of a check, stay as they are written and where they are. `verdict` of a check and `invalid` of
// the scenario get new values; where they are missing they come last, `invalid` only if some object is refused. A check
// of which some release says unknown has a `why` by release.
//
// Thread: one. Each keeps its buffers for the next line.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/policy/engine.h"

namespace sextant::app::cli {

// A release by the name that its verdicts are printed under.
struct Version {
  std::string name{};
  policy::Release release = policy::kNewestRelease;
  bool operator==(const Version&) const = default;
};

class ScenarioAnswerer {
 public:
  explicit ScenarioAnswerer(std::vector<Version> versions);
  ~ScenarioAnswerer();
  ScenarioAnswerer(ScenarioAnswerer&&) noexcept;

  // Appends the answered line, with a line break, to `out`. Errors say what is wrong with the line, by column or by
  // the member's name; `out` is then as it was.
  Result<> answer(std::string_view line, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sextant::app::cli
