#include "agent/report/listener.h"

#include <filesystem>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace sextant::report {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sextant-listener-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~ListenerTest() override { std::filesystem::remove_all(folder); }
  std::string path(std::string name = "s.sock") const { return (folder / name).string(); }
  static mode_t mode_of(const std::string& path) {
    struct ::stat s{};
    return ::lstat(path.c_str(), &s) == 0 ? s.st_mode & 07777 : 0;
  }

  std::filesystem::path folder;
};

TEST_F(ListenerTest, AUnixSocketIsForItsOwnerAndGroup) {
  const mode_t before = ::umask(0);
  const Result<Listener> wide = listen_unix(path("wide"));
  ::umask(0777);
  const Result<Listener> narrow = listen_unix(path("narrow"));
  ::umask(before);
  ASSERT_TRUE(wide && narrow);
  EXPECT_EQ(mode_of(path("wide")), 0660U);
  EXPECT_EQ(mode_of(path("narrow")), 0660U);
  EXPECT_EQ(wide->name, "unix:" + path("wide"));
}

TEST_F(ListenerTest, MakesTheFolder) { EXPECT_TRUE(listen_unix(path("a/b/s.sock"))); }

TEST_F(ListenerTest, ReplacesADeadDaemonsSocketAndRefusesALivingOnes) {
  {
    // A daemon that dies leaves its file.
    const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  Result<Listener> first = listen_unix(path());
  ASSERT_TRUE(first) << first.error().what;
  const Result<Listener> second = listen_unix(path());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, HasSubstr("listen on unix:" + path() + ": another sextantd answers on it"));
  EXPECT_TRUE(std::filesystem::exists(path())) << "the second must not take the first one's file away";
}

TEST_F(ListenerTest, ALivingDaemonThatIsTooBusyToAcceptIsAlive) {
  const Result<Listener> busy = listen_unix(path());
  ASSERT_EQ(::listen(busy->fd.get(), 0), 0);
  std::vector<UniqueFd> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    static_cast<void>(::connect(waiting.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
  }
  const Result<Listener> second = listen_unix(path());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, HasSubstr("another sextantd"));
}

TEST_F(ListenerTest, TakesItsFileAwayUnlessItIsAnothersByNow) {
  std::optional<Result<Listener>> first = listen_unix(path());
  std::filesystem::rename(path(), path("old"));
  std::optional<Result<Listener>> second = listen_unix(path());
  ASSERT_TRUE(*first && *second);
  first.reset();
  EXPECT_TRUE(std::filesystem::exists(path()));
  second.reset();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(ListenerTest, DoesNotTouchWhatIsNoSocket) {
  std::filesystem::create_directory(path("folder"));
  ASSERT_EQ(::mknod(path("file").c_str(), S_IFREG | 0600, 0), 0);
  EXPECT_THAT(listen_unix(path("folder")).error().what, HasSubstr("no socket"));
  EXPECT_THAT(listen_unix(path("file")).error().what, HasSubstr("no socket"));
  EXPECT_TRUE(std::filesystem::exists(path("file")));
}

TEST_F(ListenerTest, APathMayHave107BytesAndNot108) {
  const std::string base = path("");
  EXPECT_TRUE(listen_unix(base + std::string(107 - base.size(), 's')));
  EXPECT_THAT(listen_unix(base + std::string(108 - base.size(), 's')).error().what,
              HasSubstr("1 to 107 bytes, not 108"));
}

TEST_F(ListenerTest, ATcpListenerSaysWhereItListens) {
  const Result<Listener> v6 = listen_tcp("[::1]:0", {});
  const Result<Listener> v4 = listen_tcp("127.0.0.1:0", {});
  ASSERT_TRUE(v6 && v4);
  EXPECT_THAT(v6->name, MatchesRegex("\\[::1\\]:[1-9][0-9]*"));
  EXPECT_THAT(v4->name, MatchesRegex("127.0.0.1:[1-9][0-9]*"));
  EXPECT_TRUE(v6->loopback && v4->loopback);
}

TEST_F(ListenerTest, APortInUseIsNamed) {
  const Result<Listener> first = listen_tcp("[::1]:0", {});
  const Result<Listener> second = listen_tcp(first->name, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().what, "listen on " + first->name + ": bind: Address already in use");
}

TEST_F(ListenerTest, RefusesWhatWouldAnswerTheInternetUnlessAllowed) {
  for (const char* address : {"[::]:0", "0.0.0.0:0", "[2001:db8::1]:0", "[2600::1]:0", "192.0.2.1:0", "8.8.8.8:0",
                              "172.32.0.1:0", "100.128.0.1:0", "[ff02::1]:0"}) {
    const Result<Listener> refused = listen_tcp(address, {});
    ASSERT_FALSE(refused) << address;
    EXPECT_THAT(refused.error().what, HasSubstr("would answer the internet")) << address;
  }
  EXPECT_TRUE(listen_tcp("[::]:0", {.from = std::vector<Prefix>{}})) << "its audience is bounded";
  const Result<Listener> allowed = listen_tcp("[::]:0", {.allow_public = true});
  ASSERT_TRUE(allowed);
  EXPECT_FALSE(allowed->loopback);
}

TEST_F(ListenerTest, KnowsWhichAddressesTheInternetCannotReach) {
  for (const char* address : {"::1", "127.0.0.53", "fe80::1", "169.254.1.1", "fd00::1", "10.1.2.3", "172.16.0.1",
                              "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255"}) {
    EXPECT_FALSE(answers_public(IpAddress::parse(address).value())) << address;
  }
}

TEST_F(ListenerTest, NamesWhatIsNoAddress) {
  for (const char* text : {"", "9713", ":9713", "localhost:9713", "::1:9713x", "::1:9713", "[::1]",
                           "[::1]:", "[::1]:65536", "[::1]:-1", "[127.0.0.1]:80", "[]:80", "[::1%lo]x:80"}) {
    const Result<Listener> listener = listen_tcp(text, {.allow_public = true});
    ASSERT_FALSE(listener) << text;
    EXPECT_THAT(listener.error().what, HasSubstr("no ADDRESS:PORT")) << text;
  }
  EXPECT_THAT(listen_tcp("[fe80::1%no-such-link]:0", {}).error().what, HasSubstr("no interface 'no-such-link'"));
}

}  // namespace
}  // namespace sextant::report
