// The one ring buffer through which the programs speak first: a row disagreed, a stray came, sockets changed.
//
// Owns the ring. The events carry keys only; what they point to is read from the maps.
// Thread: the handlers run on the executor of run().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"
#include "bpf/rows.h"

struct bpf_object;
struct ring_buffer;
extern "C" void ring_buffer__free(ring_buffer* ring);

namespace sextant::datapath {

struct EventHandlers {
  std::function<void(const row_key&)> row{};
  std::function<void(const stray_key&)> stray{};
  std::function<void()> sockets{};
};

class Events {
 public:
  // `ring_bytes`: a power of two, at least a page. Every handler must be set.
  static Result<Events> create(std::uint32_t ring_bytes, EventHandlers handlers);
  Events(Events&&) noexcept;
  ~Events();

  // Makes the object's map `events` this ring; before the object is loaded.
  Result<> lend_to(bpf_object& object) const;

  // Hands on what waits, at once; returns how many events there were.
  Result<int> drain();
  // Hands on events until cancelled; being cancelled is success. Must stay where it is meanwhile.
  boost::asio::awaitable<Result<>> run();

  // Events of a size or kind that this program does not know: 0 unless the two sides differ.
  std::uint64_t malformed() const;

 private:
  struct Reader;
  Events(UniqueFd map, std::unique_ptr<Reader> reader, CPtr<ring_buffer, ring_buffer__free> ring);

  UniqueFd map_;
  std::unique_ptr<Reader> reader_;  // on the heap: the ring holds its address
  CPtr<ring_buffer, ring_buffer__free> ring_;
};

}  // namespace sextant::datapath
