// A scenario of the conformance format (tests/data/conformance/README.md): a small cluster, Cilium's options, and
// connections to judge. One JSON line each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/app/cli/batch/json_reader.h"
#include "agent/base/document.h"
#include "agent/base/result.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::app::cli {

// What the verdicts are taken from.
struct Scenario {
  policy::Options options{};  // but for the release
  World world{""};
  std::string unknown_option{};  // a key of `cluster` that is none of Cilium's options that are known here
};
// The values of the line's members `cluster` and `objects`. Errors: an option's value that Cilium does not have, an
// object that cannot be read.
Result<Scenario> read_scenario(const Document& cluster, Document objects);

// Why the release has no verdict for a scenario: it lacks an option or a kind of object that is used there. Empty: it
// lacks nothing.
std::string lacks(const Scenario& scenario, policy::Release release);

// One connection, as written: ends are the text of their JSON values.
struct CheckText {
  std::string_view to{};
  std::string_view from{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;  // for ICMP and ICMPv6 the type
  // Where the values of the members that an answer replaces stand, by offset in the reader's text; end 0: not there.
  struct Place {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  Place verdict{};
  Place why{};
  std::size_t last_value_end = 0;
  Place all{};
};
// The check that the reader is in front of. Its errors are the reader's.
CheckText read_check(JsonReader& reader);

// The ends of a check. Errors say what is wrong with them; that there is such a pod is not asked.
Result<policy::Subject> read_subject(std::string_view text);
Result<policy::Peer> read_peer(std::string_view text);

}  // namespace sextant::app::cli
