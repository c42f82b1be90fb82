// Scenarios in the conformance format (tests/data/conformance/README.md): what Cilium's own engine decided.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::policy::conformance {

inline constexpr std::array kReleases{Release::k1_17_0, Release::k1_18_6, Release::k1_19_3, Release::k1_20_2};

struct Check {
  Subject to{};
  Peer from{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  std::map<Release, Verdict> verdicts{};  // a release without one has no entry
};

struct Scenario {
  std::string id{};
  std::string family{};
  Options options{};  // but for the release
  World world{""};
  std::vector<Check> checks{};
  std::map<Release, std::set<std::string>> invalid{};  // "CNP ns/name", "CCNP name", "KNP ns/name"
};

Result<Scenario> read_scenario(std::string_view line);
// Calls `use` with every line of a .jsonl.gz file.
Result<> for_each_line(const std::string& path, const std::function<void(std::string_view)>& use);

}  // namespace sextant::policy::conformance
