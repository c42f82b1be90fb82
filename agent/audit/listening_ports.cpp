#include "agent/audit/listening_ports.h"

#include <algorithm>

namespace sextant::audit {
namespace {

// Several sockets may share a port (SO_REUSEPORT): the oldest process stands for them.
void add(PortViews& views, const Listener& listener) {
  ListeningView view{.verdict = Verdict::kAllow, .process = listener.process, .pid = listener.pid};
  const auto [known, is_new] = views.try_emplace({listener.protocol, listener.port}, view);
  if (!is_new && view.pid < known->second.pid) known->second = std::move(view);
}

}  // namespace

bool hears_outside(const Listener& listener) {
  const IpAddress& address = listener.address;
  return !listener.v4_only && (address.is_unspecified() || !address.is_v4()) && !address.is_loopback() &&
         !address.is_link_local() && !address.is_multicast();
}

void ListeningPorts::replace(const ListenerPicture& picture) {
  known_ = true;
  pods_.clear();
  node_.clear();
  node_sockets_.clear();
  for (const Listener& listener : picture.listeners) {
    if (!hears_outside(listener)) continue;
    if (listener.host_netns) {
      add(node_, listener);
      node_sockets_[{listener.protocol, listener.port}].push_back(listener);
    } else if (listener.pod_uid) {
      add(pods_[*listener.pod_uid], listener);
    }
  }
  for (auto& [port, sockets] : node_sockets_) std::ranges::sort(sockets);
}

const PortViews& ListeningPorts::of_pod(std::string_view uid) const {
  static const PortViews kNothing;
  const auto views = pods_.find(uid);
  return views == pods_.end() ? kNothing : views->second;
}

}  // namespace sextant::audit
