#include "agent/report/source_filter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "agent/base/c_ptr.h"

namespace sextant::report {
namespace {

constexpr int kConnectMs = 500;

std::vector<Prefix> prefixes(std::initializer_list<const char*> texts) {
  std::vector<Prefix> out;
  for (const char* text : texts) out.push_back(Prefix::parse(text).value());
  return out;
}

// 127.0.0.0/8 is all of the loopback, so any source in it can be tried without a namespace.
class SourceFilterTest : public testing::Test {
 protected:
  void listen(std::span<const Prefix> sources) {
    server = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in any = address("127.0.0.1", 0);
    ASSERT_EQ(::bind(server.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
    ASSERT_TRUE(hear_only(server.get(), AF_INET, sources));
    ASSERT_EQ(::listen(server.get(), 16), 0);
    socklen_t size = sizeof any;
    ASSERT_EQ(::getsockname(server.get(), reinterpret_cast<sockaddr*>(&any), &size), 0);
    port = ntohs(any.sin_port);
  }
  bool is_heard(const char* source) const {
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in from = address(source, 0);
    sockaddr_in to = address("127.0.0.1", port);
    EXPECT_EQ(::bind(client.get(), reinterpret_cast<sockaddr*>(&from), sizeof from), 0);
    if (::connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return true;
    pollfd done{.fd = client.get(), .events = POLLOUT, .revents = 0};
    return ::poll(&done, 1, kConnectMs) == 1 && (done.revents & POLLERR) == 0;
  }
  static sockaddr_in address(const char* text, std::uint16_t number) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(number);
    ::inet_pton(AF_INET, text, &out.sin_addr);
    return out;
  }

  UniqueFd server{};
  std::uint16_t port = 0;
};

TEST_F(SourceFilterTest, HearsThePrefixesAndNobodyElse) {
  listen(prefixes({"127.0.1.0/24", "127.7.7.7/32", "127.64.0.0/10"}));
  for (const char* heard : {"127.0.1.0", "127.0.1.255", "127.7.7.7", "127.64.0.1", "127.127.255.255"})
    EXPECT_TRUE(is_heard(heard)) << heard;
  for (const char* dropped : {"127.0.0.1", "127.0.2.0", "127.7.7.6", "127.63.255.255", "127.128.0.0"})
    EXPECT_FALSE(is_heard(dropped)) << dropped;
}

TEST_F(SourceFilterTest, WithoutPrefixesNobodyIsHeard) {
  listen({});
  EXPECT_FALSE(is_heard("127.0.0.1"));
}

TEST_F(SourceFilterTest, CanBeReplacedWhileItListens) {
  listen(prefixes({"127.0.1.0/24"}));
  ASSERT_TRUE(hear_only(server.get(), AF_INET, prefixes({"127.0.2.0/24"})));
  EXPECT_FALSE(is_heard("127.0.1.1"));
  EXPECT_TRUE(is_heard("127.0.2.1"));
}

TEST_F(SourceFilterTest, CanBeReplacedWithNoMoreThanTheCapabilitiesThatAreNeeded) {
  const UniqueFd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Capabilities all = effective_capabilities();
  const Capabilities needed = needed_to_hear_only();
  EXPECT_EQ(effective_capabilities(), all);
  if ((needed & ~all) != 0) GTEST_SKIP() << "this kernel wants CAP_NET_ADMIN for it";
  ASSERT_TRUE(set_effective_capabilities(needed));
  const auto put = hear_only(socket.get(), AF_INET6, prefixes({"2001:db8::/32"}));
  ASSERT_TRUE(set_effective_capabilities(all));
  EXPECT_TRUE(put) << put.error().what;
}

TEST_F(SourceFilterTest, TheOtherFamilyIsLeftOut) {
  listen(prefixes({"::/0"}));
  EXPECT_FALSE(is_heard("127.0.0.1"));
}

TEST_F(SourceFilterTest, AsManyPrefixesAsAreTakenFitTheKernelAndOneMoreIsLeftOut) {
  std::vector<Prefix> many(kMostSources, Prefix::parse("2001:db8::ffff:ffff/127").value());
  EXPECT_LE(source_filter(many, AF_INET6).size(), static_cast<std::size_t>(BPF_MAXINSNS));
  const UniqueFd v6(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_TRUE(hear_only(v6.get(), AF_INET6, many));
  const std::size_t at_limit = source_filter(many, AF_INET6).size();
  many.push_back(many.front());
  EXPECT_EQ(source_filter(many, AF_INET6).size(), at_limit);
}

TEST(SourceFilter, ComparesOnlyTheWordsThatAPrefixHas) {
  EXPECT_EQ(source_filter(prefixes({"2001:db8::/32"}), AF_INET6).size(), 2U + 1U + 1U);  // load, compare, hear, drop
  EXPECT_EQ(source_filter(prefixes({"2001:db8::/48"}), AF_INET6).size(), 5U + 1U + 1U);  // and a masked word
  EXPECT_EQ(source_filter(prefixes({"2001:db8::1/128"}), AF_INET6).size(), 8U + 1U + 1U);
  EXPECT_EQ(source_filter(prefixes({"::/0"}), AF_INET6).size(), 1U + 1U);
}

}  // namespace
}  // namespace sextant::report
