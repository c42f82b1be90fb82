"""The fault proxy (fault_proxy.py) between the daemon and the cluster's API server, and what tests with it share."""

import json
import pathlib
import subprocess
import sys
import time

from kubernetes_case import SYNC_TIMEOUT, KubernetesTest
from simnode import SimNode, kernel

PROGRAM = pathlib.Path(__file__).with_name("fault_proxy.py")
PORT = 16443  # the node's network is the test's own
HELD = 1.5  # seconds that a fault lasts after it was met


class FaultProxy:
    """Context manager. From its making on the daemon's kubeconfig leads to it."""

    def __init__(self, cluster):
        self.cluster = cluster
        self._log = cluster.folder / "fault-proxy.log"
        self._log.touch()
        pki = cluster.folder / "pki"
        config = {"port": PORT, "server": cluster.server, "ca": str(pki / "ca.crt"), "certificate": str(pki / "apiserver.crt"),
                  "key": str(pki / "apiserver.key"), "log": str(self._log)}
        self._process = kernel.start(cluster.sim.node, cluster.sim.helpers, [sys.executable, str(PROGRAM), json.dumps(config)],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._expect("ready")
        cluster.write_kubeconfig(server=f"https://127.0.0.1:{PORT}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def set(self, *rules):
        self._order(rules=rules)

    def clear(self):
        self.set()

    def cut(self):
        self._order(cut=True)

    def freeze(self, frozen=True):
        self._order(freeze=frozen)

    def requests(self, since=0):
        """Those from the number `since` on."""
        return [json.loads(line) for line in self._log.read_text(encoding="utf-8").splitlines()[since:]]

    def _order(self, **order):
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self._expect("done")

    def _expect(self, word):
        line = self._process.stdout.readline().strip()
        if line != word:
            raise kernel.Failed(f"the fault proxy says {line!r} instead of {word!r}")


class FaultTest(KubernetesTest):
    """One node, server and proxy for all tests of a class; a daemon for each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = cls.enterClassContext(SimNode())
        cls.sim.populate()
        cls.web, cls.db, cls.admin = (cls.sim.pods[name] for name in ("shop/web", "shop/db", "ops/admin"))
        cls.populate_cluster(cls)
        cls.addClassCleanup(cls.cluster.remove)
        cls.proxy = cls.enterClassContext(FaultProxy(cls.cluster))

    def setUp(self):
        # Without a simulated node of its own.
        self.daemon = None
        self.proxy.clear()
        (self.sim.folder / "sextant.db").unlink(missing_ok=True)

    def start_and_look(self):
        self.start()
        self.wait_all_synced()
        self.expect_no_findings()
        self.before = self.picture()

    def break_all(self, *rules):
        """The rules hold for every answer from now on, and all connections are gone."""
        self.met_from = len(self.proxy.requests())
        self.proxy.set(*rules)
        self.proxy.cut()

    def met(self):
        """The requests that a rule was taken for since then."""
        return [r for r in self.proxy.requests(self.met_from) if r["do"] != "pass"]

    def hold(self, enough=bool):
        """Until the faults were met often enough, and a while longer: nothing is found that is not so. Then they are over."""
        self.wait_for("the fault was met", lambda: enough(self.met()), SYNC_TIMEOUT)
        end = time.monotonic() + HELD
        while time.monotonic() < end:
            self.assertLessEqual({f["code"] for f in self.daemon.findings()}, {"SXT005"})
            time.sleep(0.1)
        met = self.met()
        self.proxy.clear()
        self.proxy.cut()
        return met

    def expect_to_survive(self, *rules, enough=bool):
        self.start_and_look()
        self.break_all(*rules)
        met = []
        self.lose_and_restore(lambda: met.extend(self.hold(enough)))
        self.expect_the_same_as_before()
        return met

    def expect_the_same_as_before(self):
        self.expect_model_of_a_fresh_list()
        self.assertEqual(self.picture(), self.before)
        self.expect_only(("SXT005", "db"))
