#include <gtest/gtest.h>

#include "agent/model/objects.h"
#include "tests/unit/model/decoded.h"

namespace sextant {
namespace {

using test::decode_error;
using test::decoded;
using test::ignored;
using Strings = std::vector<std::string>;

constexpr std::string_view kPod = R"(
apiVersion: v1
kind: Pod
metadata:
  name: web-7d4b9c-x2x4z
  namespace: shop
  uid: 0f6a3c1e-9f57-4a55-8d8c-1b2a7a0f6f11
  labels: {app: web, pod-template-hash: 7d4b9c}
  ownerReferences:
  - {apiVersion: apps/v1, kind: ReplicaSet, name: web-7d4b9c, uid: x, controller: true}
spec:
  nodeName: n1
  serviceAccountName: web
  initContainers:
  - {name: setup, ports: [{containerPort: 1}]}
  - {name: proxy, restartPolicy: Always, ports: [{name: admin, containerPort: 15000}]}
  containers:
  - name: web
    ports:
    - {name: http, containerPort: 8080}
    - {name: quic, containerPort: 8443, protocol: UDP, hostPort: 443}
  - {name: sidecar}
status:
  phase: Running
  podIP: 2001:db8:1::5
  podIPs: [{ip: "2001:db8:1::5"}, {ip: 10.0.0.5}]
)";

TEST(DecodePod, ReadsWhatVerdictsNeed) {
  const auto pod = decoded<Pod>(kPod);
  EXPECT_EQ(pod.ns, "shop");
  EXPECT_EQ(pod.name, "web-7d4b9c-x2x4z");
  EXPECT_EQ(pod.uid, "0f6a3c1e-9f57-4a55-8d8c-1b2a7a0f6f11");
  EXPECT_EQ(pod.labels.find("app")->second, "web");
  EXPECT_EQ(pod.node_name, "n1");
  EXPECT_EQ(pod.service_account, "web");
  EXPECT_EQ(pod.workload, "Deployment/web");
  EXPECT_FALSE(pod.host_network);
  EXPECT_FALSE(pod.finished);
  EXPECT_EQ(test::strings(pod.addresses), (Strings{"2001:db8:1::5", "10.0.0.5"}));
  const std::vector<ContainerPort> ports{
      {.name = "http", .port = 8080},
      {.name = "quic", .protocol = Protocol::kUdp, .port = 8443, .host_port = 443},
      {.name = "admin", .port = 15000},
  };
  EXPECT_EQ(pod.ports, ports);
}

std::string pod_with(std::string_view rest) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n" + std::string(rest) + "\n";
}

std::string workload_with(std::string_view labels, std::string_view owners) {
  return decoded<Pod>("{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {" + std::string(labels) +
                      "}, ownerReferences: [" + std::string(owners) + "]}}")
      .workload;
}

TEST(DecodePod, TellsTheWorkloadByItsController) {
  EXPECT_EQ(workload_with("", "{kind: StatefulSet, name: db, controller: true}"), "StatefulSet/db");
  EXPECT_EQ(workload_with("", "{kind: Other, name: x}, {kind: DaemonSet, name: ds, controller: true}"), "DaemonSet/ds");
  EXPECT_EQ(workload_with("", "{kind: Other, name: x}"), "");
  EXPECT_EQ(workload_with("", "{kind: Other, name: x, controller: false}"), "");
  EXPECT_EQ(workload_with("", "{kind: Node, name: n1, controller: true}"), "");
  EXPECT_EQ(workload_with("", ""), "");
}

TEST(DecodePod, TakesOffOnlyTheHashThatThePodIsLabelledWith) {
  constexpr std::string_view kOwner = "{kind: ReplicaSet, name: web-7d4b9c, controller: true}";
  EXPECT_EQ(workload_with("pod-template-hash: 7d4b9c", kOwner), "Deployment/web");
  EXPECT_EQ(workload_with("pod-template-hash: other", kOwner), "ReplicaSet/web-7d4b9c");
  EXPECT_EQ(workload_with("pod-template-hash: ''", kOwner), "ReplicaSet/web-7d4b9c");
  EXPECT_EQ(workload_with("pod-template-hash: web-7d4b9c", kOwner), "ReplicaSet/web-7d4b9c");
  EXPECT_EQ(workload_with("", kOwner), "ReplicaSet/web-7d4b9c");
}

TEST(DecodePod, TakesThePodIpWhereThereIsNoList) {
  EXPECT_EQ(test::strings(decoded<Pod>(pod_with("status: {podIP: '2001:db8::5'}")).addresses), Strings{"2001:db8::5"});
  EXPECT_EQ(test::strings(decoded<Pod>(pod_with("status: {podIP: '2001:db8::5', podIPs: []}")).addresses),
            Strings{"2001:db8::5"});
  EXPECT_TRUE(decoded<Pod>(pod_with("status: {podIP: '', podIPs: [{ip: ''}, {}]}")).addresses.empty());
  EXPECT_TRUE(decoded<Pod>(pod_with("")).addresses.empty());
}

TEST(DecodePod, KnowsAPodThatHasFinished) {
  EXPECT_TRUE(decoded<Pod>(pod_with("status: {phase: Succeeded}")).finished);
  EXPECT_TRUE(decoded<Pod>(pod_with("status: {phase: Failed}")).finished);
  EXPECT_FALSE(decoded<Pod>(pod_with("status: {phase: Pending}")).finished);
}

TEST(DecodePod, OfTheHostNetworkHasItsPortsOnTheHost) {
  const auto pod = decoded<Pod>(pod_with("spec: {hostNetwork: true, containers: [{ports: [{containerPort: 9100}]}]}"));
  EXPECT_TRUE(pod.host_network);
  EXPECT_EQ(pod.ports.at(0).host_port, 9100);
}

TEST(DecodePod, ReadsWhereAHostPortIsAndWhetherItIsDeclaredPublic) {
  const auto pod = decoded<Pod>(
      "{apiVersion: v1, kind: Pod, metadata: {name: p, annotations: {sextant.dev/public: '443'}}, spec: {containers: "
      "[{ports: [{containerPort: 8443, hostPort: 443, hostIP: '2001:db8::1'}, {containerPort: 8080, hostPort: 80, "
      "hostIP: '::'}]}]}}");
  EXPECT_EQ(pod.declared_public, "443");
  ASSERT_EQ(pod.ports.size(), 2U);
  EXPECT_EQ(pod.ports[0].host_ip, IpAddress::parse("2001:db8::1").value());
  EXPECT_EQ(pod.ports[1].host_ip, std::nullopt) << "every address";
}

TEST(DecodePod, TakesAStaticPodsCgroupFromItsMirror) {
  const auto pod = decoded<Pod>(
      "{apiVersion: v1, kind: Pod, metadata: {name: etcd-n1, uid: mirror, annotations: "
      "{kubernetes.io/config.mirror: 0123456789abcdef0123456789abcdef}, "
      "ownerReferences: [{kind: Node, name: n1, controller: true}]}}");
  EXPECT_EQ(pod.uid, "0123456789abcdef0123456789abcdef");
}

TEST(DecodePod, ReadsTheOldNameOfTheServiceAccount) {
  EXPECT_EQ(decoded<Pod>(pod_with("spec: {serviceAccount: old}")).service_account, "old");
}

TEST(DecodePod, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(decode_error(pod_with("spec:\n  containers:\n  - ports:\n    - containerPort: http")),
            "spec.containers[0].ports[0].containerPort: an integer is wanted, not a string (line 7)");
  EXPECT_EQ(decode_error(pod_with("spec: {containers: [{ports: [{containerPort: 65536}]}]}")),
            "spec.containers[0].ports[0].containerPort: 65536 is not from 0 to 65535 (line 4)");
  EXPECT_EQ(decode_error(pod_with("spec: {containers: [{ports: [{containerPort: 1, protocol: tcp}]}]}")),
            "spec.containers[0].ports[0].protocol: 'tcp' is none of TCP, UDP and SCTP (line 4)");
  EXPECT_EQ(decode_error(pod_with("spec: {hostNetwork: 'true'}")),
            "spec.hostNetwork: a boolean is wanted, not a string (line 4)");
  EXPECT_EQ(decode_error(pod_with("status: {podIPs: [{ip: x}]}")),
            "status.podIPs[0].ip: 'x' is no IP address (line 4)");
  EXPECT_EQ(decode_error(pod_with("status: {podIPs: ['2001:db8::1']}")),
            "status.podIPs[0]: a map is wanted, not a string (line 4)");
}

TEST(DecodePod, DoesNotMindFieldsThatItDoesNotRead) {
  EXPECT_EQ(decoded<Pod>(pod_with("spec: {volumes: 7, future: {a: b}}\nextra: [1]")).name, "p");
}

std::string template_of(std::string_view api, std::string_view kind, std::string_view more = "") {
  return "{apiVersion: " + std::string(api) + ", kind: " + std::string(kind) + ", metadata: {name: w, namespace: shop" +
         std::string(more) +
         "}, spec: {replicas: 2, template: {metadata: {labels: {app: w}}, "
         "spec: {hostNetwork: true, serviceAccountName: sa, containers: [{ports: [{containerPort: 80}]}]}}}}";
}

TEST(DecodeWorkload, ReadsThePodTemplate) {
  for (const auto& [api, kind] : {std::pair{"apps/v1", "Deployment"},
                                  {"apps/v1", "StatefulSet"},
                                  {"apps/v1", "DaemonSet"},
                                  {"apps/v1", "ReplicaSet"},
                                  {"batch/v1", "Job"}}) {
    const auto workload = decoded<Workload>(template_of(api, kind));
    EXPECT_EQ(workload.kind, kind);
    EXPECT_EQ(workload.pod.ns, "shop");
    EXPECT_EQ(workload.pod.name, "w");
    EXPECT_EQ(workload.pod.workload, std::string(kind) + "/w");
    EXPECT_EQ(workload.pod.labels, (Labels{{"app", "w"}}));
    EXPECT_EQ(workload.pod.service_account, "sa");
    EXPECT_TRUE(workload.pod.host_network);
    EXPECT_EQ(workload.pod.ports.at(0).port, 80);
    EXPECT_TRUE(workload.pod.addresses.empty());
    EXPECT_EQ(key_of(workload).name, std::string(kind) + "/w");
  }
}

TEST(DecodeWorkload, FindsTheTemplateOfACronJob) {
  const auto workload = decoded<Workload>(
      "{apiVersion: batch/v1, kind: CronJob, metadata: {name: w}, spec: {jobTemplate: {spec: {template: "
      "{metadata: {labels: {app: w}}, spec: {containers: [{ports: [{containerPort: 80}]}]}}}}}}");
  EXPECT_EQ(workload.pod.labels, (Labels{{"app", "w"}}));
  EXPECT_EQ(workload.pod.ports.size(), 1U);
}

TEST(DecodeWorkload, LeavesOutWhatAnotherObjectControls) {
  EXPECT_TRUE(ignored(
      template_of("apps/v1", "ReplicaSet", ", ownerReferences: [{kind: Deployment, name: web, controller: true}]")));
  EXPECT_TRUE(
      ignored(template_of("batch/v1", "Job", ", ownerReferences: [{kind: CronJob, name: x, controller: true}]")));
}

TEST(DecodeWorkload, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(decode_error("{apiVersion: apps/v1, kind: Deployment, metadata: {name: w}, spec: {template: [1]}}"),
            "spec.template: a map is wanted, not a list (line 1)");
}

}  // namespace
}  // namespace sextant
