#include "agent/net/rtnetlink.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

namespace sextant::net {
namespace {

// libnl has error numbers of its own; those that we act on get their errno back.
Failure libnl_failure(const std::string& doing, int err) {
  const int number = err < 0 ? -err : err;
  const int code = number == NLE_DUMP_INTR ? EAGAIN : number == NLE_PERM ? EPERM : number == NLE_NOMEM ? ENOBUFS : 0;
  return failure(doing + ": " + nl_geterror(number), code);
}

extern "C" int on_valid_message(nl_msg* message, void* context) noexcept {
  (*static_cast<const Rtnetlink::OnMessage*>(context))(nlmsg_hdr(message));
  return NL_OK;
}

// The kernel checks that a request has the header that belongs to its type.
std::size_t request_header(int type) {
  switch (type) {
    case RTM_GETLINK:
      return sizeof(ifinfomsg);
    case RTM_GETADDR:
      return sizeof(ifaddrmsg);
    case RTM_GETNEXTHOP:
      return sizeof(nhmsg);
    default:
      return sizeof(rtmsg);
  }
}

}  // namespace

Result<Rtnetlink> Rtnetlink::open() {
  Socket socket(nl_socket_alloc());
  if (!socket) return errno_failure("allocate a netlink socket", ENOMEM);
  if (const int err = nl_connect(socket.get(), NETLINK_ROUTE); err < 0) return libnl_failure("open rtnetlink", err);
  return Rtnetlink(std::move(socket));
}

Result<Rtnetlink> Rtnetlink::listen(std::initializer_list<int> groups) {
  auto opened = open();
  if (!opened) return opened;
  nl_sock* socket = opened->socket_.get();
  nl_socket_disable_seq_check(socket);  // what the kernel tells of itself has no sequence
  for (const int group : groups) {
    if (const int err = nl_socket_add_memberships(socket, group, 0); err < 0) {
      return libnl_failure("listen to rtnetlink group " + std::to_string(group), err);
    }
  }
  if (const int err = nl_socket_set_nonblocking(socket); err < 0) return libnl_failure("open rtnetlink", err);
  return opened;
}

Result<> Rtnetlink::dump(int type, int family, const OnMessage& on_message) {
  // The family is the first byte of every one of these headers (struct rtgenmsg); the rest is zero: no filter.
  std::vector<unsigned char> header(request_header(type), 0);
  header[0] = static_cast<unsigned char>(family);
  const std::string doing = "dump rtnetlink " + std::to_string(type);
  int err = nl_send_simple(socket_.get(), type, NLM_F_DUMP, header.data(), header.size());
  if (err < 0) return libnl_failure(doing, err);

  // libnl takes a plain pointer and gives it back as const: see on_valid_message.
  auto* context = const_cast<OnMessage*>(&on_message);
  nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, on_valid_message, context);
  err = nl_recvmsgs_default(socket_.get());
  nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_DEFAULT, nullptr, nullptr);
  if (err < 0) return libnl_failure(doing, err);
  return {};
}

Result<Rtnetlink::Heard> Rtnetlink::receive(const OnMessage& on_message) {
  Heard heard;
  auto* context = const_cast<OnMessage*>(&on_message);
  nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, on_valid_message, context);
  int err = 0;
  for (;;) {
    err = nl_recvmsgs_default(socket_.get());
    if (err == -NLE_NOMEM) {  // ENOBUFS, told once for each overflow
      heard.lost = true;
      continue;
    }
    if (err < 0) break;
  }
  nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_DEFAULT, nullptr, nullptr);
  if (err != -NLE_AGAIN) return libnl_failure("read rtnetlink", err);
  return heard;
}

int Rtnetlink::fd() const { return nl_socket_get_fd(socket_.get()); }

}  // namespace sextant::net
