// The source classes as one node sees them: who the members of each are to its endpoints.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/policy/classes.h"

namespace sextant::policy {

struct Outlook {
  std::shared_ptr<const Classes> classes{};
  std::vector<PeerIdentity> peers{};  // as Classes::members

  // What stayed the same since the outlook that was in force before, so that rows need not be computed again: for each
  // member its index there, or kNew.
  static constexpr std::uint32_t kNew = 0xffffffff;
  std::uint64_t serial = 0;
  std::uint64_t before = 0;  // the serial of that one; 0: there was none
  std::vector<std::uint32_t> same_as{};

  void compare_with(const Outlook& earlier);
  // After compare_with: nothing differs at all, and rows of the one are rows of the other.
  bool equals(const Outlook& earlier) const;
};

Outlook make_outlook(std::shared_ptr<const Classes> classes, const Cluster& cluster, std::string_view node,
                     std::uint64_t serial);

}  // namespace sextant::policy
