"""The daemon on a real API server whose parts die, and whose certificates end."""

import time

from cluster import CERTIFICATE_NAME
from kubernetes_case import SYNC_TIMEOUT, KubernetesTest
from simnode import kernel

NAMES = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage="


class KubernetesOutages(KubernetesTest):
    def break_connections(self):
        port = self.cluster.server.rsplit(":", 1)[1]
        kernel.run([*kernel.within(self.sim.node), "ss", "-K", "dport", "=", f":{port}"])

    def sign_server(self, days):
        self.cluster.sign("apiserver", "/CN=kube-apiserver", NAMES + "serverAuth", days)

    def sign_client(self, days):
        self.cluster.sign("sextant", f"/CN={CERTIFICATE_NAME}", "extendedKeyUsage=clientAuth", days)

    def expect_blind_for(self, cause):
        """Nothing can be asked any more: the status and SXT010 say why."""
        self.wait_for(f"{cause!r} in the status", lambda: cause in self.source("pods")["detail"], SYNC_TIMEOUT)
        finding = self.expect_finding("SXT010", timeout=SYNC_TIMEOUT)
        self.assertIn(cause, finding["message"])
        return finding

    def test_etcd_killed_and_started_again_loses_nothing_and_invents_nothing(self):
        self.start()
        picture = self.picture()
        self.cluster.kill("etcd")
        time.sleep(3)
        self.expect_no_findings()
        self.assertEqual(self.picture(), picture)
        self.cluster.start()
        self.lose_and_restore()
        self.expect_only(("SXT005", "db"))
        self.expect_model_of_a_fresh_start()

    def test_a_serving_certificate_that_has_expired_is_said_so_until_it_is_renewed(self):
        self.start(source={"stale": "3s"})
        self.sign_server(days=-1)

        def refused():
            self.break_connections()
            return "certificate has expired" in self.source("pods")["detail"]

        # The server looks at its files when they change, and at the latest once a minute.
        self.daemon.wait_for("the expired certificate is served", refused, 90, pause=2)
        finding = self.expect_blind_for("the server's certificate: certificate has expired")
        self.sign_server(days=1)
        self.expect_resolved(finding, 2 * SYNC_TIMEOUT)
        self.wait_all_synced()
        self.assertEqual({f["code"] for f in self.daemon.view("findings?all=true")["findings"]}, {"SXT010"})
        self.expect_model_of_a_fresh_list()

    def test_a_client_certificate_that_has_expired_is_said_so_until_it_is_renewed(self):
        self.sign_client(days=1)
        pki = self.cluster.folder / "pki"
        self.cluster.write_kubeconfig(**{"client-certificate": str(pki / "sextant.crt"), "client-key": str(pki / "sextant.key")})
        self.start(source={"stale": "3s"})
        self.expect_model_of_a_fresh_list()
        self.sign_client(days=-1)
        self.break_connections()
        finding = self.expect_blind_for("the client certificate has expired")
        self.sign_client(days=1)
        self.expect_resolved(finding, SYNC_TIMEOUT)
        self.wait_all_synced()
        self.expect_model_of_a_fresh_list()
