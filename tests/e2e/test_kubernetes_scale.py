"""The daemon on a real API server that has much to say."""

import os
import time
import unittest.mock

import support
from kubernetes_case import KubernetesTest

PODS, POLICIES, NAMESPACES, LOCAL = 5000, 500, 20, 100
CHANGES_A_SECOND = 100
SECONDS, SECONDS_FULL = 10, 60
GROWTH = 16 << 20  # bytes that churn may leave behind in an allocator, whatever it was


class KubernetesScale(KubernetesTest):
    def setUp(self):
        # What the sanitizer keeps of freed memory would look like a leak.
        self.enterContext(unittest.mock.patch.dict(os.environ, {"ASAN_OPTIONS": "quarantine_size_mb=8"}))
        super().setUp()

    def namespace_of(self, app):
        return f"team-{app % NAMESPACES}"

    def pod(self, number):
        """One of the ten of an application. Those of the first ones are on this node."""
        app = number // (PODS // POLICIES)
        local = number < LOCAL
        address = f"{self.sim.prefix}:{'1::1' if local else '2:'}:{number + 1:x}"
        spec = {"nodeName": "n1" if local else "n2", "containers": [{"name": "main", "image": "example/main:1"}]}
        labels = {"app": f"app-{app}", "team": self.namespace_of(app), "pod-template-hash": f"{app:010x}"}
        return self.namespace_of(app), f"pod-{number}", labels, {
            "spec": spec, "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}

    def policy(self, app):
        """Open to the pods of the next application alone."""
        peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace_of(app + 1)}},
                "podSelector": {"matchLabels": {"app": f"app-{(app + 1) % POLICIES}"}}}
        return self.namespace_of(app), f"app-{app}", {}, {"spec": {
            "podSelector": {"matchLabels": {"app": f"app-{app}"}}, "policyTypes": ["Ingress"],
            "ingress": [{"from": [peer], "ports": [{"port": 8080, "protocol": "TCP"}]}]}}

    def fill_cluster(self):
        self.cluster.add_node("n2", f"{self.sim.prefix}::20", f"{self.sim.prefix}:2::/64")
        for number in range(NAMESPACES):
            self.cluster.add_namespace(f"team-{number}")
        self.cluster.add_many((PODS, POLICIES), self.pod, self.policy)

    def change(self, api, number):
        """Another label, another address, another policy: of pods on other nodes."""
        namespace, name, labels, rest = self.pod(LOCAL + number % (PODS - LOCAL))
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        patch = "application/merge-patch+json"
        if number % 4 == 0:
            answer = api.ask("PATCH", path, {"metadata": {"labels": {"round": str(number)}}}, patch)
        elif number % 4 == 1:
            address = rest["status"]["podIP"].replace(":2::", ":2::1:")
            answer = api.ask("PATCH", f"{path}/status", {"status": {"podIPs": [{"ip": address}]}}, patch)
        elif number % 4 == 2:
            answer = api.ask("DELETE", f"{path}?gracePeriodSeconds=0")
            if answer[0] == 404:  # it was its turn before
                answer = api.ask("POST", path.rpartition("/")[0], {"metadata": {"name": name, "labels": labels}, "spec": rest["spec"]})
        else:
            namespace, name, _, rest = self.policy(POLICIES // 2 + number % (POLICIES // 2))
            ports = [{"port": 8080 + number % 8, "protocol": "TCP"}]
            answer = api.ask("PATCH", f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{name}",
                             {"spec": {"ingress": [{**rest["spec"]["ingress"][0], "ports": ports}]}}, patch)
        self.assertLess(answer[0], 300, answer[1])

    def test_thousands_of_pods_and_a_hundred_changes_a_second_are_followed_in_bounded_memory(self):
        self.fill_cluster()
        self.start()
        self.wait_all_synced()
        self.expect_no_findings()
        objects = self.daemon.view("status")["objects"]
        self.assertEqual((int(objects["Pod"]), int(objects["NetworkPolicy"])), (PODS + 3, POLICIES + 3))
        self.expect_model_of_a_fresh_list()
        before = int(self.daemon.view("status")["residentBytes"])

        seconds = SECONDS_FULL if support.FULL else SECONDS
        self.churn(seconds)
        self.lose_and_restore()
        self.expect_model_of_a_fresh_start()
        self.expect_only(("SXT005", "db"))
        after = int(self.daemon.view("status")["residentBytes"])
        print(f"     {before >> 20} MiB with {PODS} pods, {after >> 20} MiB after {seconds} s of changes")
        self.assertLess(after, before * 1.25 + GROWTH)

    def churn(self, seconds):
        api = self.cluster.connection()
        begun = time.monotonic()
        for number in range(seconds * CHANGES_A_SECOND):
            time.sleep(max(0, begun + number / CHANGES_A_SECOND - time.monotonic()))
            self.change(api, number)
        api.close()
