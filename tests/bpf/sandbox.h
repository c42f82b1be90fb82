// Network namespaces, cgroups and processes for tests; all of them are gone with the object that made them.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"

namespace sextant::test {

[[noreturn]] inline void fail(const std::string& doing) {
  throw std::runtime_error(doing + ": " + std::strerror(errno));
}

// A namespace without a name, kept by a descriptor.
class Netns {
 public:
  Netns() {
    std::thread([this] {
      if (::unshare(CLONE_NEWNET) != 0) return;
      fd_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    }).join();
    if (!fd_) fail("make a network namespace");
    run("ip link set lo up");
  }

  int fd() const { return fd_.get(); }
  std::string path() const { return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get()); }
  std::uint64_t inode() const {
    struct stat status{};
    return ::fstat(fd_.get(), &status) == 0 ? status.st_ino : 0;
  }

  // Runs `body` on a thread inside; sockets made there stay there.
  void in(const std::function<void()>& body) const {
    std::exception_ptr thrown;
    std::thread([&] {
      try {
        if (::setns(fd_.get(), CLONE_NEWNET) != 0) fail("enter a network namespace");
        body();
      } catch (...) {
        thrown = std::current_exception();
      }
    }).join();
    if (thrown) std::rethrow_exception(thrown);
  }

  // Runs a shell command inside; an exit status other than 0 throws.
  void run(const std::string& command) const {
    in([&] {
      if (const int status = std::system(command.c_str()); status != 0) throw std::runtime_error("failed: " + command);
    });
  }

 private:
  UniqueFd fd_{};
};

// Two namespaces joined by a veth pair: "far" is the internet, "near" the pod. Both have their address and a route.
struct Wire {
  Netns far{};
  Netns near{};
  std::string far_address;
  std::string near_address;

  Wire(std::string far_ip, std::string near_ip) : far_address(std::move(far_ip)), near_address(std::move(near_ip)) {
    far.run("ip link add w0 type veth peer name eth0 netns " + near.path());
    far.run("ip link set w0 up addrgenmode none && ip address add " + far_address + "/128 dev w0 nodad");
    near.run("ip link set eth0 up addrgenmode none && ip address add " + near_address + "/128 dev eth0 nodad");
    far.run("ip -6 route add default dev w0");
    near.run("ip -6 route add default dev eth0");
  }
};

inline sockaddr_in6 socket_address(const std::string& address, std::uint16_t port) {
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(port);
  if (::inet_pton(AF_INET6, address.c_str(), &to.sin6_addr) != 1) throw std::runtime_error("no address: " + address);
  return to;
}

// An IPv6 socket bound to `address` and `port`; TCP and SCTP sockets listen. Port 0: any.
inline UniqueFd bound_socket(int type, const std::string& address, std::uint16_t port, int protocol = 0) {
  UniqueFd fd(::socket(AF_INET6, type | SOCK_CLOEXEC, protocol));
  if (!fd) fail("make a socket");
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto local = socket_address(address, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) fail("bind " + address);
  if (type != SOCK_DGRAM && ::listen(fd.get(), 16) != 0) fail("listen on " + address);
  return fd;
}

inline std::uint16_t port_of(const UniqueFd& socket) {
  sockaddr_in6 local{};
  socklen_t size = sizeof local;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&local), &size) != 0) fail("getsockname");
  return ntohs(local.sin6_port);
}

// Tries to connect from the calling thread's namespace; 0 or errno (EINPROGRESS: no answer within `timeout_ms`).
inline int try_connect(const std::string& address, std::uint16_t port, int timeout_ms = 200) {
  const UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval timeout{.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  const auto to = socket_address(address, port);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? 0 : errno;
}

inline void send_datagram(const UniqueFd& socket, const std::string& address, std::uint16_t port) {
  const auto to = socket_address(address, port);
  if (::sendto(socket.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 1) fail("sendto");
}

// A datagram within half a second.
inline bool receives(const UniqueFd& socket) {
  const timeval timeout{.tv_sec = 0, .tv_usec = 500'000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  char byte = 0;
  return ::recv(socket.get(), &byte, 1, 0) == 1;
}

// A cgroup below the root of cgroup2, with the cgroups above it that were not there.
class TestCgroup {
 public:
  TestCgroup(std::string root, const std::string& path) : root_(std::move(root)) {
    std::string made;
    std::size_t at = 0;
    while (at != std::string::npos) {
      at = path.find('/', at + 1);
      made = root_ + path.substr(0, at);
      if (::mkdir(made.c_str(), 0755) == 0)
        made_.push_back(made);
      else if (errno != EEXIST)
        fail("mkdir " + made);
    }
    path_ = path;
  }
  TestCgroup(const TestCgroup&) = delete;
  TestCgroup& operator=(const TestCgroup&) = delete;
  ~TestCgroup() {
    for (auto made = made_.rbegin(); made != made_.rend(); ++made) {
      for (int i = 0; i < 100 && ::rmdir(made->c_str()) != 0 && errno == EBUSY; ++i) ::usleep(10'000);
    }
  }

  const std::string& path() const { return path_; }  // below the root
  std::string directory() const { return root_ + path_; }
  // Moves the calling process (from a child only: the sockets that it makes then are the cgroup's).
  void join() const {
    std::ofstream procs(directory() + "/cgroup.procs");
    procs << ::getpid() << std::flush;
    if (!procs) fail("join cgroup " + path_);
  }

 private:
  std::string root_;
  std::string path_{};
  std::vector<std::string> made_{};
};

// A process that runs `body`, then waits to be ended. The constructor returns when `body` has.
class Child {
 public:
  explicit Child(const std::function<void()>& body) {
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) fail("pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      try {
        body();
        if (::write(pipe[1], "r", 1) == 1) ::pause();
      } catch (const std::exception& error) {
        std::fprintf(stderr, "child: %s\n", error.what());
      }
      ::_exit(1);
    }
    ::close(pipe[1]);
    char ready = 0;
    const ssize_t got = ::read(pipe[0], &ready, 1);
    ::close(pipe[0]);
    if (got != 1) throw std::runtime_error("the child failed");
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(); }

  pid_t pid() const { return pid_; }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }

 private:
  pid_t pid_ = 0;
};

}  // namespace sextant::test
