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

TEST(Resource, OfServicesWhatLeadsToTheirBackendsIsKept) {
  for (const Resource& resource : model_resources("n1")) {
    const FieldTree& fields = resource.fields;
    if (resource.kind == "EndpointSlice") {
      const FieldTree* endpoints = fields.member("endpoints");
      EXPECT_NE(endpoints->member("targetRef")->member("name"), nullptr);
      EXPECT_NE(endpoints->member("conditions")->member("ready"), nullptr);
      EXPECT_EQ(endpoints->member("targetRef")->member("uid"), nullptr);
    }
    if (resource.kind == "Gateway") {
      EXPECT_TRUE(resource.is_custom) << "its CRD may be absent";
      EXPECT_EQ(path_of(resource, "v1"), "/apis/gateway.networking.k8s.io/v1/gateways");
      EXPECT_NE(fields.member("status")->member("addresses"), nullptr);
    }
    if (resource.kind == "Ingress") {
      EXPECT_EQ(path_of(resource, "v1"), "/apis/networking.k8s.io/v1/ingresses");
      EXPECT_EQ(fields.member("spec")->member("rules"), nullptr);
    }
  }
}

}  // namespace
}  // namespace sextant::kube
