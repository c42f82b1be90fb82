"""The daemon on a real API server behind a proxy that breaks, delays, doubles and disorders its answers."""

import functools
import time

import support
from faults import HELD, PORT, FaultTest
from kubernetes_case import SYNC_TIMEOUT
from simnode import kernel

SILENCE = 60  # seconds within which a peer that is gone must have been noticed


def only_full(test):
    """What takes its time, or is much like another that does not."""
    def run(self):
        if not support.FULL:
            self.skipTest("only with --full")
        test(self)

    return functools.wraps(test)(run)


class KubernetesFaults(FaultTest):
    def test_a_server_that_is_too_busy_is_asked_again_when_it_said(self):
        def tries(met):
            times = {}
            for request in met:
                times.setdefault((request["path"], request["query"].split("fieldSelector")[-1]), []).append(request["time"])
            return times

        def asked_again(met):
            return any(len(times) > 1 for times in tries(met).values())

        met = self.expect_to_survive({"do": "answer", "status": 429, "headers": {"Retry-After": "2"}, "body": "busy"}, enough=asked_again)
        pauses = [later - earlier for times in tries(met).values() for earlier, later in zip(times, times[1:])]
        self.assertEqual([pause for pause in pauses if pause < 2], [])

    def test_a_server_with_an_internal_error(self):
        self.expect_to_survive({"do": "answer", "status": 500, "body": '{"kind":"Status","code":500,"message":"etcd"}'})

    def test_answers_that_break_off(self):
        self.expect_to_survive({"do": "truncate", "after": 300})

    def test_answers_that_are_garbled(self):
        self.expect_to_survive({"do": "garble", "after": 200})

    @only_full
    def test_garbage_instead_of_answers(self):
        self.expect_to_survive({"do": "answer", "status": 200, "body": "\u0000<html>", "headers": {"Content-Type": "text/html"}})

    def test_answers_that_drip(self):
        self.expect_to_survive({"do": "drip", "pause": 0.1})

    @only_full
    def test_answers_of_which_only_the_header_comes(self):
        self.expect_to_survive({"do": "mute"})

    @only_full
    def test_answers_that_never_come(self):
        self.expect_to_survive({"do": "never"})

    @only_full
    def test_watches_that_break_off_again_and_again(self):
        self.expect_to_survive({"do": "close", "after": 0.2, "watch": True})

    def test_versions_that_expire_at_once(self):
        self.expect_to_survive({"do": "expire", "after": 0.1, "watch": True})

    def test_events_that_come_twice(self):
        self.start_and_look()
        self.proxy.set({"do": "twice", "watch": True})
        self.proxy.cut()
        for _ in range(3):
            self.lose_and_restore()
        self.expect_the_same_as_before()

    def test_events_that_come_in_the_wrong_order(self):
        self.start_and_look()
        self.break_all({"do": "swap", "within": 0.5, "watch": True, "streams_list": False})
        self.wait_all_synced()
        for _ in range(6):
            self.cluster.forbid("shop", "db")
            self.cluster.allow("shop", "db", 5432)
        self.wait_for("a new list", lambda: any(r["streams_list"] for r in self.proxy.requests(self.met_from)), SYNC_TIMEOUT)
        self.hold()
        self.lose_and_restore()
        self.expect_the_same_as_before()

    def test_at_the_start_nothing_is_found_while_policies_drip(self):
        self.proxy.set({"do": "drip", "pause": 0.05, "path": "networkpolicies"})
        self.start_unready()
        time.sleep(HELD)
        self.assertEqual(self.summary(), [])
        self.assertEqual(self.daemon.get("/readyz")[0], 503)
        self.proxy.clear()
        self.proxy.cut()
        self.wait_for("it is ready", lambda: self.daemon.get("/readyz")[0] == 200, SYNC_TIMEOUT)
        self.wait_all_synced()
        self.expect_model_of_a_fresh_start()
        self.expect_only()

    # A peer that is gone without a word.

    def lose_packets(self):
        both_ways = [f"iif lo tcp {end} {PORT} drop" for end in ("dport", "sport")]
        lines = ["table inet lost {", "chain input {", "type filter hook input priority 0;", *both_ways, "}", "}"]
        kernel.run([*kernel.within(self.sim.node), "nft", "-f", "-"], "\n".join(lines) + "\n")
        self.addCleanup(self.lose_no_more)

    def lose_no_more(self):
        kernel.run([*kernel.within(self.sim.node), "nft", "-f", "-"], "table inet lost\ndelete table inet lost\n")

    def expect_noticed(self):
        begun = time.monotonic()
        self.wait_for("the silence is noticed", lambda: not self.source("networkpolicies.networking.k8s.io")["healthy"], SILENCE + 10)
        self.assertLess(time.monotonic() - begun, SILENCE)
        self.assertEqual(self.daemon.findings("SXT005"), [])

    def test_half_open_connections_are_noticed_within_a_minute(self):
        self.start_and_look()
        self.lose_packets()
        self.cluster.forbid("shop", "db")
        self.expect_noticed()
        self.lose_no_more()
        finding = self.expect_finding("SXT005", name="db", timeout=SYNC_TIMEOUT)
        self.cluster.allow("shop", "db", 5432)
        self.expect_resolved(finding, SYNC_TIMEOUT)
        self.wait_all_synced()
        self.expect_the_same_as_before()

    @only_full
    def test_a_server_that_hangs_is_noticed_within_a_minute(self):
        self.start_and_look()
        self.proxy.freeze()
        self.addCleanup(self.proxy.freeze, False)
        self.lose_and_restore(lambda: (self.expect_noticed(), self.proxy.freeze(False)))
        self.expect_the_same_as_before()
