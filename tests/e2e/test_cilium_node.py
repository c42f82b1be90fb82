"""A real Cilium enforces: what Sextant says of it is true, a mistake is told at once, and so is what happens behind Cilium's back."""

import time

from cilium_case import API_PORT, OFFICES, CiliumTest, from_everywhere, ports
from cilium_drift import Drift
from simnode import kernel
from simnode.node import OFFICE, SCANNER, STRANGER
from support import needs

SETTLING = 3.0


class CiliumNode(CiliumTest):
    def expect_only_the_true_one(self):
        """The API server's port is open to the internet, and no policy says that it may be."""
        finding = self.expect_finding("SXT008", port=API_PORT)
        self.assertEqual(self.summary(), [f"{finding['id']} {finding['message']}"])

    def test_a_clean_node_has_no_finding_but_the_true_one_and_what_is_called_open_is_what_attempts_reach(self):
        self.start_synced()
        time.sleep(SETTLING)
        self.assertTrue(self.daemon.view("status")["ciliumRelease"].startswith(self.version.rpartition(".")[0]))
        self.expect_only_the_true_one()
        true = self.expect_the_truth()
        self.assertLessEqual({"connected", "answered", "timeout", "refused"}, set(true.values()))
        time.sleep(SETTLING)
        self.expect_only_the_true_one()

    def test_a_deleted_policy_opens_its_finding_in_under_a_second_and_applied_again_resolves_it(self):
        self.start_synced()
        self.addCleanup(self.allow, "admin")
        findings = []

        def mistake():
            begun = time.monotonic()
            self.forbid("admin")
            findings.append(self.expect_finding("SXT005", name="admin"))
            self.assertLess(time.monotonic() - begun, 1.0)

        self.cilium.enforces(mistake)
        self.expect_the_truth()
        self.cilium.enforces(lambda: self.allow("admin"))
        self.expect_resolved(findings[0])
        self.expect_the_truth()
        self.expect_only_the_true_one()

    def test_pods_come_and_go_without_a_finding(self):
        self.start_synced()
        self.cilium.enforces(lambda: self.allow("extra", ingress=[{"fromCIDR": [OFFICES], "toPorts": ports("9000/TCP")}]))
        self.addCleanup(self.forbid, "extra")
        for _ in range(2):
            extra = self.add_pod("extra", ["tcp:any:9000"])
            self.wait_for("the pod", lambda: self.row("extra", "TCP", 9000))
            self.connects(OFFICE, extra, 9000)
            self.connects(STRANGER, extra, 9000, wanted="timeout")
            self.wait_for("both attempts", lambda: set(self.attempts("extra", 9000)) == {"allow", "deny"})
            self.remove_pod(extra)
            self.wait_for("the pod is gone", lambda: not self.row("extra", "TCP", 9000))
        self.expect_only_the_true_one()

    def test_services_are_open_where_their_doors_are_and_to_whom_the_pods_behind_them_are(self):
        self.start_synced()
        public = f"{self.sim.prefix}:f::80"
        # A real node drops what no service has; without this route it would send it back to the internet.
        blackhole = f"blackhole {public}/128"
        kernel.ip_batch(self.sim.node, [f"route add {blackhole}"])
        self.addCleanup(kernel.ip_batch, self.sim.node, [f"route del {blackhole}"])
        node_ports = self.publish("web", public, [443, 80]) + self.publish("admin", public, [8443])
        self.wait_for("the doors", lambda: sum(bool(e["door"]) for e in self.daemon.view("exposure")["exposure"]) == 4)
        for source, *entrance in ((STRANGER, public, 443), (STRANGER, self.sim.address, node_ports[0]), (OFFICE, public, 8443)):
            self.wait_for("Cilium serves it", lambda: self.sim.connect(source, *entrance) == "connected")

        places = [(public, "TCP", port) for port in (443, 80, 8443, 22)]
        places += [(address, "TCP", port) for address in (self.sim.address, self.router_address()) for port in node_ports]
        true = self.expect_the_truth(from_everywhere(places))
        self.assertLessEqual({"connected", "timeout"}, set(true.values()))
        self.expect_the_truth()
        self.expect_only_the_true_one()

    # Behind Cilium's back.

    def expect_opened(self, pod, port, source, drift):
        """A port that the intent closes is open while something is wrong, and the finding says so until it is not."""
        self.connects(source, pod, port, wanted="timeout")
        with drift:
            self.connects(source, pod, port)
            finding = self.expect_finding("SXT001", name=pod.name, port=port)
            self.assertEqual(finding["source"]["sample"], source)
        self.connects(source, pod, port, wanted="timeout")
        self.expect_resolved(finding)
        self.expect_only_the_true_one()

    @needs("bpftool")
    def test_an_entry_in_a_pods_policy_map_that_no_policy_wrote_is_SXT001_on_its_packets(self):
        self.start_synced()
        self.expect_opened(self.db, 5432, STRANGER, Drift(self.cilium).everybody_may_reach(self.db))

    @needs("bpftool")
    def test_a_stranger_whom_the_ipcache_takes_for_a_friend_is_SXT001_on_its_packets(self):
        self.start_synced()
        self.expect_opened(self.admin, 8443, SCANNER, Drift(self.cilium).taken_for(SCANNER, OFFICES))

    @needs("bpftool")
    def test_a_prefix_that_the_ipcache_has_lost_is_SXT009_on_its_packets(self):
        self.start_synced()
        self.connects(OFFICE, self.admin, 8443)
        with Drift(self.cilium).forgotten(OFFICES):
            self.connects(OFFICE, self.admin, 8443, wanted="timeout")
            finding = self.expect_finding("SXT009", name="admin", port=8443)
        self.connects(OFFICE, self.admin, 8443)
        self.expect_resolved(finding)
        self.expect_only_the_true_one()

    def test_a_pod_that_cilium_does_not_manage_is_SXT001_on_its_packets(self):
        self.allow("rogue", ingress=[{"fromEndpoints": [{"matchLabels": {"app": "web"}}]}])
        self.addCleanup(self.forbid, "rogue")
        rogue = self.sim.add_pod("shop", "rogue", "0:9", ["tcp:any:2345"], described=False)
        self.addCleanup(self.sim.remove_pod, rogue)
        self.cluster.add_pod(rogue)
        self.addCleanup(self.cluster.delete_pod, rogue)
        self.start_synced()
        self.connects(STRANGER, rogue, 2345)
        self.expect_finding("SXT001", name="rogue", port=2345)

    @needs("bpftool")
    def test_while_the_agent_is_down_what_it_enforced_is_true_and_a_policy_of_that_time_is_SXT001_until_it_is_back(self):
        self.start_synced(cilium={"settle": "1s"})
        self.addCleanup(self.restart_cilium)
        self.cilium.stop()
        # The uplink's program is gone, too: others still judge what came by it.
        Drift(self.cilium).detach("devices/eth0/links/cil_from_netdev")
        self.expect_the_truth()
        self.expect_only_the_true_one()

        self.addCleanup(self.allow, "web")
        self.allow("web", ingress=[{"fromCIDR": [OFFICES], "toPorts": ports("443/TCP")}])

        def opened():
            self.connects(STRANGER, self.web, 443)
            return next(iter(self.daemon.findings("SXT001")), None)

        finding = self.wait_for("packets that the new policy forbids are told", opened)
        self.assertEqual((finding["endpoint"]["name"], finding["port"]), ("web", 443))
        self.cilium.start(self.options)
        self.connects(STRANGER, self.web, 443, wanted="timeout")
        self.expect_resolved(finding)
        self.expect_only_the_true_one()
