#include "agent/net/network_source.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "agent/net/messages.h"
#include "agent/net/rtnetlink.h"

namespace sextant::net {
namespace {

namespace asio = boost::asio;
constexpr auto kWait = asio::as_tuple(asio::use_awaitable);

// A burst (a CNI sets up a pod with half a dozen messages) makes one picture.
constexpr std::chrono::milliseconds kCoalesce{100};
// An interrupted dump succeeds at once on a quiet node; a node that is never quiet gets a pause between tries.
constexpr int kDumpTries = 8;
constexpr std::chrono::milliseconds kDumpPause{500};
// A group of next hops may hold groups no deeper than this (the kernel allows one level).
constexpr int kMaxNextHopDepth = 4;

using NextHops = std::map<std::uint32_t, WaysOut>;

void collect_links(const WaysOut& out, const NextHops& nexthops, int depth, std::set<int>& links) {
  links.insert(out.links.begin(), out.links.end());
  if (depth == 0) return;
  for (const std::uint32_t id : out.nexthops) {
    if (const auto found = nexthops.find(id); found != nexthops.end()) {
      collect_links(found->second, nexthops, depth - 1, links);
    }
  }
}

// The interfaces that the internet lies behind.
Result<std::set<int>> dump_default_links(Rtnetlink& rtnetlink) {
  WaysOut out;
  auto routes = rtnetlink.dump(RTM_GETROUTE, AF_INET6, [&](nlmsghdr* message) {
    if (const auto route = parse_public_route(message)) {
      out.links.insert(out.links.end(), route->links.begin(), route->links.end());
      out.nexthops.insert(out.nexthops.end(), route->nexthops.begin(), route->nexthops.end());
    }
  });
  if (!routes) return because("routes", routes.error());

  NextHops nexthops;
  if (!out.nexthops.empty()) {
    auto hops = rtnetlink.dump(RTM_GETNEXTHOP, AF_UNSPEC, [&](nlmsghdr* message) {
      if (auto hop = parse_nexthop(message)) nexthops.insert_or_assign(hop->id, std::move(hop->out));
    });
    if (!hops) return because("next hops", hops.error());
  }
  std::set<int> links;
  collect_links(out, nexthops, kMaxNextHopDepth, links);
  return links;
}

Result<NetworkPicture> dump_picture(Rtnetlink& rtnetlink, const Config& config) {
  NetworkPicture picture;
  auto links = rtnetlink.dump(RTM_GETLINK, AF_UNSPEC, [&](nlmsghdr* message) {
    if (auto link = parse_link(message)) picture.links.push_back(*std::move(link));
  });
  if (!links) return because("links", links.error());
  auto addresses = rtnetlink.dump(RTM_GETADDR, AF_UNSPEC, [&](nlmsghdr* message) {
    if (const auto address = parse_address(message)) picture.addresses.push_back(*address);
  });
  if (!addresses) return because("addresses", addresses.error());

  std::set<int> by_route;
  if (config.uplinks.empty()) {
    auto found = dump_default_links(rtnetlink);
    if (!found) return Failure(found.error());
    by_route = *std::move(found);
  }
  std::set<std::string> missing(config.uplinks.begin(), config.uplinks.end());
  for (Link& link : picture.links) {
    const bool named = std::ranges::find(config.uplinks, link.name) != config.uplinks.end();
    link.is_uplink = named || by_route.contains(link.index);
    missing.erase(link.name);
  }
  picture.missing_uplinks.assign(missing.begin(), missing.end());
  std::ranges::sort(picture.links);
  std::ranges::sort(picture.addresses);
  return picture;
}

// EAGAIN: the network changed under the dump. ENOBUFS: its answer did not fit the socket.
bool worth_another_try(const Error& error) { return error.code == EAGAIN || error.code == ENOBUFS; }

}  // namespace

struct NetworkSource::State {
  Config config;
  Sink sink;
  Rtnetlink questions;
  Rtnetlink news;

  Result<NetworkPicture> picture() {
    for (int tries = 1;; ++tries) {
      auto picture = dump_picture(questions, config);
      if (picture || tries == kDumpTries || !worth_another_try(picture.error())) return picture;
    }
  }
};

NetworkSource::NetworkSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
NetworkSource::NetworkSource(NetworkSource&&) noexcept = default;
NetworkSource::~NetworkSource() = default;

Result<NetworkSource> NetworkSource::open(Config config, Sink sink) {
  // Listening comes first, so that nothing happens unheard between the first dump and the first message.
  auto news =
      Rtnetlink::listen({RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEXTHOP});
  if (!news) return because("watch the network", news.error());
  auto questions = Rtnetlink::open();
  if (!questions) return because("watch the network", questions.error());
  return NetworkSource(
      std::make_unique<State>(State{std::move(config), std::move(sink), *std::move(questions), *std::move(news)}));
}

Result<NetworkPicture> NetworkSource::picture() {
  auto picture = state_->picture();
  if (!picture) return because("read the network", picture.error());
  return picture;
}

asio::awaitable<Result<>> NetworkSource::run() {
  // dup: the descriptor closes what it holds, and libnl owns the original.
  UniqueFd copy(::dup(state_->news.fd()));
  if (!copy) co_return errno_failure("watch the network: dup", errno);
  asio::posix::stream_descriptor ready(co_await asio::this_coro::executor, copy.release());
  asio::steady_timer timer(ready.get_executor());

  std::optional<NetworkPicture> told;
  for (bool changed = true;;) {
    if (changed) {
      auto picture = state_->picture();
      if (!picture && !worth_another_try(picture.error())) co_return because("watch the network", picture.error());
      if (picture && told != *picture) {
        told = *std::move(picture);
        state_->sink(*told);
      } else if (!picture) {
        timer.expires_after(kDumpPause);
        if (const auto [error] = co_await timer.async_wait(kWait); error) co_return Result<>();
        continue;
      }
    }
    if (const auto [error] = co_await ready.async_wait(ready.wait_read, kWait); error) {
      if (error == asio::error::operation_aborted) co_return Result<>();
      co_return failure("watch the network: wait: " + error.message(), error.value());
    }
    changed = false;
    const auto notice = [&](nlmsghdr* message) { changed = changed || concerns_picture(message); };
    auto heard = state_->news.receive(notice);
    if (heard && (changed || heard->lost)) {
      changed = true;
      timer.expires_after(kCoalesce);
      if (const auto [error] = co_await timer.async_wait(kWait); error) co_return Result<>();
      heard = state_->news.receive(notice);
    }
    if (!heard) co_return because("watch the network", heard.error());
  }
}

}  // namespace sextant::net
