// What a subject lets each peer do, computed once for all that the same items concern.
#include "agent/policy/behaviours.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

class BehavioursTest : public testing::Test {
 protected:
  IdentityId identity(std::string_view app) {
    LabelSet labels;
    labels.put({.source = kK8s, .key = symbols_.intern("app"), .value = symbols_.intern(app)});
    return identities_.intern(labels);
  }
  Item allow(std::string_view app, std::uint16_t port) {
    Selector selector;
    selector.require(SelectorReader(symbols_, kNewestRelease).equals(kK8s, "app", app));
    return {.peers = std::make_shared<const Matcher>(std::vector{selector}, identities_),
            .protocol = Protocol::kTcp,
            .first_port = port,
            .last_port = port};
  }
  static Verdict verdict(const SharedCells& cells, std::uint16_t port) {
    return IntentRow{.cells = cells}.cell(Protocol::kTcp, port).verdict;
  }

  Symbols symbols_{};
  Identities identities_{};
  SubjectPolicy subject_{.applies = true, .default_deny = true};
};

TEST_F(BehavioursTest, AreSharedByPeersThatTheSameItemsConcern) {
  subject_.items = {allow("web", 80), allow("db", 5432)};
  Behaviours behaviours(subject_, kNewestRelease);
  const SharedCells web = behaviours.of({.id = identity("web")});
  const SharedCells cache = behaviours.of({.id = identity("cache")});
  EXPECT_EQ(verdict(web, 80), Verdict::kAllow);
  EXPECT_EQ(verdict(web, 5432), Verdict::kDeny);
  EXPECT_EQ(verdict(cache, 80), Verdict::kDeny);
  EXPECT_TRUE(behaviours.of({.id = identity("queue")}).shares_with(cache));
  EXPECT_EQ(behaviours.all().size(), 2u);
}

TEST_F(BehavioursTest, TellTheLocalHostFromOthers) {
  subject_.items = {allow("web", 80), {.host_only = true}};
  Behaviours behaviours(subject_, kNewestRelease);
  EXPECT_EQ(verdict(behaviours.of({.id = identity("x")}), 443), Verdict::kDeny);
  EXPECT_EQ(verdict(behaviours.of({.id = identity("x"), .local_host = true}), 443), Verdict::kAllow);
}

TEST_F(BehavioursTest, LookAtTheAggregateToo) {
  subject_.items = {allow("web", 80)};
  Behaviours behaviours(subject_, kNewestRelease);
  EXPECT_EQ(verdict(behaviours.of({.id = identity("x"), .aggregate = identity("web")}), 80), Verdict::kAllow);
  EXPECT_EQ(verdict(behaviours.of({.id = identity("x"), .stands_in = identity("web")}), 80), Verdict::kAllow);
}

TEST_F(BehavioursTest, AreUnknownWhereChanceDecidesWhoThePeerIs) {
  subject_.items = {allow("web", 80)};
  Behaviours behaviours(subject_, kNewestRelease);
  const SharedCells perhaps = behaviours.of({.id = identity("x"), .instead = {identity("web")}});
  EXPECT_EQ(verdict(perhaps, 80), Verdict::kUnknown);
  EXPECT_EQ(verdict(perhaps, 443), Verdict::kDeny);
  EXPECT_FALSE(behaviours.of({.id = identity("x")}).shares_with(perhaps));
}

TEST_F(BehavioursTest, KeepItemsBeyondTheFirst64Apart) {
  for (std::uint16_t i = 0; i < 130; ++i) subject_.items.push_back(allow(std::to_string(i), i));
  Behaviours behaviours(subject_, kNewestRelease);
  for (const std::uint16_t i : {0, 63, 64, 127, 128, 129}) {
    EXPECT_EQ(verdict(behaviours.of({.id = identity(std::to_string(i))}), i), Verdict::kAllow) << i;
    EXPECT_EQ(verdict(behaviours.of({.id = identity(std::to_string(i))}), 500), Verdict::kDeny) << i;
  }
  EXPECT_EQ(behaviours.all().size(), 6u);
}

}  // namespace
}  // namespace sextant::policy
