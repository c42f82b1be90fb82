"""What each witness says of the same row."""

import ipaddress
import json
import random

from simnode.node import OFFICE, SCANNER, STRANGER
from support import NodeTest, ipv6, mac_of, tcp_syn


class Witnesses(NodeTest):
    def test_intended_is_explained_rule_by_rule(self):
        self.start()
        for to, source, port, wanted in (("shop/web", STRANGER, "443/TCP", "allow"), ("shop/db", STRANGER, "5432/TCP", "deny"),
                                         ("ops/admin", OFFICE, "8443/TCP", "allow"), ("ops/admin", STRANGER, "8443/TCP", "deny"),
                                         ("shop/db", "shop/web", "5432/TCP", "allow"), ("shop/db", "ops/admin", "5432/TCP", "deny"),
                                         ("node/n1", STRANGER, "8080/TCP", "allow")):
            with self.subTest(to=to, source=source, port=port):
                told = json.loads(self.cli("explain", "--to", to, "--from", source, "--port", port, "-o", "json"))
                self.assertEqual(told["verdict"], wanted, told)
        self.assertIn("policy-shop-db.yaml", self.cli("explain", "--to", "shop/db", "--from", STRANGER, "--port", "5432/TCP", "-o", "json"))

    def listener(self, endpoint, port):
        """What listens there; None when nothing does."""
        listening = (self.row(endpoint, "TCP", port) or {}).get("listening")
        return listening if listening and listening["verdict"] == "allow" else None

    def test_listening_names_the_process_of_a_pod_and_of_the_host(self):
        self.start()
        pod = self.wait_for("the database listens", lambda: self.listener("db", 5432))
        self.assertEqual((pod["process"], pod["pid"]), ("db", self.db.processes[0].pid))
        host = self.wait_for("the proxy listens", lambda: self.listener("n1", 8080))
        self.assertEqual((host["process"], host["pid"]), ("proxy", self.sim.pods["edge/proxy"].processes[0].pid))

    def test_listening_follows_sockets_that_come_and_go(self):
        self.start()
        process = self.sim.serve(self.db, "latecomer", ["tcp:any:7000"])
        self.assertEqual(self.wait_for("the late socket", lambda: self.listener("db", 7000))["process"], "latecomer")
        self.sim.stop(process)
        self.wait_for("the late socket gone", lambda: not self.listener("db", 7000))

    def test_the_uplink_counts_each_attempt_once_with_its_verdict(self):
        self.start()
        for _ in range(5):
            self.connects(STRANGER, self.web, 443)
        self.sim.probe([{"source": SCANNER, "to": self.db.address, "port": port, "timeout": 0.9} for port in (22, 23, 5432)] * 4)

        self.wait_for("five attempts on web", lambda: self.attempts("web", 443) == {"allow": 5})
        for port in (22, 23, 5432):
            self.wait_for(f"four attempts on {port}", lambda port=port: self.attempts("db", port) == {"deny": 4})
        sources = self.wait_for("the scanner's prefix", lambda: self.daemon.view("attempts")["sources"])
        self.assertTrue(any(s["prefix"].startswith("2a0a:e5c0:") for s in sources), sources)

    def test_packets_that_belong_to_a_connection_are_no_attempts(self):
        self.start()
        self.sim.probe([{"source": STRANGER, "to": self.web.address, "port": 443, "payload": "x" * 20000}] * 3)
        self.wait_for("three attempts", lambda: self.attempts("web", 443) == {"allow": 3})

    def test_traffic_within_the_cluster_is_no_attempt(self):
        self.start()
        self.connects(self.web.address, self.db, 5432, netns=self.web.netns)
        self.connects(STRANGER, self.web, 443)
        self.wait_for("the public attempt", lambda: self.attempts("web", 443))
        self.assertEqual(self.attempts("db", 5432), {})

    def test_a_flood_of_spoofed_sources_is_counted_and_makes_no_state_for_each_source(self):
        self.start()
        ethernet = mac_of(self.sim.node, "eth0") + mac_of(self.sim.inet, "eth0") + b"\x86\xdd"

        def flood(number):
            chance = random.Random(7)
            sources = [str(ipaddress.IPv6Address((0x2 << 124) | chance.getrandbits(124))) for _ in range(number)]
            self.sim.inject("wire", "eth0", [ethernet + ipv6(s, self.db.address, 6, tcp_syn(s, self.db.address, 40000, 5432)) for s in sources])

        flood(10)
        self.wait_for("the first ten", lambda: self.attempts("db", 5432) == {"deny": 10})
        before = {m["map"]: m["entries"] for m in self.daemon.view("status")["maps"]}
        flood(5000)
        self.wait_for("all of the flood", lambda: self.attempts("db", 5432) == {"deny": 5010})
        for use in self.daemon.view("status")["maps"]:
            self.assertLessEqual(use["entries"], use["capacity"], use)
            if not use["map"].startswith("source"):
                self.assertLess(use["entries"] - before[use["map"]], 100, use)
        self.expect_no_findings()

    def observed(self, endpoint, protocol, port, source):
        row = self.row(endpoint, protocol, port, source)
        return row and row["observed"]

    def test_delivery_is_observed_for_a_pod_for_a_host_pod_and_for_UDP(self):
        self.sim.serve(self.sim.host, "resolver", ["udp:any:53"])
        self.start()
        self.connects(STRANGER, self.web, 443)
        self.connects(STRANGER, self.sim.address, 8080)
        self.connects(STRANGER, self.sim.address, 53, "UDP", wanted="answered")
        for endpoint, protocol, port in (("web", "TCP", 443), ("n1", "TCP", 8080), ("n1", "UDP", 53)):
            with self.subTest(endpoint=endpoint, port=port):
                seen = self.wait_for(f"{endpoint} {port}/{protocol} observed", lambda e=endpoint, p=protocol, n=port: self.observed(e, p, n, STRANGER))
                self.assertEqual(seen["verdict"], "allow")
                self.assertGreaterEqual(seen["packets"], 1)

    def test_death_is_observed_with_the_kernels_reason(self):
        self.start()
        self.connects(STRANGER, self.db, 5432, wanted="timeout")
        seen = self.wait_for("the packet's death", lambda: self.observed("db", "TCP", 5432, STRANGER))
        self.assertEqual(seen["verdict"], "deny")
        self.assertEqual(seen["dropReason"], "NETFILTER_DROP")

    def test_status_says_what_each_witness_covers(self):
        self.start()
        status = self.daemon.view("status")
        states = {w["witness"]: w["state"] for w in status["witnesses"]}
        for witness in ("intended", "listening", "uplink", "delivery", "death"):
            self.assertEqual(states.get(witness), "sees", status["witnesses"])
        for witness in ("realized", "probed"):
            self.assertEqual(states.get(witness, "absent"), "absent")
        self.assertEqual(status["uplinks"], ["eth0"])
        self.assertTrue(status["ready"])

    def test_a_pod_of_the_cgroupfs_driver_is_known_by_its_cgroup(self):
        self.sim._driver = "cgroupfs"
        self.start()
        cache = self.sim.add_pod("shop", "cache", "8", ["tcp:any:6379"])
        self.sim.write_manifest("policy-cache.yaml", """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { namespace: shop, name: cache }
spec: { endpointSelector: { matchLabels: { app: cache } }, ingress: [ { fromEntities: [ cluster ] } ] }
""")
        self.wait_for("the cache listens",
                      lambda: ((self.row("cache", "TCP", 6379) or {}).get("listening") or {}).get("process") == "cache")
        self.connects(STRANGER, cache, 6379)
        self.expect_finding("SXT001", name="cache", port=6379)
