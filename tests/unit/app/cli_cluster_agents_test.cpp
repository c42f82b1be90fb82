#include "agent/app/cli/cluster/agents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sextant::app::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// As kube-apiserver lists them.
std::string pod(const std::string& name, const std::string& node, const std::string& phase,
                const std::string& containers = "[{}]", const std::string& more = "") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"sextant")" + more + R"(},"spec":{"nodeName":")" + node +
         R"(","containers":)" + containers + R"(},"status":{"phase":")" + phase + R"("}})";
}

std::string list(const std::string& items, const std::string& next = "") {
  return R"({"kind":"PodList","metadata":{"continue":")" + next + R"("},"items":[)" + items + "]}";
}

TEST(ReadPods, TakesThePodsThatRun) {
  const auto page = read_pods(list(pod("sextant-a", "n1", "Running"), "more"));
  ASSERT_TRUE(page) << page.error().what;
  ASSERT_EQ(page->running.size(), 1U);
  EXPECT_EQ(page->running[0].node, "n1");
  EXPECT_EQ(page->running[0].port, kAgentPort);
  EXPECT_FALSE(page->running[0].declares_port);
  EXPECT_EQ(page->next, "more");
}

TEST(ReadPods, TakesThePortThatIsCalledHttp) {
  const auto page = read_pods(list(
      pod("a", "n1", "Running", R"([{"ports":[{"name":"x","containerPort":1},{"name":"http","containerPort":99}]}])")));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->running.at(0).port, 99);
  EXPECT_TRUE(page->running.at(0).declares_port);
}

TEST(ReadPods, APortThatIsNoneIsNotTaken) {
  for (const char* port : {"0", "65536", "-1", "\"99\""}) {
    const auto page = read_pods(
        list(pod("a", "n1", "Running", R"([{"ports":[{"name":"http","containerPort":)" + std::string(port) + "}]}]")));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->running.at(0).port, kAgentPort) << port;
  }
}

TEST(ReadPods, NamesTheNodeWhosePodDoesNotRun) {
  const auto page = read_pods(list(pod("a", "n1", "Pending")));
  ASSERT_TRUE(page);
  EXPECT_THAT(page->running, IsEmpty());
  ASSERT_EQ(page->not_running.size(), 1U);
  EXPECT_EQ(page->not_running[0].node(), "n1");
  EXPECT_EQ(page->not_running[0].reason(), "pod sextant/a is Pending");
}

TEST(ReadPods, PassesOverWhatIsLeavingOrOnNoNode) {
  const auto page = read_pods(list(pod("a", "n1", "Running", "[]", R"(,"deletionTimestamp":"2026-11-21T08:00:00Z")") +
                                   "," + pod("b", "", "Pending")));
  ASSERT_TRUE(page);
  EXPECT_THAT(page->running, IsEmpty());
  EXPECT_THAT(page->not_running, IsEmpty());
}

TEST(ReadPods, RefusesWhatIsNoList) {
  for (const char* text : {"{}", "[]", "no JSON", R"({"items":3})"}) EXPECT_FALSE(read_pods(text)) << text;
  EXPECT_TRUE(read_pods(R"({"items":null})")) << "an empty list, as Go prints it";
}

TEST(ReadNames, TakesNames) {
  const auto page = read_names(R"({"metadata":{},"items":[{"metadata":{"name":"n1"}},{"metadata":{"name":"n2"}}]})");
  ASSERT_TRUE(page);
  EXPECT_THAT(page->names, ElementsAre("n1", "n2"));
  EXPECT_EQ(page->next, "");
}

TEST(NameBareNodes, NamesThoseThatNoPodIsOn) {
  Agents agents;
  agents.running.push_back({.node = "n1"});
  agents.silent.emplace_back().set_node("n2");
  name_bare_nodes(agents, {"n1", "n2", "n3"});
  ASSERT_EQ(agents.silent.size(), 2U);
  EXPECT_EQ(agents.silent[1].node(), "n3");
  EXPECT_THAT(agents.silent[1].reason(), HasSubstr("no pod of Sextant"));
}

TEST(Agent, IsReachedThroughTheProxyToItsPod) {
  const Agent agent{.node = "n1", .ns = "sextant", .pod = "sextant-x7k2p", .port = 9713};
  EXPECT_EQ(agent.proxy_path(), "/api/v1/namespaces/sextant/pods/http:sextant-x7k2p:9713/proxy");
}

}  // namespace
}  // namespace sextant::app::cli
