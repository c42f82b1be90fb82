#include "agent/kube/resource.h"

#include <set>

#include <gtest/gtest.h>

namespace sextant::kube {
namespace {

TEST(Resource, HasThePathsOfTheApi) {
  const auto all = model_resources("n1");
  std::set<std::string> titles;
  for (const Resource& resource : all) titles.insert(resource.title);
  EXPECT_EQ(titles.size(), all.size()) << "titles are unique";
  EXPECT_EQ(path_of(all.at(0), "v1"), "/api/v1/namespaces");
  EXPECT_EQ(path_of(all.back(), "v2alpha1"), "/apis/cilium.io/v2alpha1/ciliumloadbalancerippools");
  EXPECT_EQ(api_version_of(all.back(), "v2"), "cilium.io/v2");
  EXPECT_EQ(api_version_of(all.at(0), "v1"), "v1");
  EXPECT_EQ(path_of(cilium_config(), "v1"), "/api/v1/namespaces/kube-system/configmaps");
}

TEST(Resource, PodsAreAskedForByNode) {
  const auto all = model_resources("n1");
  EXPECT_EQ(all.at(2).field_selector, "spec.nodeName%3Dn1");
  EXPECT_EQ(all.at(3).field_selector,
            "spec.nodeName%21%3Dn1%2Cspec.nodeName%21%3D%2Cstatus.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed");
}

TEST(Resource, OfPeersOnlyWhatAPolicySeesIsKept) {
  const std::vector<Resource> all = model_resources("n1");
  const FieldTree& fields = all.at(3).fields;
  EXPECT_NE(fields.member("metadata")->member("labels"), nullptr);
  EXPECT_EQ(fields.member("metadata")->member("annotations"), nullptr);
  EXPECT_EQ(fields.member("spec")->member("containers"), nullptr);
}

TEST(Resource, OfPoliciesWhatWasAppliedIsNotKeptTwice) {
  for (const Resource& resource : model_resources("n1")) {
    if (resource.kind != "CiliumNetworkPolicy") continue;
    EXPECT_EQ(resource.fields.member("status"), nullptr);
    EXPECT_EQ(resource.fields.member("metadata")->member("managedFields"), nullptr);
    EXPECT_EQ(resource.fields.member("metadata")
                  ->member("annotations")
                  ->member("kubectl.kubernetes.io/last-applied-configuration"),
              nullptr);
    EXPECT_NE(resource.fields.member("specs"), nullptr);
  }
}

}  // namespace
}  // namespace sextant::kube
