"""What the daemon asks of a real API server, and what asking leaves behind."""

import os
import time
import unittest.mock

import support
from faults import FaultTest

WARM, RELISTS, RELISTS_FULL = 30, 100, 1000
GROWTH = 8 << 20  # bytes
QUIET = 12  # seconds: less than the silence after which the server is asked whether it lives


class KubernetesRequests(FaultTest):
    def setUp(self):
        self.enterContext(unittest.mock.patch.dict(os.environ, {"ASAN_OPTIONS": "quarantine_size_mb=8"}))
        super().setUp()

    def asked(self, since):
        """How often each kind was asked for (the pods of this node and of others are two), and the rest of what was asked."""
        counts = {}
        for request in self.proxy.requests(since):
            what = request["path"] + (" of other nodes" if "nodeName!=" in request["query"] else "")
            counts[what] = counts.get(what, 0) + 1
        return counts

    def test_a_kind_costs_one_request_that_lists_and_watches_and_nothing_is_polled(self):
        since = len(self.proxy.requests())
        self.start_and_look()
        at_start = self.asked(since)
        watched = [r for r in self.proxy.requests(since) if r["watch"]]
        self.assertTrue(all(r["streams_list"] for r in watched))
        self.assertEqual(len(watched), sum("not served" not in s["detail"] for s in self.sources().values()))
        self.assertEqual({what: number for what, number in at_start.items() if number > 1}, {})
        time.sleep(QUIET)
        later = self.asked(since)
        counted = sum(self.requests().values())
        self.assertEqual(counted, sum(later.values()), "sextant_kube_requests_total knows them all")
        later.pop("/livez", None)  # of a machine that is slow: the server had been silent for long
        self.assertEqual(later, at_start, "while nothing happens nothing is asked")

    def test_relists_leave_nothing_behind(self):
        for number in range(200):
            self.cluster.create("/api/v1/namespaces/shop/services", {"metadata": {"name": f"s{number}"}, "spec": {"ports": [{"port": 80}]}})
        self.start_and_look()
        # After a second or more a list is no part of a hurry: it is made at once.
        self.proxy.set({"do": "expire", "after": 1.1, "watch": True})
        self.proxy.cut()
        since = len(self.proxy.requests())
        resident, files = self.after_relists(since, WARM)
        relists = RELISTS_FULL if support.FULL else RELISTS
        resident_after, files_after = self.after_relists(since, WARM + relists)
        self.proxy.clear()
        self.wait_all_synced()
        print(f"     {resident >> 10} KiB and {files} files after {WARM} lists, {resident_after >> 10} KiB and {files_after} files after {relists} more")
        self.assertLess(resident_after, resident + GROWTH)
        self.assertLessEqual(abs(files_after - files), 4)
        self.expect_model_of_a_fresh_list()
        self.assertEqual(self.picture(), self.before)
        self.expect_only()

    def after_relists(self, since, number):
        def lists():
            return sum(r["streams_list"] for r in self.proxy.requests(since))

        self.daemon.wait_for(f"{number} lists", lambda: lists() >= number, 60 + number, pause=0.5)
        files = len(os.listdir(f"/proc/{self.daemon.process.pid}/fd"))
        return int(self.daemon.view("status")["residentBytes"]), files
