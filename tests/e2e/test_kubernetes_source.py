"""The daemon on a real API server: kube-apiserver and etcd, in the simulated node's network."""

import time

from kubernetes_case import SYNC_TIMEOUT, KubernetesTest
from simnode import kernel
from simnode.node import STRANGER


class KubernetesSource(KubernetesTest):
    def test_pods_services_and_policies_come_from_the_API_and_a_true_picture_has_no_finding_but_the_true_one(self):
        self.start(datapath={"enabled": True})
        known = int(self.daemon.view("status")["objects"].get("Service", 0))
        self.cluster.create("/api/v1/namespaces/shop/services", {
            "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 443}]}})
        self.connects(STRANGER, self.web, 443)
        self.connects(STRANGER, self.web, 80, wanted="timeout")
        self.wait_for("the attempts", lambda: {"allow", "deny"} <= set(self.attempts("web", 443)) | set(self.attempts("web", 80)))
        self.wait_for("the service", lambda: int(self.daemon.view("status")["objects"].get("Service", 0)) == known + 1)
        objects = self.daemon.view("status")["objects"]
        self.assertEqual((int(objects["Pod"]), int(objects["NetworkPolicy"])), (3, 3))
        # The proxy in the node's own network, which nobody told the API server of.
        self.expect_finding("SXT008", port=8080)
        self.assertEqual(len(self.summary()), 1, self.summary())

    def test_a_deleted_policy_opens_its_finding_in_under_a_second_and_applied_again_resolves_it(self):
        self.start()
        self.expect_no_findings()
        begun = time.monotonic()
        self.cluster.forbid("shop", "db")
        finding = self.expect_finding("SXT005", name="db")
        self.assertLess(time.monotonic() - begun, 1.0)
        self.cluster.allow("shop", "db", 5432)
        self.expect_resolved(finding)

    def test_every_kind_is_asked_for_once(self):
        self.start()
        time.sleep(2)
        counts = self.requests()
        self.assertEqual(counts["watch", "pods", "200"], 1)
        self.assertEqual({key: number for key, number in counts.items() if number > 1 or key[0] == "list"}, {})

    def test_a_restart_of_the_server_loses_nothing_and_invents_nothing(self):
        self.start()
        for _ in range(2):
            self.cluster.stop("kube-apiserver")
            self.wait_unsynced()
            self.expect_no_findings()
            self.cluster.start()
            self.cluster.forbid("ops", "admin")
            self.wait_synced()
            self.expect_resolved(self.unprotected_while("admin"))
        self.expect_model_of_a_fresh_start()

    def unprotected_while(self, name):
        finding = self.expect_finding("SXT005", name=name, timeout=SYNC_TIMEOUT)
        self.cluster.allow("ops", name, 8443)
        return finding

    def test_history_that_is_gone_makes_a_new_list(self):
        self.restart_server("--watch-cache=false")
        self.start()
        self.cluster.forbid("shop", "db")
        finding = self.expect_finding("SXT005", name="db")
        port = self.cluster.server.rsplit(":", 1)[1]
        self.cluster.ask("PATCH", "/api/v1/namespaces/ops", {"metadata": {"labels": {"touched": "yes"}}}, "application/merge-patch+json")
        self.cluster.compact()
        # The watches break off, and are gone on with from versions that the server no longer has.
        kernel.run([*kernel.within(self.sim.node), "ss", "-K", "dport", "=", f":{port}"])
        self.cluster.allow("shop", "db", 5432)
        self.expect_resolved(finding, SYNC_TIMEOUT)
        self.expect_model_of_a_fresh_start()

    def test_an_outage_longer_than_source_stale_makes_rows_unknown_until_it_ends(self):
        self.start(source={"stale": "3s"})
        self.cluster.stop("kube-apiserver")
        finding = self.expect_finding("SXT010", timeout=SYNC_TIMEOUT)
        self.assertIn("kubernetes ", finding["message"])
        self.wait_for("unknown rows", lambda: self.row("db", "TCP", 5432, STRANGER)["intended"]["verdict"] == "unknown")
        self.cluster.start()
        self.expect_resolved(finding, SYNC_TIMEOUT)
        self.wait_for("known rows", lambda: self.row("db", "TCP", 5432, STRANGER)["intended"]["verdict"] == "allow")
        self.expect_model_of_a_fresh_start()

    def test_a_token_that_was_replaced_is_taken_when_the_old_one_has_ended(self):
        self.cluster.token_file.write_text(self.cluster.short_token(15), encoding="ascii")
        self.start()
        self.cluster.stop("kube-apiserver")
        time.sleep(15)
        self.cluster.start()
        self.assertIn("401", self.wait_for("401", lambda: "401" in self.source("pods")["detail"] and self.source("pods"), SYNC_TIMEOUT)["detail"])
        self.cluster.token_file.write_text(self.cluster.new_token(), encoding="ascii")
        self.wait_synced()
        self.expect_model_of_a_fresh_start()

    def test_a_right_taken_away_is_told_by_name_and_the_rest_works_until_it_is_given_back(self):
        self.start()
        self.cluster.grant("services")
        self.restart_server()
        finding = self.expect_finding("SXT010", timeout=SYNC_TIMEOUT)
        self.assertIn("services is forbidden", finding["message"])
        self.wait_synced("pods")
        self.cluster.grant()
        self.expect_resolved(finding, SYNC_TIMEOUT)
        self.expect_model_of_a_fresh_start()

    def test_a_kind_that_is_installed_later_is_found(self):
        self.start()
        self.assertEqual(self.source("ciliumnetworkpolicies.cilium.io")["detail"], "not served by this cluster")
        self.cluster.add_cilium()
        self.wait_for("the kind", lambda: "object" in self.source("ciliumnetworkpolicies.cilium.io")["detail"], SYNC_TIMEOUT)
        self.cluster.forbid("shop", "db")
        finding = self.expect_finding("SXT005", name="db")
        self.cluster.create("/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies", {
            "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "db"},
            "spec": {"endpointSelector": {"matchLabels": {"app": "db"}}, "ingress": [{}]}})
        self.expect_resolved(finding)
