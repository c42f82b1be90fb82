#include "agent/audit/texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/audit/stage.h"

namespace sextant::audit::testing {
namespace {

using ::testing::ElementsAre;

TEST(Texts, NamePortsAsPeopleDo) {
  EXPECT_EQ(texts::port(Protocol::kTcp, 5432), "5432/TCP");
  EXPECT_EQ(texts::port(Protocol::kIcmpv6, 128), "ICMPv6 type 128");
  EXPECT_EQ(texts::port(Protocol::kGre, 0), "GRE");
}

TEST(Texts, CallEverybodyTheInternet) {
  for (const char* name : {"world", "::/0", "2000::/3"}) EXPECT_EQ(texts::source({.name = name}), "the internet");
  EXPECT_EQ(texts::source({.name = "2001:db8:100::/48"}), "2001:db8:100::/48");
}

TEST(Texts, NameAPolicyOnceHoweverManyOfItsRules) {
  PolicyRef first = cnp("db");
  PolicyRef second = cnp("db");
  first.rule = "spec.ingress[0]";
  second.rule = "spec.ingress[1]";
  EXPECT_THAT(texts::distinct({first, second, cnp("web")}), ElementsAre(first, cnp("web")));
  EXPECT_EQ(texts::policies({first, second}), "CiliumNetworkPolicy shop/db");
  EXPECT_EQ(texts::policies({first, cnp("web"), cnp("x")}), "CiliumNetworkPolicy shop/db and 2 more");
  EXPECT_EQ(texts::policies({}), "");
}

TEST(Texts, ListAtMostSoMany) {
  EXPECT_EQ(texts::list({}, 2), "");
  EXPECT_EQ(texts::list({"a"}, 2), "a");
  EXPECT_EQ(texts::list({"a", "b"}, 2), "a and b");
  EXPECT_EQ(texts::list({"a", "b", "c"}, 3), "a, b and c");
  EXPECT_EQ(texts::list({"a", "b", "c"}, 2), "a, b and 1 more");
}

TEST(Texts, GiveDurationsInTheLargestWholeUnit) {
  EXPECT_EQ(texts::duration(seconds(90)), "90s");
  EXPECT_EQ(texts::duration(minutes(10)), "10m");
  EXPECT_EQ(texts::duration(hours(2)), "2h");
  EXPECT_EQ(texts::duration(seconds(0)), "0s");
}

TEST(Texts, SayWhatListens) {
  EXPECT_EQ(texts::listening(std::nullopt).verdict, std::nullopt);
  EXPECT_EQ(texts::listening(ListeningView{.verdict = Verdict::kDeny}).detail, "nothing listens there");
  EXPECT_EQ(texts::listening(ListeningView{.verdict = Verdict::kAllow}).detail, "the kernel itself listens");
  EXPECT_EQ(texts::listening(ListeningView{.verdict = Verdict::kAllow, .process = "sshd", .pid = 7}).detail,
            "sshd (pid 7) listens");
}

}  // namespace
}  // namespace sextant::audit::testing
