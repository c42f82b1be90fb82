#include "agent/datapath/events.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include "agent/datapath/shared_maps.h"

namespace sextant::datapath {

namespace asio = boost::asio;

struct Events::Reader {
  EventHandlers handlers{};
  std::uint64_t malformed = 0;

  void take(const event& happened) {
    switch (happened.kind) {
      case EVENT_ROW:
        return handlers.row(happened.row);
      case EVENT_STRAY:
        return handlers.stray(happened.stray);
      case EVENT_SOCKETS:
        return handlers.sockets();
      default:
        ++malformed;
    }
  }

  // libbpf calls this from C: no exception may leave it.
  static int on_event(void* context, void* data, std::size_t size) noexcept {
    auto& reader = *static_cast<Reader*>(context);
    event happened{};
    if (size != sizeof happened) {
      ++reader.malformed;
      return 0;
    }
    std::memcpy(&happened, data, sizeof happened);
    reader.take(happened);
    return 0;
  }
};

Result<Events> Events::create(std::uint32_t ring_bytes, EventHandlers handlers) {
  UniqueFd map(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "events", 0, 0, ring_bytes, nullptr));
  if (!map) return errno_failure("make the event ring of " + std::to_string(ring_bytes) + " bytes", errno);
  auto reader = std::make_unique<Reader>();
  reader->handlers = std::move(handlers);
  CPtr<ring_buffer, ring_buffer__free> ring(ring_buffer__new(map.get(), Reader::on_event, reader.get(), nullptr));
  if (!ring) return errno_failure("map the event ring", errno);
  return Events(std::move(map), std::move(reader), std::move(ring));
}

Events::Events(UniqueFd map, std::unique_ptr<Reader> reader, CPtr<ring_buffer, ring_buffer__free> ring)
    : map_(std::move(map)), reader_(std::move(reader)), ring_(std::move(ring)) {}
Events::Events(Events&&) noexcept = default;
Events::~Events() = default;

Result<> Events::lend_to(bpf_object& object) const { return lend_map(object, "events", map_.get()); }

Result<int> Events::drain() {
  const int count = ring_buffer__consume(ring_.get());
  if (count < 0) return errno_failure("read the event ring", count);
  return count;
}

asio::awaitable<Result<>> Events::run() {
  // A duplicate: the stream closes what it holds, and libbpf owns the original.
  const int duplicate = ::dup(ring_buffer__epoll_fd(ring_.get()));
  if (duplicate < 0) co_return errno_failure("watch the event ring", errno);
  asio::posix::stream_descriptor ready(co_await asio::this_coro::executor, duplicate);
  while (true) {
    const auto [error] = co_await ready.async_wait(ready.wait_read, asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted) co_return Result<>();
    if (error) co_return errno_failure("wait for events", error.value());
    if (auto drained = drain(); !drained) co_return Failure(std::move(drained.error()));
  }
}

std::uint64_t Events::malformed() const { return reader_->malformed; }

}  // namespace sextant::datapath
