// read_kubeconfig (agent/kube/kubeconfig.cpp).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/kube/connection.h"
#include "tests/unit/kube/temp_files.h"

namespace sextant::kube {
namespace {

using test::TempFiles;
using testing::HasSubstr;

class Kubeconfig : public testing::Test {
 protected:
  Result<Connection> read(const std::string& cluster, const std::string& user) {
    return read_kubeconfig(files.write("config",
                                       "apiVersion: v1\nkind: Config\ncurrent-context: home\ncontexts:\n"
                                       "- {name: other, context: {cluster: c2, user: u2}}\n"
                                       "- {name: home, context: {cluster: c, user: u, namespace: x}}\n"
                                       "clusters: [{name: c, cluster: {" +
                                           cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n"));
  }
  std::string refusal(const std::string& cluster, const std::string& user) { return read(cluster, user).error().what; }

  TempFiles files{};
  const std::string server = "server: 'https://[2001:db8::1]:6443'";
};

TEST_F(Kubeconfig, ReadsTheCurrentContext) {
  const auto connection =
      read(server + ", certificate-authority: pki/ca.crt, tls-server-name: kubernetes", "token: secret");
  ASSERT_TRUE(connection) << connection.error().what;
  EXPECT_EQ(connection->authority(), "[2001:db8::1]:6443");
  EXPECT_EQ(connection->verified_name(), "kubernetes");
  EXPECT_EQ(connection->ca.file, files.path() / "pki/ca.crt") << "relative to the file";
  EXPECT_EQ(connection->token.text, "secret");
}

TEST_F(Kubeconfig, DataCountsBeforeFilesAndATokenFileBeforeAToken) {
  const auto connection = read(server + ", certificate-authority: a, certificate-authority-data: Q0EK",
                               "client-certificate-data: Q0VSVA==, client-key: /k, token: old, tokenFile: /new");
  ASSERT_TRUE(connection) << connection.error().what;
  EXPECT_EQ(connection->ca.text, "CA\n");
  EXPECT_EQ(connection->client_certificate.text, "CERT");
  EXPECT_EQ(connection->client_key.file, "/k");
  EXPECT_EQ(connection->token.text, "");
  EXPECT_EQ(connection->token.file, "/new");
}

TEST_F(Kubeconfig, WithoutCaTheSystemsIsMeant) { EXPECT_FALSE(read(server, "token: x")->ca.is_given()); }

TEST_F(Kubeconfig, WhatRunsAnotherProgramIsRefusedByName) {
  EXPECT_THAT(refusal(server, "exec: {command: aws-iam-authenticator, apiVersion: x}"),
              HasSubstr("user 'u': exec plugin 'aws-iam-authenticator' is not supported"));
  EXPECT_THAT(refusal(server, "auth-provider: {name: gcp}"), HasSubstr("auth provider 'gcp' is not supported"));
}

TEST_F(Kubeconfig, WhatIsNotVerifiedIsRefused) {
  EXPECT_THAT(refusal(server + ", insecure-skip-tls-verify: true", "token: x"), HasSubstr("insecure-skip-tls-verify"));
  EXPECT_TRUE(read(server + ", insecure-skip-tls-verify: false", "token: x"));
  EXPECT_THAT(refusal("server: 'http://a'", "token: x"), HasSubstr("https:// is wanted"));
}

TEST_F(Kubeconfig, RefusesWhatItWouldNotDo) {
  EXPECT_THAT(refusal(server + ", proxy-url: 'http://p'", "token: x"), HasSubstr("proxy-url is not supported"));
  EXPECT_THAT(refusal(server, "username: a, password: b"), HasSubstr("username and password are not supported"));
  EXPECT_THAT(refusal(server, "token: x, as: admin"), HasSubstr("impersonation is not supported"));
  EXPECT_THAT(refusal(server, "client-certificate: a"),
              HasSubstr("client-certificate and client-key are wanted together"));
  EXPECT_THAT(refusal(server + ", certificate-authority-data: '***'", "token: x"), HasSubstr("no base64"));
}

TEST_F(Kubeconfig, SaysWhatItDoesNotFind) {
  const auto text = [&](const std::string& yaml) { return read_kubeconfig(files.write("config", yaml)).error().what; };
  EXPECT_THAT(text("{}"), HasSubstr("current-context is missing"));
  EXPECT_THAT(text("current-context: x"), HasSubstr("there is no context 'x'"));
  EXPECT_THAT(text("{current-context: x, contexts: [{name: x, context: {cluster: c}}]}"),
              HasSubstr("there is no cluster 'c'"));
  EXPECT_THAT(text("- a"), HasSubstr("is no map"));
  EXPECT_THAT(text("a: ["), HasSubstr("kubeconfig "));
  EXPECT_THAT(read_kubeconfig("/nowhere").error().what, HasSubstr("No such file"));
}

TEST_F(Kubeconfig, OfSeveralFilesTheFirstThatSaysSomethingCounts) {
  const auto first = files.write("first", "current-context: home\nusers: [{name: u, user: {token: first}}]\n");
  const auto second = files.write("second",
                                  "current-context: away\ncontexts: [{name: home, context: {cluster: c, user: u}}]\n"
                                  "users: [{name: u, user: {token: second}}]\n"
                                  "clusters: [{name: c, cluster: {certificate-authority: ca.crt, " +
                                      server + "}}]\n");
  const auto connection = read_kubeconfig(KubeconfigFiles{.files = {first, second}});
  ASSERT_TRUE(connection) << connection.error().what;
  EXPECT_EQ(connection->token.text, "first");
  EXPECT_EQ(connection->ca.file, files.path() / "ca.crt") << "relative to the file that says so";
}

TEST_F(Kubeconfig, AContextThatIsNamedCountsBeforeTheCurrentOne) {
  const auto file = files.write("config",
                                "current-context: a\ncontexts: [{name: b, context: {cluster: c, user: u}}]\n"
                                "users: [{name: u, user: {token: x}}]\nclusters: [{name: c, cluster: {" +
                                    server + "}}]\n");
  EXPECT_TRUE(read_kubeconfig(KubeconfigFiles{.files = {file}, .context = "b"}));
  EXPECT_THAT(read_kubeconfig(KubeconfigFiles{.files = {file}, .context = "z"}).error().what,
              HasSubstr("there is no context 'z'"));
}

TEST_F(Kubeconfig, FilesOfAListMayBeMissingButNotAllOfThem) {
  const auto file = files.write("config",
                                "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n"
                                "clusters: [{name: c, cluster: {" +
                                    server + "}}]\n");
  EXPECT_TRUE(read_kubeconfig(KubeconfigFiles{.files = {"/nowhere", file}, .may_be_missing = true}));
  EXPECT_THAT(read_kubeconfig(KubeconfigFiles{.files = {"/nowhere", file}}).error().what, HasSubstr("/nowhere"));
  EXPECT_THAT(read_kubeconfig(KubeconfigFiles{.files = {"/nowhere"}, .may_be_missing = true}).error().what,
              HasSubstr("/nowhere: No such file"));
  EXPECT_THAT(read_kubeconfig(KubeconfigFiles{}).error().what, HasSubstr("none is named"));
}

TEST(PersonalKubeconfig, IsTheOneGivenElseThoseOfTheVariableElseTheHomes) {
  using Paths = std::vector<std::filesystem::path>;
  EXPECT_EQ(personal_kubeconfig("/given", "/a:/b", "/home/me").files, Paths{"/given"});
  EXPECT_FALSE(personal_kubeconfig("/given", "/a:/b", "/home/me").may_be_missing);
  EXPECT_EQ(personal_kubeconfig({}, ":/a::/b:", "/home/me").files, (Paths{"/a", "/b"}));
  EXPECT_EQ(personal_kubeconfig({}, "", "/home/me").files, Paths{"/home/me/.kube/config"});
  EXPECT_EQ(personal_kubeconfig({}, nullptr, nullptr).files, Paths{});
}

}  // namespace
}  // namespace sextant::kube
