"""A node whose pods Cilium's own agent protects, described by a real API server: what tests on it share."""

import json

import cilium_agent
import cluster
import support
from kubernetes_case import SYNC_TIMEOUT
from simnode import SimNode, kernel
from simnode.node import PUBLIC_SOURCES
from support import NodeTest, covers

OFFICES, GUESTS = "2001:db8:100::/48", "2001:db8:100:ffff::/64"
SCANNERS = "2a0a:e5c0::/32"
API_PORT = 6443

# Sockets of each pod, some of which no policy opens.
SERVED = {
    "web": ("tcp:any:443", "tcp:any:80", "udp:any:53", "udp:any:54"),
    "db": ("tcp:any:5432", "tcp:any:22"),
    "admin": ("tcp:any:8443", "tcp:any:9090"),
    "cache": ("tcp:any:7000", "tcp:any:7003", "tcp:any:7004", "udp:any:7002"),
}
# Ports without a socket, some of which a policy opens.
SILENT = {"web": (("TCP", 444),), "db": (("UDP", 5432),), "admin": (("TCP", 1),), "cache": (("TCP", 7001), ("UDP", 7001), ("UDP", 7004))}


def ports(*names, end=None):
    """ "443/TCP" """
    split = [name.split("/") for name in names]
    return [{"ports": [{"port": port, "protocol": protocol, **({"endPort": end} if end else {})} for port, protocol in split]}]


# What opens the pods; db to another pod only.
POLICIES = {
    "web": {"ingress": [{"fromEntities": ["world"], "toPorts": ports("443/TCP")},
                        {"fromCIDR": [OFFICES], "toPorts": ports("53/UDP")}]},
    "db": {"ingress": [{"fromEndpoints": [{"matchLabels": {"app": "web"}}], "toPorts": ports("5432/TCP")}]},
    "admin": {"ingress": [{"fromCIDRSet": [{"cidr": OFFICES, "except": [GUESTS]}], "toPorts": ports("8443/TCP")}]},
    "cache": {"ingress": [{"fromEntities": ["all"], "toPorts": ports("7000/ANY", end=7003)}],
              "ingressDeny": [{"fromCIDR": [SCANNERS]}]},
}


class CiliumTest(NodeTest):
    """One node for all tests of the class, because a Cilium takes ten seconds to start: each leaves it as it found it."""

    version = "1.19.3"
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = cilium_agent.programs(cls.version, may_build=support.FULL)
        cluster.build()
        cls.sim = cls.enterClassContext(SimNode())
        cls.cluster = cluster.Cluster(cls.sim, cls.sim.address, API_PORT)
        cls.addClassCleanup(cls.cluster.remove)
        cls.populate_cluster()
        cls.start_cilium(folder)
        for name, served in SERVED.items():
            setattr(cls, name, cls.add_pod(name, served))
            cls.cilium.enforces(lambda name=name: cls.allow(name))

    @classmethod
    def populate_cluster(cls):
        cls.pods = f"{cls.sim.prefix}:1::/112"
        cls.options = cilium_config(cls.pods)
        cls.cluster.add_account()
        cls.cluster.add_cilium(("v2", "v2alpha1"), f"v{cls.version}")
        cls.cluster.add_node("n1", cls.sim.address, cls.pods)
        cls.cluster.add_service_account("kube-system")
        cls.cluster.add_namespace("shop")
        cls.cluster.create("/api/v1/namespaces/kube-system/configmaps", {"metadata": {"name": "cilium-config"}, "data": cls.options})

    @classmethod
    def start_cilium(cls, folder):
        uid = cls.cluster.create_pod("kube-system", "cilium-x7k2p", {"k8s-app": "cilium"}, hostNetwork=True, container="cilium-agent",
                                     image=f"quay.io/cilium/cilium:v{cls.version}")
        pod = cls.sim.adopt_pod("kube-system", "cilium-x7k2p", cls.sim.node, uid, cls.sim.address, ())
        cls.cluster.set_pod_address(pod)
        cls.cilium = cilium_agent.Agent(cls.sim, folder, cls.cluster.folder / "kubeconfig", pod)
        cls.addClassCleanup(cls.cilium.remove)
        cls.cilium.start(cls.options)

    @classmethod
    def add_pod(cls, name, served):
        """As the API server, containerd and the kubelet bring one up."""
        uid = cls.cluster.create_pod("shop", name, {"app": name})
        netns = cls.sim.remains.namespace(f"shop-{name}")
        kernel.add_namespace(netns)
        pod = cls.sim.adopt_pod("shop", name, netns, uid, cls.cilium.add_pod("shop", name, uid, netns), served)
        cls.cluster.set_pod_address(pod)
        return pod

    @classmethod
    def remove_pod(cls, pod):
        cls.cluster.delete_pod(pod)
        cls.cilium.remove_pod(pod)
        cls.sim.remove_pod(pod)

    @classmethod
    def restart_cilium(cls):
        if cls.cilium.is_running():
            cls.cilium.stop()
        cls.cilium.start(cls.options)

    # Policies.

    @classmethod
    def allow(cls, name, **spec):
        """Applies the pod's policy; `spec`: another than that of POLICIES."""
        path = f"/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies/{name}?fieldManager=test&force=true"
        cls.cluster.ask("PATCH", path, {
            "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": name},
            "spec": {"endpointSelector": {"matchLabels": {"app": name}}, **(spec or POLICIES[name])}}, "application/apply-patch+yaml")

    @classmethod
    def forbid(cls, name):
        cls.cluster.ask("DELETE", f"/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies/{name}")

    # Services.

    def publish(self, name, address, ports):
        """The pod behind an external address and NodePorts, until the test ends. Returns the NodePorts."""
        services, slices = "/api/v1/namespaces/shop/services", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
        made = self.cluster.create(services, {"metadata": {"name": name}, "spec": {
            "type": "NodePort", "ipFamilies": ["IPv6"], "selector": {"app": name}, "externalIPs": [address],
            "ports": [{"name": f"p{port}", "port": port} for port in ports]}})
        self.addCleanup(self.cluster.ask, "DELETE", f"{services}/{name}")
        self.cluster.create(slices, {
            "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}}, "addressType": "IPv6",
            "endpoints": [{"addresses": [getattr(self, name).address], "conditions": {"ready": True}, "nodeName": "n1"}],
            "ports": [{"name": f"p{port}", "port": port, "protocol": "TCP"} for port in ports]})
        self.addCleanup(self.cluster.ask, "DELETE", f"{slices}/{name}-1")
        return [port["nodePort"] for port in made["spec"]["ports"]]

    def router_address(self):
        """Cilium's own on the node."""
        links = json.loads(kernel.run([*kernel.within(self.sim.node), "ip", "-6", "-json", "address", "show", "dev", "cilium_host"]))
        return next(a["local"] for a in links[0]["addr_info"] if a["scope"] == "global")

    # The daemon.

    def setUp(self):  # not NodeTest's, whose node is another
        self.daemon = None

    def make_daemon(self, name="sextant", **config):
        daemon = super().make_daemon(name, **config)
        daemon.config["source"] = {"kubernetes": {"kubeconfig": str(self.cluster.kubeconfig)}}
        daemon.config["cilium"] = config.get("cilium", {})  # the cluster says it
        return daemon

    def start_synced(self, **config):
        self.start(**config)
        self.wait_for("every kind is synced", lambda: all(s["healthy"] for s in self.daemon.view("status")["sources"]), SYNC_TIMEOUT)

    # What is true, and what Sextant says.

    def asks(self):
        """Every port of every pod, and the node's, from every public address."""
        places = [(name, *spec_of(spec)) for name, served in SERVED.items() for spec in served]
        places += [(name, *silent) for name, several in SILENT.items() for silent in several]
        places += [("n1", "TCP", API_PORT), ("n1", "TCP", 22)]
        return from_everywhere(places)

    def truth(self, asks):
        """(place, protocol, port, source) -> what became of a real attempt."""
        results = self.sim.probe([{"source": source, "to": self.address_of(place), "port": port, "protocol": protocol, "timeout": 1.5}
                                  for place, protocol, port, source in asks])
        return dict(zip(asks, results))

    def address_of(self, place):
        """A pod's, the node's; another address stands for itself."""
        return self.sim.address if place == "n1" else getattr(getattr(self, place, None), "address", place)

    def expect_the_truth(self, asks=None):
        """Sextant calls open exactly what is, and nothing unknown."""
        asks = asks or self.asks()
        true, exposure = self.truth(asks), self.daemon.view("exposure")["exposure"]
        told = {ask: told_of(exposure, *ask) for ask in asks}
        wrong = {ask: (true[ask], told[ask]) for ask in asks if told[ask] not in MEANT[true[ask]]}
        self.assertEqual(wrong, {}, "what became of attempts, and what Sextant says that can be reached")
        return true


def from_everywhere(places):
    return [(*place, source) for place in places for source in PUBLIC_SOURCES]


def spec_of(text):
    """ "tcp:any:443" """
    protocol, _, port = text.split(":")
    return protocol.upper(), int(port)


def told_of(exposure, place, protocol, port, source):
    """The verdicts of the policies and of the listening ports; what is not in the view is closed. A service's address is a door's."""
    for row in exposure:
        at = row["endpoint"]["address"] if row["door"] else row["endpoint"]["name"]
        same = (at, row["protocol"]) == (place, protocol) and row["port"] <= port <= row["endPort"]
        if same and covers(row["source"], source):
            return (row["verdict"], row["listening"]["verdict"] if row["listening"] else "unknown")
    return ("deny", "")


# A result of an attempt, and which verdicts of exposure and of the listening ports are true of it.
OPEN = {("allow", "allow")}
MEANT = {"connected": OPEN, "answered": OPEN, "timeout": {("deny", "")}, "refused": {("allow", "deny"), ("deny", "")}}


def cilium_config(pods):
    """kube-system/cilium-config of an IPv6 cluster with native routing and no kube-proxy; what is not named has Cilium's default."""
    return {
        "cluster-name": "default", "cluster-id": "0", "identity-allocation-mode": "crd",
        "enable-ipv4": "false", "enable-ipv6": "true", "ipam": "kubernetes",
        "routing-mode": "native", "ipv6-native-routing-cidr": pods, "devices": "eth0",
        "enable-ipv4-masquerade": "false", "enable-ipv6-masquerade": "false", "kube-proxy-replacement": "true",
        "cgroup-root": str(cilium_agent.CGROUP),
        # Nothing that takes a program or a peer that is not here: Envoy, Hubble's relay, other nodes.
        "enable-l7-proxy": "false", "enable-envoy-config": "false", "enable-hubble": "false",
        "enable-health-checking": "false", "enable-endpoint-health-checking": "false",
    }
