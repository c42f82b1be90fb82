#include "agent/report/target.h"

#include <gmock/gmock.h>

namespace sextant::report {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Target, IsAPathAndItsParameters) {
  const Target target =
      parse_target("/api/v1alpha1/findings?code=SXT001&all&since=2026-11-21T08:00:00+01:00&a=b=c&&").value();
  EXPECT_EQ(target.path, "/api/v1alpha1/findings");
  EXPECT_THAT(target.parameters, ElementsAre(Pair("code", "SXT001"), Pair("all", ""),
                                             Pair("since", "2026-11-21T08:00:00+01:00"), Pair("a", "b=c")));
}

TEST(Target, IsDecoded) {
  const Target target = parse_target("/a%2Fb%c3%a9?endpoint=shop%2fdb%26x").value();
  EXPECT_EQ(target.path, "/a/b\xc3\xa9");
  EXPECT_THAT(target.parameters, ElementsAre(Pair("endpoint", "shop/db&x")));
}

TEST(Target, TakesTheAbsoluteForm) {
  EXPECT_EQ(parse_target("http://[::1]:9713/livez?x=1")->path, "/livez");
  EXPECT_EQ(parse_target("http://localhost")->path, "/");
  EXPECT_THAT(parse_target("/")->parameters, IsEmpty());
}

TEST(Target, RefusesWhatIsNoPath) {
  for (const char* text :
       {"", "*", "livez", "https://a/", "http://a?b", "/%", "/%4", "/%zz", "/%00", "/a?b=%0a", "/\x7f", "/a?%=1"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

TEST(Target, AHostIsLocalhostAnAddressOrConfigured) {
  const std::vector<std::string> names{"sextant.example"};
  for (const char* host : {"", "localhost", "LOCALHOST:9713", "127.0.0.1", "127.0.0.1:9713", "[::1]", "[::1]:9713",
                           "[fe80::1%eth0]:80", "sextant.example:9713", "Sextant.Example"}) {
    EXPECT_TRUE(host_allowed(host, names)) << host;
  }
  for (const char* host : {"evil.example", "localhost.evil.example", "evil.example:9713", "[evil]", "[::1",
                           "127.0.0.1.evil", "x.sextant.example"}) {
    EXPECT_FALSE(host_allowed(host, names)) << host;
  }
}

}  // namespace
}  // namespace sextant::report
