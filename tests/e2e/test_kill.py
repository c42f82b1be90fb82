"""Killed at any moment, Sextant leaves the node as it was, and loses and doubles no finding."""

import json
import pathlib
import random
import re
import signal
import sqlite3
import time

import support
from simnode import Allow, DaemonFailed
from simnode.node import SCANNER, STRANGER
from support import NodeTest, needs, output, ran


def links():
    """Ids of the kernel's BPF links."""
    for _ in range(20):
        done = ran(["bpftool", "-j", "link", "show"])  # fails when one is freed while it looks at them
        if done.returncode == 0:
            return {link["id"] for link in json.loads(done.stdout)}
    raise AssertionError(f"bpftool link show: {done.stderr}")


def links_of(process):
    """Ids of the BPF links that the process holds (proc_pid_fdinfo(5))."""
    found = set()
    for file in pathlib.Path(f"/proc/{process.pid}/fdinfo").glob("*"):
        try:
            found.update(int(number) for number in re.findall(r"^link_id:\s*(\d+)", file.read_text(), re.M))
        except OSError:
            pass  # closed meanwhile
    return found


class Kill(NodeTest):
    def attached(self):
        """Programs on the node's devices."""
        net = json.loads(output(support.in_namespace(self.sim.node, "bpftool", "-j", "net")))
        return [entry for kind in net for entries in kind.values() for entry in entries]

    def qdiscs(self):
        return output(support.in_namespace(self.sim.node, "tc", "qdisc", "show"))

    def kill(self):
        """SIGKILL at this moment. Returns the links that it held then."""
        self.daemon.process.send_signal(signal.SIGSTOP)
        held = links_of(self.daemon.process)
        self.daemon.process.send_signal(signal.SIGKILL)
        self.daemon.process.wait()
        return held

    def expect_nothing_left(self, held, qdiscs):
        deadline = time.monotonic() + 10
        while self.attached() or links() & held:  # the kernel frees them a moment after the process
            self.assertLess(time.monotonic(), deadline, f"still attached: {self.attached()} {links() & held}")
            time.sleep(0.02)
        self.assertEqual(self.qdiscs(), qdiscs)

    @needs("bpftool")
    def test_killed_at_random_moments_nothing_stays_attached_and_no_finding_is_lost_or_doubled(self):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        qdiscs = self.qdiscs()
        self.sim.enforcement.unprotect(self.db.address)
        self.start()
        took_to_start = self.time_to_start()
        self.connects(STRANGER, self.db, 5432)
        reported = {self.expect_finding("SXT001", name="db", port=5432)["id"]}

        most = 0
        for moment in range(50):
            with self.subTest(seed=seed, moment=moment):
                delay = chance.uniform(0, took_to_start * (8 if support.FULL else 1.2))
                self.live_a_little(chance, delay, reported)
                held = self.kill()
                most = max(most, len(held))
                self.expect_nothing_left(held, qdiscs)
                self.check_store()
                self.daemon.start()

        self.assertGreater(most, 0, "no moment at which anything was attached")
        self.daemon.wait_ready(support.START_TIMEOUT)
        findings = self.daemon.view("findings?all=true")["findings"]
        ids = [f["id"] for f in findings]
        self.assertEqual(len(ids), len(set(ids)), f"doubled (seed {seed}): {sorted(ids)}")
        self.assertLessEqual(reported, set(ids), f"lost (seed {seed})")
        self.assertEqual([f["openings"] for f in findings if f["code"] == "SXT001" and f["port"] == 5432], [1], "a restart is no new opening")

    def time_to_start(self):
        self.daemon.stop()
        started = time.monotonic()
        self.daemon.start_and_wait(timeout=support.START_TIMEOUT)
        return time.monotonic() - started

    def live_a_little(self, chance, delay, reported):
        """Traffic that opens and feeds findings while the daemon starts or runs; notes what the API has told."""
        end = time.monotonic() + delay
        while time.monotonic() < end:
            port = chance.choice((5432, 22, 23, 80))
            self.sim.probe([{"source": chance.choice((STRANGER, SCANNER)), "to": self.db.address, "port": port, "timeout": 0.05}])
            try:
                reported.update(f["id"] for f in self.daemon.view("findings")["findings"])
            except (OSError, DaemonFailed):
                pass  # it does not answer yet

    def check_store(self):
        """The file is whole, and holds each finding once."""
        store = self.daemon.config["store"]["path"]
        connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
        try:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        finally:
            connection.close()

    @needs("bpftool")
    def test_SIGTERM_ends_it_with_status_0_and_nothing_attached(self):
        qdiscs = self.qdiscs()
        self.start()
        self.assertTrue(self.attached())
        held = links_of(self.daemon.process)
        self.assertTrue(held)
        self.assertEqual(self.daemon.stop(), 0)
        self.expect_nothing_left(held, qdiscs)
        self.assertFalse(self.daemon.socket.exists())

    def test_an_open_finding_outlives_a_restart_with_its_first_seen(self):
        self.start()
        self.sim.enforcement.unprotect(self.db.address)
        self.connects(STRANGER, self.db, 5432)
        before = self.expect_finding("SXT001", name="db", port=5432)
        self.daemon.stop()
        self.daemon.start_and_wait(timeout=support.START_TIMEOUT)
        after = self.expect_finding("SXT001", name="db", port=5432)
        self.assertEqual((after["id"], after["firstSeen"], after["openings"]), (before["id"], before["firstSeen"], 1))

        self.sim.enforcement.protect(self.db.address, [Allow("tcp", 5432, (self.web.address,))])
        self.connects(STRANGER, self.db, 5432, wanted="timeout")
        self.expect_resolved(after)
