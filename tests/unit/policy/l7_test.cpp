#include "agent/policy/l7.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::yaml;

struct Read {
  Redirect redirect{};
  std::optional<std::string> rejection{};
};

// `members`: what stands in the element of toPorts beside the port 80/TCP.
Read read(std::string_view members, Release release = kNewestRelease,
          std::string_view port = "{port: '80', protocol: TCP}") {
  const Document list = yaml("[{ports: [" + std::string(port) + "], " + std::string(members) + "}]");
  Report report;
  const auto rules = read_to_ports(list, Path("toPorts"), {.release = release}, report);
  return {rules.at(0).redirect, report.rejection()};
}

TEST(L7, RulesOfHttpRedirect) {
  const Read http = read("rules: {http: [{method: GET, path: /api/.*}]}");
  EXPECT_EQ(http.rejection, std::nullopt);
  EXPECT_EQ(http.redirect.parser, "http");
}

TEST(L7, EmptyRulesDoNotRedirect) {
  EXPECT_FALSE(read("rules: {http: []}").redirect.any());
  EXPECT_FALSE(read("rules: {}").redirect.any());
}

TEST(L7, ServerNamesAndTerminatedTlsRedirect) {
  EXPECT_EQ(read("serverNames: [example.com]").redirect.parser, "tls");
  EXPECT_EQ(read("terminatingTLS: {secret: {name: x}}").redirect.parser, "tls");
}

TEST(L7, RulesThatCiliumRefusesAreRefused) {
  for (const auto* members :
       {"rules: {dns: [{matchName: example.com}]}", "rules: {http: [{path: '('}]}",
        "rules: {http: [{headerMatches: [{value: x}]}]}", "listener: {envoyConfig: {name: x}, name: y}",
        "serverNames: [example.com], rules: {http: [{}]}", "serverNames: ['']", "rules: {http: [{path: 5}]}",
        "rules: []"}) {
    for (const Release release : test::kReleases) EXPECT_TRUE(read(members, release).rejection) << members;
  }
}

TEST(L7, RulesNeedTcpAndAPort) {
  constexpr auto kHttp = "rules: {http: [{}]}";
  EXPECT_TRUE(read(kHttp, kNewestRelease, "{port: '80', protocol: UDP}").rejection);
  EXPECT_TRUE(read(kHttp, kNewestRelease, "{port: '80', protocol: ANY}").rejection);
  EXPECT_TRUE(read(kHttp, kNewestRelease, "{port: '0', protocol: TCP}").rejection);
  EXPECT_FALSE(read(kHttp, kNewestRelease, "{port: web, protocol: TCP}").rejection);
}

TEST(L7, ProtocolsExcludeEachOther) {
  EXPECT_TRUE(read("rules: {http: [{}], kafka: [{topic: x}]}", Release::k1_19_3).rejection);
  EXPECT_TRUE(read("rules: {kafka: [{role: produce, apiKey: fetch}]}", Release::k1_19_3).rejection);
}

TEST(L7, RulesOfKafkaAreCheckedAsItsProtocolHasThem) {
  const auto refused = [](std::string_view rule) {
    return read("rules: {kafka: [{" + std::string(rule) + "}]}", Release::k1_19_3).rejection.has_value();
  };
  for (const auto* rule : {"apiKey: nonsense", "apiVersion: x", "apiVersion: '32768'", "topic: 'a b'", "role: both"}) {
    EXPECT_TRUE(refused(rule)) << rule;
  }
  EXPECT_TRUE(refused("topic: " + std::string(256, 't')));
  EXPECT_FALSE(refused("topic: " + std::string(255, 't')));
  EXPECT_FALSE(refused("apiKey: FETCH, apiVersion: '32767', topic: a.b_c-d, clientID: 'x y'"));
  EXPECT_FALSE(refused("role: Produce"));
}

TEST(L7, KafkaIsGoneIn120) {
  EXPECT_EQ(read("rules: {kafka: [{topic: x}]}", Release::k1_19_3).redirect.parser, "kafka");
  EXPECT_FALSE(read("rules: {kafka: [{topic: x}]}", Release::k1_20_2).redirect.any());
}

TEST(L7, AProtocolWithoutRulesRedirectsInSomeReleases) {
  EXPECT_FALSE(read("rules: {l7proto: x}", Release::k1_17_0).redirect.any());
  EXPECT_TRUE(read("rules: {l7proto: x}", Release::k1_18_6).redirect.any());
  EXPECT_TRUE(read("rules: {l7proto: x}", Release::k1_19_3).redirect.any());
  EXPECT_FALSE(read("rules: {l7proto: x}", Release::k1_20_2).redirect.any());
}

TEST(DnsMatch, AllowsNamesAndStarsInPatterns) {
  const auto rejected = [](std::string_view text) {
    const Document document = yaml(text);
    Report report;
    check_dns_match(document, Path("dns"), report);
    return report.rejected();
  };
  EXPECT_FALSE(rejected("{matchName: example.com}"));
  EXPECT_TRUE(rejected("{matchName: '*.example.com'}"));
  EXPECT_FALSE(rejected("{matchPattern: '*.example.com'}"));
  EXPECT_FALSE(rejected("{matchPattern: '" + std::string(255, 'a') + "'}"));
  EXPECT_TRUE(rejected("{matchPattern: '" + std::string(256, 'a') + "'}"));
}

}  // namespace
}  // namespace sextant::policy
