#include "agent/report/watch_hub.h"

#include <vector>

#include "agent/report/convert.h"
#include "agent/report/json.h"

namespace sextant::report {
namespace {

// https://html.spec.whatwg.org/multipage/server-sent-events.html: compact JSON holds no line break.
WatchHub::Event wire_form(const v1alpha1::WatchEvent& event) {
  return std::make_shared<const std::string>("event: " + event.type() + "\ndata: " + to_json(event) + "\n\n");
}

}  // namespace

WatchHub::Watcher::Watcher(WatchHub& hub, FindingFilter filter, std::function<void()> wake)
    : hub_(hub), filter_(std::move(filter)), wake_(std::move(wake)) {
  hub_.watchers_.insert(this);
  hub_.counters_.watchers = hub_.watchers_.size();
}

WatchHub::Watcher::~Watcher() {
  hub_.watchers_.erase(this);
  hub_.counters_.watchers = hub_.watchers_.size();
}

WatchHub::Event WatchHub::Watcher::take() {
  if (queue_.empty()) return nullptr;
  Event out = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= out->size();
  return out;
}

void WatchHub::Watcher::offer(const Event& event) {
  if (lost_) return;
  if (queued_bytes_ + event->size() > hub_.backlog_bytes_) {
    lost_ = true;
    queue_.clear();
    queued_bytes_ = 0;
    ++hub_.counters_.watchers_dropped;
  } else {
    queue_.push_back(event);
    queued_bytes_ += event->size();
  }
  wake_();
}

void WatchHub::publish(const FindingChange& change) {
  Event event;
  for (Watcher* watcher : watchers_) {
    if (!watcher->filter_.concerns(change.finding)) continue;
    if (!event) event = wire_form(to_message(change));
    watcher->offer(event);
  }
}

void WatchHub::publish(const StatusView& status) {
  if (watchers_.empty()) return;
  v1alpha1::WatchEvent message;
  message.set_type("status");
  *message.mutable_status() = to_message(status);
  const Event event = wire_form(message);
  for (Watcher* watcher : watchers_) watcher->offer(event);
}

}  // namespace sextant::report
