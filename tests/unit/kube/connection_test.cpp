#include "agent/kube/connection.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kube/temp_files.h"

namespace sextant::kube {
namespace {

using test::TempFiles;
using testing::HasSubstr;
using testing::StartsWith;

class InCluster : public testing::Test {
 protected:
  InCluster() {
    ::setenv("KUBERNETES_SERVICE_HOST", "fd00:10:96::1", 1);
    ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    files.write("ca.crt", "CA");
    files.write("token", "secret\n");
  }
  ~InCluster() override {
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    ::unsetenv("KUBERNETES_SERVICE_PORT");
  }
  TempFiles files{};
};

TEST_F(InCluster, TakesTheServiceAccountsFiles) {
  const auto connection = in_cluster(files.path());
  ASSERT_TRUE(connection) << connection.error().what;
  EXPECT_EQ(connection->authority(), "[fd00:10:96::1]:443") << "an IPv6 host is bracketed";
  EXPECT_EQ(connection->verified_name(), "fd00:10:96::1");
  EXPECT_EQ(connection->ca.read().value(), "CA");
  EXPECT_EQ(connection->token.file, files.path() / "token");
}

TEST_F(InCluster, SaysWhatIsMissing) {
  files.write("token", "");
  EXPECT_THAT(in_cluster(files.path()).error().what, HasSubstr("token is empty"));
  EXPECT_THAT(in_cluster("/nowhere").error().what, StartsWith("service account: read /nowhere/ca.crt: No such file"));
  ::setenv("KUBERNETES_SERVICE_PORT", "70000", 1);
  EXPECT_EQ(in_cluster(files.path()).error().what, "KUBERNETES_SERVICE_PORT: '70000' is no port");
  ::unsetenv("KUBERNETES_SERVICE_PORT");
  EXPECT_THAT(in_cluster(files.path()).error().what, StartsWith("not in a cluster: "));
}

TEST(ParseServer, KnowsNamesAddressesAndPaths) {
  EXPECT_EQ(parse_server("https://api.example.org")->authority(), "api.example.org:443");
  EXPECT_EQ(parse_server("https://[2001:db8::1]:6443")->authority(), "[2001:db8::1]:6443");
  EXPECT_EQ(parse_server("https://192.0.2.1:6443/")->authority(), "192.0.2.1:6443");
  const auto behind = parse_server("https://rancher.example.org/k8s/clusters/c-1/");
  EXPECT_EQ(behind->base_path, "/k8s/clusters/c-1");
}

TEST(ParseServer, RefusesWhatIsNotVerifiedOrNotThere) {
  EXPECT_THAT(parse_server("http://api.example.org").error().what, HasSubstr("https:// is wanted"));
  for (const char* url :
       {"https://", "https://2001:db8::1", "https://[2001:db8::1", "https://[192.0.2.1]", "https://a:0",
        "https://a:65536", "https://a:x", "https://a/b?c", "https://a b", "https://[::1]x"})
    EXPECT_FALSE(parse_server(url)) << url;
}

TEST(Material, IsReadAnewEachTimeAndBounded) {
  TempFiles files;
  files.write("token", "a");
  const Material material{.file = files.path() / "token"};
  EXPECT_EQ(material.read().value(), "a");
  files.write("token", std::string(1U << 20U, 'b'));
  EXPECT_EQ(material.read().value().size(), 1U << 20U);
  files.write("token", std::string((1U << 20U) + 1, 'b'));
  EXPECT_THAT(material.read().error().what, HasSubstr("larger than 1 MiB"));
  EXPECT_EQ(Material{.text = "given"}.read().value(), "given");
  EXPECT_FALSE(Material{}.is_given());
}

}  // namespace
}  // namespace sextant::kube
