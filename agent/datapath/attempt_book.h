// What was booked of attempts outside the kernel: the sums of what the kernel's cells held before they were emptied.
//
// Of a fixed size. What is beyond is folded: the quietest cells lose their port and are summed up for their endpoint,
// protocol and verdict, so no packet leaves the book while its endpoint is there. Of endpoints that are gone, the
// quietest leave it when there are more than kGone.
// Thread: as the caller's.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "agent/model/observation.h"

namespace sextant::datapath {

class AttemptBook {
 public:
  // Cells with a port that are kept after fold().
  explicit AttemptBook(std::size_t limit) : limit_(limit) {}

  static constexpr std::size_t kGone = 1024;
  using Present = std::function<bool(const EndpointRef&)>;

  // Adds the packets to the cell; the later time wins.
  void add(const AttemptCount& count);
  // Folds what is beyond the limit.
  void fold(const Present& present);

  // By endpoint, protocol, port; cells without a port after those with one.
  std::vector<AttemptCount> list() const;
  std::size_t size() const;

 private:
  struct Key {
    Protocol protocol = Protocol::kAny;
    bool any_port = false;
    std::uint16_t port = 0;
    Verdict verdict = Verdict::kUnknown;
    auto operator<=>(const Key&) const = default;
  };
  struct Count {
    std::uint64_t packets = 0;
    Time last_seen{};
  };
  using Cells = std::map<Key, Count>;

  static void add(Cells& cells, const Key& key, const Count& count);
  void fold_ports();
  void forget_gone(const Present& present);

  std::size_t limit_;
  std::map<EndpointRef, Cells> endpoints_{};
};

}  // namespace sextant::datapath
