// WatchHub: hands what changed to everyone who watches, through a bounded queue for each.
//
// Thread: one; publish() never blocks and never waits for a watcher.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "agent/model/finding.h"
#include "agent/report/backend.h"
#include "agent/report/counters.h"
#include "agent/report/filter.h"

namespace sextant::report {

class WatchHub {
 public:
  using Event = std::shared_ptr<const std::string>;  // as it goes on the wire; shared by all watchers

  // One client's queue. Leaves the hub when destroyed.
  class Watcher {
   public:
    Watcher(WatchHub& hub, FindingFilter filter, std::function<void()> wake);
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    ~Watcher();

    // The oldest event not yet taken; nullptr when there is none.
    Event take();
    // Lagged too far behind: its queue is gone, and it is to be closed.
    bool lost() const { return lost_; }

   private:
    friend class WatchHub;
    void offer(const Event& event);

    WatchHub& hub_;
    FindingFilter filter_;
    std::function<void()> wake_;  // there is something to take, or it is lost
    std::deque<Event> queue_{};
    std::size_t queued_bytes_ = 0;
    bool lost_ = false;
  };

  WatchHub(std::size_t backlog_bytes, ServerCounters& counters) : backlog_bytes_(backlog_bytes), counters_(counters) {}

  void publish(const FindingChange& change);
  void publish(const StatusView& status);
  std::size_t watchers() const { return watchers_.size(); }

 private:
  std::size_t backlog_bytes_;
  ServerCounters& counters_;
  std::set<Watcher*> watchers_{};
};

}  // namespace sextant::report
