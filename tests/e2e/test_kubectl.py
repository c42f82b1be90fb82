"""`kubectl sextant`: every node's daemon asked through a real API server's proxy to pods, whose port the internet finds silent."""

import base64
import json
import os
import subprocess

import cluster
import support
from simnode import kernel
from simnode.node import STRANGER
from support import START_TIMEOUT, NodeTest, in_namespace

PORT = 9713
PROXY = "http://127.0.0.1:8001"


class KubectlSextant(NodeTest):
    @classmethod
    def setUpClass(cls):
        cluster.build()

    def setUp(self):
        super().setUp()
        self.second_address = f"{self.sim.prefix}::20"
        kernel.run(in_namespace(self.sim.node, "ip", "addr", "add", f"{self.second_address}/128", "dev", "lo"))
        self.cluster = cluster.Cluster(self.sim)
        self.addCleanup(self.cluster.remove)
        self.cluster.add_account()
        self.cluster.add_node("n1", self.sim.address, f"{self.sim.prefix}:1::/64")
        self.cluster.add_node("n2", self.second_address, f"{self.sim.prefix}:2::/64")
        for namespace in ("shop", "ops"):
            self.cluster.add_namespace(namespace)
        self.cluster.add_pod(self.db)
        self.add_agent("sextant-a", "n1", self.sim.address)
        self.add_agent("sextant-b", "n2", self.second_address)

    def add_agent(self, name, node, address):
        """A pod as the DaemonSet makes it, on its node's network."""
        path = "/api/v1/namespaces/sextant/pods"
        self.cluster.create(path, {
            "metadata": {"name": name, "labels": {"app.kubernetes.io/name": "sextant"}},
            "spec": {"nodeName": node, "hostNetwork": True,
                     "containers": [{"name": "sextantd", "image": "example/sextant:1", "ports": [{"name": "http", "containerPort": PORT}]}]}})
        self.cluster.ask("PATCH", f"{path}/{name}/status", {"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}},
                         "application/merge-patch+json")

    def make_daemon(self, name="sextant", **config):
        daemon = super().make_daemon(name, **config)
        daemon.config["source"] = {"kubernetes": {"kubeconfig": str(self.cluster.kubeconfig)}}
        return daemon

    def start_first(self, **config):
        self.start(api={"listen": ["[::1]:9713", f"[{self.sim.address}]:{PORT}"], "from": ["cluster"]}, **config)

    def start_both(self, **config):
        self.start_first(**config)
        self.second = self.make_daemon("second", node={"name": "n2"}, datapath={"enabled": False}, api={
            "socket": str(self.sim.folder / "second.sock"), "listen": [f"[{self.second_address}]:{PORT}"], "from": ["cluster"]})
        self.second.start_and_wait(timeout=START_TIMEOUT)

    def plugin(self, *arguments, status=0, kubeconfig=None):
        """As kubectl runs it: by its name as a plugin."""
        program = self.sim.folder / "kubectl-sextant"
        if not program.exists():
            program.symlink_to(support.BUILD / "sextant")
        config = kubeconfig or self.cluster.folder / "kubeconfig"
        done = support.ran(in_namespace(self.sim.node, str(program), *arguments, "--timeout", "20s"),
                           env={**os.environ, "KUBECONFIG": f"/nowhere:{config}"})
        self.assertEqual(done.returncode, status, f"kubectl sextant {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done

    def seen(self, view, *arguments, **options):
        return json.loads(self.plugin(view, *arguments, "-o", "json", **options).stdout)

    def test_every_node_is_asked_and_each_element_says_which_it_is_of(self):
        self.start_both()
        self.assertEqual([node["node"] for node in self.seen("status")["nodes"]], ["n1", "n2"])
        self.assertEqual({row["node"] for row in self.seen("endpoints")["endpoints"]}, {"n1", "n2"})
        exposed = {(e["node"], e["endpoint"]["name"]) for e in self.seen("exposure")["exposure"]}
        self.assertEqual(exposed, {("n1", "n1"), ("n1", "db"), ("n2", "n2")})
        self.sim.serve(self.sim.host, "exporter", ["tcp:any:9100"])
        finding = self.expect_finding("SXT008", port=9100)
        self.assertIn(finding["id"], {f["id"] for f in self.seen("findings")["findings"] if f["node"] == "n1"})
        page = self.plugin("findings").stdout
        self.assertIn("NODE", page)
        self.assertIn(finding["id"], self.plugin("findings", finding["id"]).stdout)

    def test_the_port_is_silent_to_the_internet_and_is_no_finding(self):
        self.start_first()  # another process would be a socket of the node like any other
        self.connects(STRANGER, self.sim.address, PORT, wanted="timeout")
        self.sim.serve(self.sim.host, "exporter", ["tcp:any:9100"])
        self.expect_finding("SXT008", port=9100)
        self.assertEqual([f for f in self.daemon.findings("SXT008") if f["port"] == PORT], [])

    def test_a_node_that_joins_is_answered_and_one_that_leaves_is_not(self):
        self.start_both(datapath={"enabled": False})
        address = f"{self.sim.prefix}::30"
        kernel.run(in_namespace(self.sim.node, "ip", "addr", "add", f"{address}/128", "dev", "lo"))
        answers = in_namespace(self.sim.node, "curl", "-gsf", "--noproxy", "*", "--connect-timeout", "1", "--interface", address,
                               f"http://[{self.second_address}]:{PORT}/livez")
        self.assertNotEqual(support.ran(answers).returncode, 0)
        self.cluster.add_node("n3", address, f"{self.sim.prefix}:3::/64")
        self.wait_for("n3 is answered", lambda: support.ran(answers).returncode == 0)
        self.cluster.ask("DELETE", "/api/v1/nodes/n3")
        self.wait_for("n3 is not answered any more", lambda: support.ran(answers).returncode != 0)

    def test_a_node_that_does_not_answer_is_named_and_the_rest_is_printed(self):
        self.start_both(datapath={"enabled": False})
        self.second.stop()
        done = self.plugin("status", status=2)
        self.assertIn("node n2 is silent: pod sextant/sextant-b: 503", done.stderr)
        self.assertIn("2 nodes: ", done.stdout)
        self.assertEqual([s["node"] for s in self.seen("status", status=2)["silent"]], ["n2"])
        self.cluster.add_node("n3", f"{self.sim.prefix}::30", f"{self.sim.prefix}:3::/64")
        self.assertIn("node n3 is silent: no pod of Sextant is on it", self.plugin("exposure", status=2).stderr)

    def person(self, *rules):
        """A kubeconfig of somebody with these rights in Sextant's namespace and no others."""
        accounts = "/api/v1/namespaces/sextant/serviceaccounts"
        self.cluster.create(accounts, {"metadata": {"name": "person"}})
        roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/sextant"
        self.cluster.create(f"{roles}/roles", {"metadata": {"name": "person"}, "rules": list(rules)})
        self.cluster.create(f"{roles}/rolebindings", {
            "metadata": {"name": "person"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "person"},
            "subjects": [{"kind": "ServiceAccount", "namespace": "sextant", "name": "person"}]})
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        token = self.cluster.create(f"{accounts}/person/token", asked)["status"]["token"]
        ca = base64.b64encode((self.cluster.folder / "pki/ca.crt").read_bytes()).decode()
        config = self.sim.folder / "person.kubeconfig"
        config.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": {"server": self.cluster.server, "certificate-authority-data": ca}}],
            "users": [{"name": "person", "user": {"token": token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "person"}}]}), encoding="utf-8")
        return config

    def test_the_charts_role_is_enough_and_what_a_person_may_not_is_said(self):
        self.start_both(datapath={"enabled": False})
        listing = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
        proxying = {"apiGroups": [""], "resources": ["pods/proxy"], "verbs": ["get"]}
        person = self.person(listing, proxying)
        done = self.plugin("status", kubeconfig=person)
        self.assertIn("2 nodes: 2 well.", done.stdout)
        self.assertIn("nodes without Sextant cannot be named: list nodes: 403 Forbidden", done.stderr)
        self.cluster.ask("PATCH", "/apis/rbac.authorization.k8s.io/v1/namespaces/sextant/roles/person", {"rules": [listing]},
                         "application/merge-patch+json")
        refused = self.plugin("status", kubeconfig=person, status=2)
        self.assertIn('403 Forbidden: pods "http:sextant-a:9713" is forbidden', refused.stderr)

    def test_a_kubeconfig_that_needs_kubectl_goes_by_its_proxy(self):
        self.start_both(datapath={"enabled": False})
        config = self.sim.folder / "exec.kubeconfig"
        config.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": {"server": self.cluster.server}}],
            "users": [{"name": "me", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "login-helper"}}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}]}), encoding="utf-8")
        helped = self.plugin("status", kubeconfig=config, status=2).stderr
        self.assertIn("exec plugin 'login-helper' is not supported", helped)
        self.assertIn(f"--server {PROXY}", helped)
        command = '. "$0/cluster.env"; exec $KUBECTL --kubeconfig "$KUBECONFIG" proxy'
        proxy = kernel.start(self.sim.node, self.sim.helpers, ["sh", "-c", command, str(self.cluster.folder)],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.terminate)
        self.addCleanup(proxy.stdout.close)
        self.assertIn(b"8001", proxy.stdout.readline())
        self.assertIn("2 nodes: 2 well.", self.plugin("status", "--server", PROXY, kubeconfig=config).stdout)
