// A NETLINK_ROUTE socket (libnl): asks for dumps, or listens to groups.
//
// Belongs to the network namespace of the thread that opens it. Thread: one.
#pragma once

#include <functional>
#include <initializer_list>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"

struct nl_sock;
struct nlmsghdr;
extern "C" void nl_socket_free(nl_sock*);

namespace sextant::net {

class Rtnetlink {
 public:
  using OnMessage = std::function<void(nlmsghdr*)>;

  // A socket for dumps.
  static Result<Rtnetlink> open();
  // A nonblocking socket that hears the groups (RTNLGRP_*) from now on.
  static Result<Rtnetlink> listen(std::initializer_list<int> groups);

  // Hands every message of the kernel's answer to `on_message`. `type` is RTM_GET...; `family` AF_*. A dump that the
  // kernel found inconsistent half-way (NLM_F_DUMP_INTR) is an error with code EAGAIN: its messages are to be
  // forgotten.
  Result<> dump(int type, int family, const OnMessage& on_message);

  // Hands over what has been heard so far. `lost`: the socket overflowed, so there was more than this.
  struct Heard {
    bool lost = false;
  };
  Result<Heard> receive(const OnMessage& on_message);

  int fd() const;

 private:
  using Socket = CPtr<nl_sock, nl_socket_free>;
  explicit Rtnetlink(Socket socket) : socket_(std::move(socket)) {}

  Socket socket_;
};

}  // namespace sextant::net
