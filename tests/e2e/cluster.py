"""A real API server (tests/kube-apiserver) in a simulated node's network, and what a test says to it."""

import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest
import uuid

import kube_client
from simnode import kernel

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "kube-apiserver"
FIRST_BUILD_TIMEOUT = 3600
CERTIFICATE_NAME = "sextant-certificate"  # whom the daemon's client certificate names

# Where etcd has the objects of a kind, below /registry.
STORED = {"Namespace": "namespaces", "Node": "minions", "Pod": "pods", "NetworkPolicy": "networkpolicies",
          "CiliumNetworkPolicy": "cilium.io/ciliumnetworkpolicies"}

# What the daemon may do: read. The tests take rights out of it and give them back.
RULES = [
    {"apiGroups": [""], "resources": ["namespaces", "nodes", "pods", "services"]},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]},
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies", "ingresses"]},
    {"apiGroups": ["gateway.networking.k8s.io"], "resources": ["gateways"]},
    {"apiGroups": ["policy.networking.k8s.io"], "resources": ["clusternetworkpolicies"]},
    {"apiGroups": ["cilium.io"], "resources": ["*"]},
    {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"]},
    {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["cilium-config"]},
]


def build():
    """The server's binary; a skip where it can be neither found nor built."""
    if shutil.which("go") is None:
        raise unittest.SkipTest("a real API server is built with Go, which is not installed")
    done = subprocess.run(["nice", "-n", "19", str(TOOLS / "build")], capture_output=True, text=True, check=False,
                          timeout=FIRST_BUILD_TIMEOUT)
    if done.returncode != 0:
        raise unittest.SkipTest(f"the API server does not build here: {done.stderr.strip().splitlines()[-1:]}")


class Cluster:
    def __init__(self, sim, address="127.0.0.1", port=None):
        """`address` and `port` of the server; no port: a free one."""
        self.sim = sim
        self._bind = [f"KUBE_BIND={address}", *([f"KUBE_PORT={port}"] if port else [])]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sextant-cluster-"))
        self.token_file = self.folder / "token"
        self.kubeconfig = self.folder / "sextant.kubeconfig"
        self.start()

    # The server.

    def start(self, *flags):
        self._tool("start", *flags)
        lines = (self.folder / "cluster.env").read_text(encoding="utf-8").splitlines()
        settings = dict(line.split("=", 1) for line in lines)
        self.server = settings["KUBE_SERVER"]
        self._api = self.connection()
        self._etcd = kube_client.Connection(self.sim.node, settings["KUBE_ETCD"])

    def stop(self, *programs):
        for program in programs or [None]:
            self._tool("stop", *([program] if program else []))

    def kill(self, program):
        """As a crash does it."""
        os.kill(int((self.folder / f"{program}.pid").read_text(encoding="ascii")), signal.SIGKILL)

    def compact(self):
        self._tool("compact")

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)

    def _tool(self, name, *arguments, stdin=None):
        return kernel.run([*kernel.within(self.sim.node), "env", *self._bind, str(TOOLS / name), str(self.folder), *arguments], stdin)

    # Its objects.

    def connection(self):
        """Another one than that of ask()."""
        return kube_client.kubernetes(self.sim.node, self.server, self.folder / "pki/ca.crt", "admin-token")

    def ask(self, method, path, body=None, kind="application/json", fails=False):
        status, answer = self._api.ask(method, path, body, kind)
        if status >= 400 and not fails:
            raise AssertionError(f"{method} {path}: {answer.get('message', answer)}")
        return answer

    def create(self, path, body):
        return self.ask("POST", path, body)

    def add_namespace(self, name):
        self.create("/api/v1/namespaces", {"metadata": {"name": name}})
        self.add_service_account(name)

    def add_service_account(self, namespace, name="default"):
        """Without one a namespace takes no pods."""
        self.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})

    def add_node(self, name, address, pods):
        self.create("/api/v1/nodes", {"metadata": {"name": name}, "spec": {"podCIDRs": [pods]}})
        self._set_status(f"/api/v1/nodes/{name}", {"addresses": [{"type": "InternalIP", "address": address}]})

    def add_pod(self, pod, node="n1"):
        """`pod` of the simulation. A static pod's annotation ties the API's object to the cgroup that is there already."""
        self.create_pod(pod.namespace, pod.name, {"app": pod.name}, node, annotations={"kubernetes.io/config.mirror": pod.uid})
        self.set_pod_address(pod)

    def create_pod(self, namespace, name, labels, node="n1", image="example/main:1", container="main", annotations=None, **spec):
        """One that has no address yet. Returns the uid that the server gave it."""
        made = self.create(f"/api/v1/namespaces/{namespace}/pods", {
            "metadata": {"name": name, "labels": labels, "annotations": annotations or {}},
            "spec": {"nodeName": node, "containers": [{"name": container, "image": image}], **spec}})
        return made["metadata"]["uid"]

    def set_pod_address(self, pod):
        self._set_status(f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}", {"phase": "Running", "podIPs": [{"ip": pod.address}]})

    def delete_pod(self, pod):
        self.ask("DELETE", f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}?gracePeriodSeconds=0")

    def add_many(self, number, pod, policy):
        """So many pods and policies, at once and past the API: `pod(i)` and `policy(i)` give namespace, name and the rest."""
        objects = []
        for kind, version, count, make in (("Pod", "v1", number[0], pod), ("NetworkPolicy", "networking.k8s.io/v1", number[1], policy)):
            for i in range(count):
                namespace, name, labels, rest = make(i)
                objects.append({"kind": kind, "apiVersion": version, "metadata": {"namespace": namespace, "name": name, "labels": labels}, **rest})
        self.put(objects)

    def put(self, objects):
        """At once and past the API."""
        stored = {}
        for one in objects:
            made = {"uid": str(uuid.uuid4()), "creationTimestamp": "2026-01-01T00:00:00Z", **one["metadata"]}
            place = "/".join(part for part in (STORED[one["kind"]], made.get("namespace"), made["name"]) if part)
            stored[f"/registry/{place}"] = {**one, "metadata": made}
        kube_client.put_into_etcd(self._etcd, stored)

    def _set_status(self, path, status):
        self.ask("PATCH", f"{path}/status", {"status": status}, "application/merge-patch+json")

    def allow(self, namespace, app, port):
        """A NetworkPolicy that opens one port to everybody."""
        self.create(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", {
            "metadata": {"name": app},
            "spec": {"podSelector": {"matchLabels": {"app": app}}, "policyTypes": ["Ingress"],
                     "ingress": [{"ports": [{"port": port, "protocol": "TCP"}]}]}})

    def forbid(self, namespace, app):
        self.ask("DELETE", f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies/{app}")

    # The daemon's account.

    def add_account(self):
        self.add_namespace("sextant")
        self.add_service_account("sextant", "sextant")
        self.create("/apis/rbac.authorization.k8s.io/v1/clusterroles", {"metadata": {"name": "sextant"}, "rules": []})
        self.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
            "metadata": {"name": "sextant"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "sextant"},
            "subjects": [{"kind": "ServiceAccount", "namespace": "sextant", "name": "sextant"},
                         {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": CERTIFICATE_NAME}]})
        self.grant()
        self.token_file.write_text(self.new_token(), encoding="ascii")
        self.write_kubeconfig()

    def write_kubeconfig(self, server=None, **user):
        """Of the daemon. `user`: what it shows instead of its token."""
        ca = base64.b64encode((self.folder / "pki/ca.crt").read_bytes()).decode()
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": {"server": server or self.server, "certificate-authority-data": ca}}],
            "users": [{"name": "sextant", "user": user or {"tokenFile": "token"}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "sextant"}}]}), encoding="utf-8")

    def grant(self, *without):
        """All rights but those to the resources named."""
        rules = [{**rule, "verbs": ["list", "watch"], "resources": [r for r in rule["resources"] if r not in without]} for rule in RULES]
        self.ask("PATCH", "/apis/rbac.authorization.k8s.io/v1/clusterroles/sextant",
                 {"rules": [rule for rule in rules if rule["resources"]]}, "application/merge-patch+json")

    def new_token(self):
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        return self.create("/api/v1/namespaces/sextant/serviceaccounts/sextant/token", asked)["status"]["token"]

    def sign(self, name, subject, extensions, days=1):
        """A certificate by the cluster's CA: pki/NAME.crt and .key. days=-1: one that has expired."""
        pki = self.folder / "pki"
        kernel.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{pki}/{name}.key.new",
                    "-out", f"{pki}/{name}.csr", "-subj", subject])
        (pki / f"{name}.extensions").write_text(extensions, encoding="ascii")
        kernel.run(["openssl", "x509", "-req", "-in", f"{pki}/{name}.csr", "-CA", f"{pki}/ca.crt", "-CAkey", f"{pki}/ca.key",
                    "-CAcreateserial", "-days", str(days), "-extfile", f"{pki}/{name}.extensions", "-out", f"{pki}/{name}.crt.new"])
        for end in ("key", "crt"):
            os.replace(pki / f"{name}.{end}.new", pki / f"{name}.{end}")

    def short_token(self, seconds):
        return self._tool("short-token", str(seconds), stdin=self.new_token()).strip()

    def add_cilium(self, files=("v2/ciliumnetworkpolicies.yaml",), version="v1.19.3"):
        """Cilium's own definitions of kinds: files, or folders of them."""
        crds = pathlib.Path(kernel.run([str(TOOLS / "cilium-crds"), version]).strip())
        self.kubectl("apply", "--server-side", *(f"--filename={crds / file}" for file in files))

    def kubectl(self, *arguments):
        script = '. "$0/cluster.env"; exec $KUBECTL --kubeconfig "$KUBECONFIG" "$@"'
        return kernel.run([*kernel.within(self.sim.node), "sh", "-c", script, str(self.folder), *arguments])
