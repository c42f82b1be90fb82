"""A long time of everything at once (only with --full): the picture stays right and memory does not grow."""

import os
import random
import time
import unittest.mock

import support
from simnode import Allow, manifests
from simnode.node import OFFICE, SCANNER, STRANGER
from support import NodeTest

MINUTES = 10


class Soak(NodeTest):
    def setUp(self):
        if not support.FULL:
            self.skipTest("only with --full")
        # What the sanitizer keeps of freed memory would hide a leak, or look like one.
        self.enterContext(unittest.mock.patch.dict(os.environ, {"ASAN_OPTIONS": "quarantine_size_mb=8"}))
        super().setUp()

    def test_after_minutes_of_random_changes_the_findings_are_those_of_the_state_and_memory_has_not_grown(self):
        self.seed = random.randrange(1 << 32)
        self.chance = random.Random(self.seed)
        self.extra = {}  # pods that come and go
        self.listener = None
        self.start(findings={"quiet": "5s"}, cilium={"settle": "1s"})

        self.live(until=time.monotonic() + 60)
        early = self.daemon.view("status")["residentBytes"]
        self.live(until=time.monotonic() + 60 * (MINUTES - 1))
        late = self.daemon.view("status")["residentBytes"]
        self.assertLess(late, early * 1.25 + (16 << 20), f"seed {self.seed}")

        self.repair()
        self.wait_for(f"nothing open, seed {self.seed}", lambda: not self.daemon.findings(), timeout=60)
        status = self.daemon.view("status")
        self.assertEqual(status["blindSpots"], [])
        self.assertEqual([p for p in status["programs"] if p["eventsLost"] or p["rowsLost"]], [])

    def live(self, until):
        actions = (self.pod_comes, self.pod_goes, self.enforcement_changes, self.policy_changes, self.listener_changes, self.strangers_try)
        while time.monotonic() < until:
            self.chance.choice(actions)()

    def pod_comes(self):
        if len(self.extra) < 8:
            number = self.chance.choice([n for n in range(16, 32) if n not in self.extra])
            self.extra[number] = self.sim.add_pod("shop", f"extra{number}", f"{number:x}", ["tcp:any:7000"])
            if self.chance.random() < 0.5:
                text = manifests.DB_POLICY.replace("name: db", f"name: extra{number}").replace("app: db", f"app: extra{number}")
                self.sim.write_manifest(f"policy-extra{number}.yaml", text)

    def pod_goes(self):
        if self.extra:
            number = self.chance.choice(sorted(self.extra))
            self.sim.remove_pod(self.extra.pop(number))
            (self.sim.folder / "manifests" / f"policy-extra{number}.yaml").unlink(missing_ok=True)

    def enforcement_changes(self):
        if self.chance.random() < 0.5:
            self.sim.enforcement.unprotect(self.db.address)
            self.sim.enforcement.drop(self.web.address, "tcp", 443)
        else:
            self.sim.enforcement.protect(self.db.address, [Allow("tcp", 5432, (self.web.address,))])
            self.sim.enforcement.drop_no_more(self.web.address, "tcp", 443)

    def policy_changes(self):
        whole, broken = manifests.DB_POLICY, manifests.DB_POLICY[:-8] + "{{"
        self.sim.write_manifest("policy-shop-db.yaml", self.chance.choice((whole, broken)))

    def listener_changes(self):
        if self.listener:
            self.sim.stop(self.listener)
            self.listener = None
        else:
            self.listener = self.sim.serve(self.sim.host, "exporter", ["tcp:any:9100", "udp:any:9101"])

    def strangers_try(self):
        pods = [self.web, self.db, self.admin, *self.extra.values()]
        self.sim.probe([{"source": self.chance.choice((STRANGER, SCANNER, OFFICE)), "to": self.chance.choice(pods).address,
                         "port": self.chance.choice((22, 443, 5432, 7000, 8443)), "timeout": 0.2} for _ in range(50)])

    def repair(self):
        while self.extra:
            self.pod_goes()
        self.sim.enforcement.protect(self.db.address, [Allow("tcp", 5432, (self.web.address,))])
        self.sim.enforcement.drop_no_more(self.web.address, "tcp", 443)
        self.sim.write_manifest("policy-shop-db.yaml", manifests.DB_POLICY)
        if self.listener:
            self.listener_changes()
