"""A flood from random sources: every packet is in the books, and nothing else suffers. The long form is bench/run flood."""

import os
import unittest.mock

import flood
import support
from support import NodeTest

SECONDS = 10
BUSY_SECONDS = 4
MEMORY = 16 << 20  # what may come of a flood; with the sanitizers, which keep what was freed for a while
# Bounds for a sanitized daemon on a busy machine; bench/run asks for 1 s and 5 %.
FINDING_SECONDS = 10
SHARE = 0.9


class Floods(NodeTest):
    def setUp(self):
        self.enterContext(unittest.mock.patch.dict(os.environ, {"ASAN_OPTIONS": "quarantine_size_mb=8"}))
        super().setUp()

    def test_every_packet_of_a_flood_is_in_the_books_and_a_real_disagreement_is_found_meanwhile(self):
        self.start()
        result = flood.flood(self.sim, self.daemon, support.BUILD, SECONDS)
        print(f"       {result.rate():,.0f} packets/s, {100 * result.share:.1f} % of a core, {result.growth >> 10:,} KiB more, "
              f"found after {1000 * result.finding_after:.0f} ms, {result.lost} lost by the device", flush=True)
        self.assertEqual(result.errors, [])
        self.assertGreater(sum(result.sent), 10_000)
        self.assertLess(result.finding_after, FINDING_SECONDS)
        self.assertLess(result.share, SHARE)
        self.assertLess(result.growth, MEMORY)
        for use in self.daemon.view("status")["maps"]:
            self.assertLessEqual(int(use["entries"]), int(use["capacity"]), use)
        self.assertEqual([f["code"] for f in self.daemon.findings()], ["SXT001"], self.summary())

    def test_a_port_where_every_packet_disagrees_makes_an_event_a_second_and_an_exact_count(self):
        self.start()
        result = flood.flood_busy_ports(self.sim, self.daemon, support.BUILD, BUSY_SECONDS)
        self.assertEqual(result.errors, [])
        for port in result.ports:
            self.assertGreater(port.arrived, 1000)
            self.assertEqual(port.counted, port.arrived, port.code)
        # Of each row one at once, and then one a second.
        self.assertLessEqual(result.events, len(result.ports) * (int(result.seconds) + 1))
        self.assertGreaterEqual(result.events, len(result.ports))
