#include "agent/kube/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kube/fake_api.h"
#include "tests/unit/kube/kube_run.h"

namespace sextant::kube {
namespace {

using namespace std::chrono_literals;
using test::FakeApi;
using test::Fault;
using test::Request;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Resource cilium(std::string plural, std::vector<std::string> versions) {
  return {.kind = "C",
          .group = "cilium.io",
          .plural = std::move(plural),
          .versions = std::move(versions),
          .is_custom = true};
}

class CatalogueTest : public testing::Test {
 protected:
  // "v2"; "none" where it is not served; or the error.
  std::string version_of(const Resource& resource) {
    const auto found = test::result_of(io, catalogue.version_of(resource));
    return found ? found->value_or("none") : found.error().what;
  }
  std::vector<std::string> asked() const {
    std::vector<std::string> paths;
    for (const Request& request : server.requests()) paths.push_back(request.path);
    return paths;
  }
  void answer_with(const std::string& path, Fault fault) {
    server.set_fault([path, fault](const Request& request) {
      return request.path == path ? std::optional<Fault>(fault) : std::nullopt;
    });
  }

  boost::asio::io_context io{};
  FakeApi server{};
  Api api{server.connection()};
  Catalogue catalogue{io.get_executor(), api};
};

TEST_F(CatalogueTest, BuiltInKindsAreNotLookedUp) {
  EXPECT_EQ(version_of({.plural = "pods", .versions = {"v1"}}), "v1");
  EXPECT_THAT(server.requests(), testing::IsEmpty());
}

TEST_F(CatalogueTest, TheBestVersionThatIsServedIsTaken) {
  server.serve("/apis/cilium.io/v2alpha1/ciliumcidrgroups");
  EXPECT_EQ(version_of(cilium("ciliumcidrgroups", {"v2", "v2alpha1"})), "v2alpha1");
  server.serve("/apis/cilium.io/v2/ciliumcidrgroups");
  EXPECT_EQ(version_of(cilium("ciliumcidrgroups", {"v2", "v2alpha1"})), "v2alpha1") << "what it was told is kept";
  catalogue.invalidate();
  EXPECT_EQ(version_of(cilium("ciliumcidrgroups", {"v2", "v2alpha1"})), "v2");
}

TEST_F(CatalogueTest, AnyVersionThatIsServedWillDoWhereNoneIsNamed) {
  server.serve("/apis/cilium.io/v9/ciliumnodes");
  EXPECT_EQ(version_of(cilium("ciliumnodes", {})), "v9");
}

TEST_F(CatalogueTest, AGroupWithoutTheKindAndAKindWithoutItsGroupAreNotServed) {
  EXPECT_EQ(version_of(cilium("ciliumnodes", {"v2"})), "none");
  server.serve("/apis/cilium.io/v2/ciliumnodes");
  catalogue.invalidate();
  EXPECT_EQ(version_of(cilium("ciliumendpoints", {"v2"})), "none");
}

TEST_F(CatalogueTest, ManyKindsCostOneLookAtTheGroupsAndOneAtEachVersion) {
  server.serve("/apis/cilium.io/v2/ciliumnodes");
  server.serve("/apis/cilium.io/v2/ciliumendpoints");
  const std::vector<Resource> kinds{cilium("ciliumnodes", {"v2"}), cilium("ciliumendpoints", {"v2"}),
                                    cilium("ciliumidentities", {"v2"})};
  std::vector<std::string> found;
  for (const Resource& kind : kinds) {
    boost::asio::co_spawn(io, catalogue.version_of(kind), [&](std::exception_ptr, auto version) {
      found.push_back(version ? version->value_or("none") : version.error().what);
    });
  }
  ASSERT_TRUE(test::run_until(io, [&] { return found.size() == 3; }));
  EXPECT_THAT(found, testing::UnorderedElementsAre("v2", "v2", "none"));
  EXPECT_THAT(asked(), ElementsAre("/apis", "/apis/cilium.io/v2"));
  EXPECT_THAT(catalogue.requests(), ElementsAre(Pair(Pair("get", 200U), 2U)));
}

TEST_F(CatalogueTest, OnlyAListSaysThatAKindIsAbsent) {
  for (const auto& [fault, error] : std::vector<std::pair<Fault, std::string>>{
           {{.status = 404, .text = "404 page not found"}, "404: 404 page not found"},
           {{.status = 503, .text = "{}"}, "503"},
           {{.text = R"({"kind":"APIGroupList","groups":[]})"}, "/apis lists no groups"},
           {{.text = "<html>"}, "discovery: "},
           {{.body = Fault::Body::kReset}, "the server closed the connection"}}) {
    answer_with("/apis", fault);
    EXPECT_THAT(version_of(cilium("ciliumnodes", {"v2"})), HasSubstr(error));
  }
  server.serve("/apis/cilium.io/v2/ciliumnodes");
  answer_with("/apis/cilium.io/v2", {.status = 500, .text = "x"});
  EXPECT_THAT(version_of(cilium("ciliumnodes", {"v2"})), HasSubstr("discovery of cilium.io/v2: 500"));
  server.set_fault({});
  EXPECT_EQ(version_of(cilium("ciliumnodes", {"v2"})), "v2") << "nothing of a failure is kept";
  EXPECT_EQ(catalogue.requests().at({"get", 0}), 1U);
}

TEST_F(CatalogueTest, ThoseWhoWaitAreLetGoWhenItStops) {
  answer_with("/apis", {.body = Fault::Body::kNever});
  const Resource kind = cilium("ciliumnodes", {"v2"});
  int ended = 0;
  for (int i = 0; i < 3; ++i) {
    boost::asio::co_spawn(io, catalogue.version_of(kind), [&](std::exception_ptr, auto found) {
      EXPECT_FALSE(found);
      ++ended;
    });
  }
  test::run_for(io, 30ms);
  catalogue.stop();
  EXPECT_TRUE(test::run_until(io, [&] { return ended == 3; }));
}

}  // namespace
}  // namespace sextant::kube
