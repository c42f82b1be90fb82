#include "agent/app/cli/server_address.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sextant::app::cli {
namespace {

using testing::HasSubstr;

TEST(ServerAddress, IsASocketOrHttp) {
  EXPECT_EQ(server_from("unix:/run/s.sock").value().socket, "/run/s.sock");
  const auto v6 = server_from("http://[::1]:9713").value();
  EXPECT_EQ(v6.host, "::1");
  EXPECT_EQ(v6.port, 9713);
  EXPECT_EQ(server_from("http://127.0.0.1:80/").value().host, "127.0.0.1");
  EXPECT_EQ(server_from("http://localhost:9713").value().host, "localhost");
}

TEST(ServerAddress, PrintsAsItWasWritten) {
  for (const char* text : {"unix:/run/s.sock", "http://[2001:db8::1]:9713", "http://127.0.0.1:1"})
    EXPECT_EQ(server_from(text).value().to_string(), text);
  EXPECT_EQ(server_from("http://[::1]:9713").value().host_header(), "[::1]:9713");
  EXPECT_EQ(server_from("unix:/x").value().host_header(), "localhost");
}

TEST(ServerAddress, SaysWhatIsWrong) {
  const auto why = [](const char* text) { return server_from(text).error().what; };
  EXPECT_THAT(why("/run/s.sock"), HasSubstr("the scheme is missing"));
  EXPECT_THAT(why("https://[::1]:1"), HasSubstr("speaks no TLS"));
  EXPECT_THAT(why("unix:"), HasSubstr("the path is missing"));
  EXPECT_THAT(why("http://[::1]"), HasSubstr("the port is missing"));
  EXPECT_THAT(why("http://::1:9713"), HasSubstr("in brackets"));
  EXPECT_THAT(why("http://[::1]:0"), HasSubstr("from 1 to 65535"));
  EXPECT_THAT(why("http://[::1]:65536"), HasSubstr("from 1 to 65535"));
  EXPECT_THAT(why("http://[nope]:1"), HasSubstr("'nope' is no address"));
  EXPECT_THAT(why("http://:1"), HasSubstr("the address is missing"));
  EXPECT_THAT(why("http://node.example:1"), HasSubstr("'node.example' is no address"));
}

TEST(ServerAddress, HoldsTheLongestPathThatTheKernelTakes) {
  EXPECT_TRUE(server_from("unix:" + std::string(107, 'x')));
  EXPECT_FALSE(server_from("unix:" + std::string(108, 'x')));
}

}  // namespace
}  // namespace sextant::app::cli
