"""Uplinks that come, go, are deleted, and have no Ethernet header."""

import time

from simnode import kernel
from simnode.node import STRANGER
from support import NodeTest, ipv6, tcp_syn


class Uplinks(NodeTest):
    def uplinks(self):
        return sorted(self.daemon.view("status")["uplinks"])

    def by_second_uplink(self, pod):
        """From now on the internet's packets to the pod come by eth1."""
        kernel.ip_batch(self.sim.inet, [f"route replace {pod.address}/128 via {self.sim.prefix}:2::10 dev eth1"])

    def add_second_uplink(self):
        self.sim.add_uplink("eth1", f"{self.sim.prefix}:2::10", f"{self.sim.prefix}:2::1")

    def test_an_uplink_added_while_running_is_watched(self):
        self.start()
        self.add_second_uplink()
        self.wait_for("eth1 is an uplink", lambda: self.uplinks() == ["eth0", "eth1"])
        self.by_second_uplink(self.web)
        self.connects(STRANGER, self.web, 443)
        self.wait_for("the attempt by eth1", lambda: self.attempts("web", 443) == {"allow": 1})
        self.by_second_uplink(self.db)
        self.sim.enforcement.unprotect(self.db.address)
        self.connects(STRANGER, self.db, 5432)
        self.expect_finding("SXT001", name="db", port=5432)

    def test_an_uplink_that_loses_its_route_is_watched_no_more(self):
        self.add_second_uplink()
        self.start()
        self.assertEqual(self.uplinks(), ["eth0", "eth1"])
        kernel.ip_batch(self.sim.node, ["route del ::/0 dev eth1"])
        self.wait_for("eth1 is no uplink", lambda: self.uplinks() == ["eth0"])
        self.by_second_uplink(self.web)
        self.connects(STRANGER, self.web, 443)
        time.sleep(0.5)
        self.assertEqual(self.attempts("web", 443), {})

    def test_an_uplink_deleted_and_made_again_is_watched_again(self):
        self.add_second_uplink()
        self.start()
        kernel.ip_batch(self.sim.node, ["link del eth1"])
        self.wait_for("eth1 is gone", lambda: self.uplinks() == ["eth0"])
        self.connects(STRANGER, self.web, 443)
        self.wait_for("eth0 still counts", lambda: self.attempts("web", 443) == {"allow": 1})
        self.add_second_uplink()
        self.wait_for("eth1 is back", lambda: self.uplinks() == ["eth0", "eth1"])
        self.by_second_uplink(self.web)
        self.connects(STRANGER, self.web, 443)
        self.wait_for("eth1 counts", lambda: self.attempts("web", 443) == {"allow": 2})
        self.expect_no_findings()

    def test_a_node_without_an_uplink_waits_for_one(self):
        kernel.ip_batch(self.sim.node, ["route del ::/0 dev eth0"])
        self.start_unready()
        self.assertEqual(self.uplinks(), [])
        kernel.ip_batch(self.sim.node, [f"route add ::/0 via {self.sim.router} dev eth0"])
        self.daemon.wait_ready()
        self.wait_for("eth0 is an uplink", lambda: self.uplinks() == ["eth0"])
        self.connects(STRANGER, self.web, 443)
        self.wait_for("the attempt", lambda: self.attempts("web", 443) == {"allow": 1})

    def test_a_named_uplink_that_is_missing_is_SXT010_until_it_is_there(self):
        self.start_unready(uplinks=["eth0", "wan7"])
        finding = self.expect_finding("SXT010")
        self.assertIn("wan7", finding["message"])
        self.sim.add_uplink("wan7", f"{self.sim.prefix}:2::10", f"{self.sim.prefix}:2::1", default_route=False)
        self.expect_resolved(finding)
        self.wait_for("both are uplinks", lambda: self.uplinks() == ["eth0", "wan7"])

    def test_an_uplink_without_an_Ethernet_header_is_watched(self):
        self.start()
        self.sim.inject("tun", "tailscale0", [], netns=self.sim.node)
        kernel.ip_batch(self.sim.node, ["link set tailscale0 up", "route add ::/0 dev tailscale0 metric 50000"])
        self.wait_for("tailscale0 is an uplink", lambda: self.uplinks() == ["eth0", "tailscale0"])

        source = "2001:db8:7::7"
        syns = [ipv6(source, self.db.address, 6, tcp_syn(source, self.db.address, 40000 + n, 5432)) for n in range(3)]
        self.sim.inject("tun", "tailscale0", syns, netns=self.sim.node)
        self.wait_for("three attempts", lambda: self.attempts("db", 5432) == {"deny": 3})

        self.sim.enforcement.unprotect(self.db.address)
        self.sim.inject("tun", "tailscale0", syns[:1], netns=self.sim.node)
        finding = self.expect_finding("SXT001", name="db", port=5432)
        self.assertEqual(finding["source"]["sample"], source)
