// A network namespace of the test's own: the calling thread moves into it, and it dies when the thread moves back.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <ostream>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"

namespace sextant::net {

class OwnNamespace : public testing::Test {
 protected:
  void SetUp() override {
    home_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (::unshare(CLONE_NEWNET) != 0) {
      home_ = UniqueFd();
      GTEST_SKIP() << "cannot make a network namespace (needs root): " << std::strerror(errno);
    }
    ip("link set lo up");
  }
  void TearDown() override {
    if (!home_) return;
    ASSERT_EQ(::setns(home_.get(), CLONE_NEWNET), 0) << std::strerror(errno);
  }

  // Runs ip(8) with these arguments in the namespace.
  static void ip(const std::string& arguments) {
    ASSERT_EQ(std::system(("ip " + arguments).c_str()), 0) << "ip " << arguments;
  }
  // Runs ip(8) once for all the lines that `write` makes.
  static void ip_batch(const std::function<void(std::ostream&)>& write) {
    std::ostringstream lines;
    write(lines);
    FILE* pipe = ::popen("ip -batch -", "w");
    ASSERT_NE(pipe, nullptr);
    std::fputs(lines.str().c_str(), pipe);
    ASSERT_EQ(::pclose(pipe), 0);
  }
  // A veth pair whose first end is up and has an address; nothing answers at the other end.
  static void make_veth(const std::string& name, const std::string& address) {
    ip("link add " + name + " type veth peer name " + name + "-peer");
    ip("link set " + name + "-peer up addrgenmode none");
    ip("link set " + name + " up addrgenmode none");
    ip("address add " + address + " dev " + name + " nodad");
  }

 private:
  UniqueFd home_{};
};

}  // namespace sextant::net
