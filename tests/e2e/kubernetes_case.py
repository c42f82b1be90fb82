"""What tests of the daemon on a real API server share: the cluster of a simulated node, and what the two say of it."""

import re
import urllib.parse

import cluster
import kube_client
from simnode import Allow
from support import START_TIMEOUT, NodeTest

SYNC_TIMEOUT = 60  # a server that starts, and a pause that may have grown to half a minute meanwhile
SERVED = (("web", 443), ("db", 5432), ("admin", 8443))


class KubernetesTest(NodeTest):
    @classmethod
    def setUpClass(cls):
        cluster.build()

    def setUp(self):
        super().setUp()
        self.populate_cluster()
        self.addCleanup(self.cluster.remove)

    def populate_cluster(self):
        """The simulated node's pods with their policies, in a cluster that enforces these."""
        self.cluster = cluster.Cluster(self.sim)
        self.cluster.add_account()
        self.cluster.add_node("n1", self.sim.address, f"{self.sim.prefix}:1::/64")
        for namespace in ("shop", "ops"):
            self.cluster.add_namespace(namespace)
        for name, port in SERVED:
            pod = getattr(self, name)
            self.cluster.add_pod(pod)
            self.cluster.allow(pod.namespace, name, port)
            self.sim.enforcement.protect(pod.address, [Allow("tcp", port)])

    def make_daemon(self, name="sextant", **config):
        daemon = super().make_daemon(name, **{"datapath": {"enabled": False}, **config})
        daemon.config["source"] = {"kubernetes": {"kubeconfig": str(self.cluster.kubeconfig)}, **config.get("source", {})}
        return daemon

    def restart_server(self, *flags):
        self.cluster.stop("kube-apiserver")
        self.cluster.start(*flags)

    # What the daemon says of its source.

    def sources(self):
        return {s["name"].removeprefix("kubernetes "): s for s in self.daemon.view("status")["sources"]}

    def source(self, resource):
        return self.sources()[resource]

    def wait_synced(self, resource="pods"):
        self.wait_for(f"{resource} are synced", lambda: self.source(resource)["healthy"], SYNC_TIMEOUT)

    def wait_unsynced(self, resource="pods"):
        return self.wait_for(f"{resource} are not synced", lambda: not self.source(resource)["healthy"] and self.source(resource), SYNC_TIMEOUT)

    def wait_all_synced(self):
        self.wait_for("every kind is synced", lambda: all(s["healthy"] for s in self.sources().values()), SYNC_TIMEOUT)

    def requests(self):
        """By verb, resource and status."""
        counts = {}
        for verb, resource, code, number in re.findall(
                r'sextant_kube_requests_total\{verb="(\w+)",resource="([^"]+)",code="(\d+)"\} (\d+)', self.daemon.get("/metrics")[1]):
            counts[verb, resource, code] = int(number)
        return counts

    # What must hold after whatever happened.

    def expect_model_of_a_fresh_list(self):
        """What the daemon holds of each kind is what the server lists now: every name, in its version."""
        differing = self.kinds_that_differ()
        if differing:
            self.wait_for("the model equals a fresh list", lambda: not self.kinds_that_differ(), SYNC_TIMEOUT)

    def kinds_that_differ(self):
        held = self.sources()
        listed = {resource: self.listed(resource) for resource, source in held.items() if "not served" not in source["detail"]}
        return {resource: (held[resource]["detail"], fresh) for resource, fresh in listed.items()
                if (int(held[resource]["objects"]), held[resource]["checksum"]) != fresh}

    def listed(self, resource):
        """How many objects, and their checksum."""
        plural, _, group = resource.partition(".")
        selector = ""
        if resource == "pods":
            selector = "spec.nodeName=n1"
        elif resource == "pods of other nodes":
            plural, selector = "pods", "spec.nodeName!=n1,spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"
        elif resource.startswith("configmaps "):
            plural, group, selector = "namespaces/kube-system/configmaps", "", "metadata.name=cilium-config"
        base = "/api/v1"
        if group:
            base = "/apis/" + self.cluster.ask("GET", f"/apis/{group}")["preferredVersion"]["groupVersion"]
        items = self.cluster.ask("GET", f"{base}/{plural}?fieldSelector={urllib.parse.quote(selector)}")["items"]
        return len(items), kube_client.checksum(items)

    def picture(self, daemon=None):
        """What follows from the model: the objects, and the verdict of every row."""
        daemon = daemon or self.daemon
        rows = [(r["endpoint"], r["protocol"], r["port"], r["endPort"], r["source"], r["intended"]["verdict"])
                for r in daemon.view("endpoints")["endpoints"]]
        return daemon.view("status")["objects"], rows

    def expect_model_of_a_fresh_start(self):
        """What the daemon has come to know is what one that starts now reads."""
        self.expect_model_of_a_fresh_list()
        fresh = self.make_daemon("fresh", api={"socket": str(self.sim.folder / "fresh.sock"), "listen": []})
        fresh.socket = self.sim.folder / "fresh.sock"
        fresh.start_and_wait(timeout=START_TIMEOUT)
        self.wait_for("the model equals that of a fresh start", lambda: self.picture() == self.picture(fresh))
        self.assertEqual(fresh.stop(), 0)

    def expect_only(self, *codes_and_names):
        """These findings there have been, open or resolved, and no others."""
        told = {(f["code"], f["endpoint"]["name"]) for f in self.daemon.view("findings?all=true")["findings"]}
        self.assertEqual(told, set(codes_and_names))

    def lose_and_restore(self, during=lambda: None):
        """The db's policy is deleted while something goes wrong: when that is over its finding opens, and is resolved again."""
        self.cluster.forbid("shop", "db")
        during()
        finding = self.expect_finding("SXT005", name="db", timeout=SYNC_TIMEOUT)
        self.cluster.allow("shop", "db", 5432)
        self.expect_resolved(finding, SYNC_TIMEOUT)
        self.wait_all_synced()
