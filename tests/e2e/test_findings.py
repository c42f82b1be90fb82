"""Each finding opens when its evidence is there, says what it should, and resolves when the evidence is gone."""

from simnode import Allow, manifests
from simnode.node import OFFICE, STRANGER
from support import NodeTest

ONLY_OFFICE = manifests.WEB_POLICY.replace("fromEntities: [ world ]", 'fromCIDR: [ "2001:db8:100::/48" ]')


class Findings(NodeTest):
    def test_a_node_whose_enforcement_matches_its_intent_has_no_finding(self):
        self.start()
        self.connects(STRANGER, self.web, 443)
        self.connects(OFFICE, self.admin, 8443)
        self.connects(STRANGER, self.sim.address, 8080)
        for pod, port in ((self.web, 80), (self.db, 5432), (self.admin, 8443)):
            self.connects(STRANGER, pod, port, wanted="timeout")
        self.connects(self.web.address, self.db, 5432, netns=self.web.netns)
        self.wait_for("the attempts", lambda: self.attempts("db", 5432))
        self.expect_no_findings()

    def test_a_public_packet_delivered_against_the_intent_is_SXT001_until_it_is_dropped_again(self):
        self.start()
        self.sim.enforcement.unprotect(self.db.address)
        self.connects(STRANGER, self.db, 5432)

        finding = self.expect_finding("SXT001", name="db", port=5432)
        self.assertEqual(finding["severity"], "critical")
        self.assertEqual(finding["endpoint"]["namespace"], "shop")
        self.assertEqual(finding["endpoint"]["address"], self.db.address)
        self.assertEqual(finding["protocol"], "TCP")
        self.assertEqual([p["name"] for p in finding["policies"]], ["db"])
        self.assertEqual(finding["source"]["sample"], STRANGER)
        self.assertEqual({e["witness"]: e["verdict"] for e in finding["evidence"]}.get("intended"), "deny")

        self.sim.enforcement.protect(self.db.address, [Allow("tcp", 5432, (self.web.address,))])
        self.connects(STRANGER, self.db, 5432, wanted="timeout")
        self.assertTrue(self.expect_resolved(finding)["resolution"])
        self.expect_no_findings()

    def test_SXT001_is_resolved_when_the_intent_comes_to_allow_it(self):
        self.start(cilium={"settle": "1s"})
        self.sim.enforcement.unprotect(self.web.address)
        self.sim.serve(self.web, "web2", ["tcp:any:8000"])
        self.connects(STRANGER, self.web, 8000)
        finding = self.expect_finding("SXT001", name="web", port=8000)

        self.sim.write_manifest("policy-shop-web.yaml", manifests.WEB_POLICY + '    - ports: [ { port: "8000", protocol: TCP } ]\n')
        self.assertTrue(self.expect_resolved(finding)["resolution"])

    def test_SXT001_is_resolved_when_it_has_been_quiet(self):
        self.start(findings={"quiet": "3s"})
        self.sim.enforcement.unprotect(self.db.address)
        self.connects(STRANGER, self.db, 5432)
        finding = self.expect_finding("SXT001", name="db", port=5432)

        self.assertIn("quiet", self.expect_resolved(finding)["resolution"])

    def test_a_finding_that_comes_again_is_the_same_finding(self):
        self.start(findings={"quiet": "2s"})
        self.sim.enforcement.unprotect(self.db.address)
        self.connects(STRANGER, self.db, 5432)
        first = self.expect_finding("SXT001", name="db", port=5432)
        self.expect_resolved(first)
        self.connects(STRANGER, self.db, 5432)

        again = self.expect_finding("SXT001", name="db", port=5432)
        self.assertEqual(again["id"], first["id"])
        self.assertEqual(again["openings"], 2)

    def test_UDP_delivered_against_the_intent_is_SXT001_too(self):
        self.start()
        self.sim.enforcement.unprotect(self.db.address)
        self.sim.serve(self.db, "dbudp", ["udp:any:5353"])
        self.connects(STRANGER, self.db, 5353, "UDP", wanted="answered")
        self.expect_finding("SXT001", name="db", port=5353, protocol="UDP")

    def test_sources_that_policies_tell_apart_are_told_apart(self):
        self.sim.write_manifest("policy-shop-web.yaml", ONLY_OFFICE)
        self.start()
        self.connects(OFFICE, self.web, 443)
        self.connects(STRANGER, self.web, 443)

        finding = self.expect_finding("SXT001", name="web", port=443)
        self.assertEqual(finding["source"]["sample"], STRANGER)
        self.assertEqual(len(self.daemon.findings()), 1)

    def test_a_pod_that_no_policy_selects_is_SXT005_until_one_does(self):
        self.start()
        debug = self.sim.add_pod("ops", "debug", "7", ["tcp:any:2345"])
        finding = self.expect_finding("SXT005", name="debug")
        self.assertEqual(finding["severity"], "warning")
        self.assertEqual(finding["endpoint"]["address"], debug.address)
        self.connects(STRANGER, debug, 2345)
        self.assertEqual([f["code"] for f in self.daemon.findings()], ["SXT005"], "default allow is not against the intent")

        self.sim.write_manifest("policy-debug.yaml", manifests.DB_POLICY.replace("shop", "ops").replace("db", "debug"))
        self.assertTrue(self.expect_resolved(finding)["resolution"])

    def test_SXT005_is_resolved_when_the_pod_is_gone(self):
        self.start()
        debug = self.sim.add_pod("ops", "debug", "7", [])
        finding = self.expect_finding("SXT005", name="debug")
        self.sim.remove_pod(debug)
        self.expect_resolved(finding)

    def test_a_pod_that_receives_and_that_no_source_describes_is_SXT007(self):
        self.start()
        ghost = self.sim.add_pod("shop", "ghost", "99", ["tcp:any:6000"], described=False)
        self.connects(STRANGER, ghost, 6000)
        finding = self.expect_finding("SXT007", kind="Pod", name=ghost.uid)
        self.assertEqual(finding["endpoint"]["address"], ghost.address)
        self.assertIn(ghost.uid, finding["message"])

        self.sim.describe(ghost, ["tcp:any:6000"])
        self.expect_resolved(finding)

    def test_a_socket_of_the_node_that_the_internet_reaches_by_default_is_SXT008_until_it_closes(self):
        self.start()
        listener = self.sim.serve(self.sim.host, "exporter", ["tcp:any:9100"])
        finding = self.expect_finding("SXT008", port=9100)
        self.assertEqual(finding["endpoint"]["kind"], "Node")
        self.assertEqual(finding["endpoint"]["name"], "n1")
        self.assertEqual(finding["severity"], "critical")
        self.assertIn("exporter", str(finding["evidence"]) + finding["message"])

        self.sim.stop(listener)
        self.expect_resolved(finding)

    def test_a_socket_bound_to_the_nodes_public_address_is_SXT008_and_one_on_loopback_is_not(self):
        self.start()
        self.sim.serve(self.sim.host, "local", ["tcp:::1:9200", "udp:::1:9201"])
        self.sim.serve(self.sim.host, "public", [f"udp:{self.sim.address}:9300"])
        self.expect_finding("SXT008", port=9300, protocol="UDP")
        self.assertEqual([f["port"] for f in self.daemon.findings()], [9300])

    def test_a_dropped_packet_of_an_intended_client_is_SXT009_with_the_kernels_reason_until_it_gets_through(self):
        self.start()
        self.sim.enforcement.drop(self.web.address, "tcp", 443)
        self.connects(STRANGER, self.web, 443, wanted="timeout")
        finding = self.expect_finding("SXT009", name="web", port=443)
        self.assertEqual(finding["severity"], "warning")
        self.assertIn("NETFILTER_DROP", finding["message"] + str(finding["evidence"]))

        self.sim.enforcement.drop_no_more(self.web.address, "tcp", 443)
        self.connects(STRANGER, self.web, 443)
        self.expect_resolved(finding)

    def test_a_refused_connection_to_a_closed_port_is_no_finding(self):
        self.start()
        self.sim.stop(self.sim.pods["edge/proxy"].processes[0])
        self.connects(STRANGER, self.sim.address, 8080, wanted="refused")
        self.connects(STRANGER, self.sim.address, 12345, wanted="refused")
        self.wait_for("the attempts", lambda: self.attempts("n1", 12345))
        self.expect_no_findings()

    def test_a_broken_manifest_is_SXT010_with_file_and_line_and_its_last_good_content_stays(self):
        self.start()
        self.sim.write_manifest("policy-shop-db.yaml", manifests.DB_POLICY.replace("app: web } }", "app: web }"))
        finding = self.expect_finding("SXT010", kind="Sextant")
        self.assertRegex(finding["message"] + str(finding["evidence"]), r"policy-shop-db\.yaml:\d+")
        self.assertEqual([f["code"] for f in self.daemon.findings()], ["SXT010"])
        self.assertEqual(self.row("db", "TCP", 5432, STRANGER)["intended"]["verdict"], "deny")

        self.sim.write_manifest("policy-shop-db.yaml", manifests.DB_POLICY)
        self.expect_resolved(finding)
