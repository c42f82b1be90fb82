"""A small cluster with random labels and addresses, the edges that its policies touch, and checks aimed at them."""

import ipaddress

APPS = ("web", "db", "api", "cli")
TIERS = ("front", "back")
TEAMS = ("ops", "dev")
PORT_NAMES = ("http", "https", "dns", "metrics")
ENTITIES = ("health", "ingress", "init")
PROTOCOLS = ("TCP", "UDP", "SCTP")


class Scenario:
    def __init__(self, name, family, rng):
        self.rng = rng
        self.id, self.family = name, family
        self.dual = rng.random() < 0.5
        self.cluster = {"name": "c1", "families": "dual" if self.dual else "ipv6", "node": "n1"}
        self.objects = []
        self.addresses = {"2001:db8:bad::1"}  # of sources, at the edges of what policies name
        self.ports = {(p, n) for p in ("TCP", "UDP") for n in (80, 8080)} | {("ICMPv6", 128), ("SCTP", 80)}
        self.pods, self.nodes, self.namespaces, self.groups = [], [], [], []
        self.aims = set()  # pods that a policy's subject was written for
        self._names = 0
        self._add_namespaces()
        self._add_nodes()
        self._add_pods()
        if rng.random() < 0.3:
            self._add_api_server()

    # ---- Cluster

    def _add_namespaces(self):
        for name in ("shop", "home", "ops")[: self.rng.randint(2, 3)]:
            labels = {"kubernetes.io/metadata.name": name}
            if self.rng.random() < 0.6:
                labels["team"] = self.rng.choice(TEAMS)
            if self.rng.random() < 0.3:
                labels["env"] = self.rng.choice(("prod", "test"))
            self.namespaces.append(name)
            self.add("v1", "Namespace", name, labels=labels)

    def _add_nodes(self):
        for number in range(1, self.rng.randint(2, 3) + 1):
            name = f"n{number}"
            labels = {"kubernetes.io/hostname": name, "kubernetes.io/arch": "amd64"}
            if self.rng.random() < 0.5:
                labels["type"] = self.rng.choice(("edge", "core"))
            if self.rng.random() < 0.3:
                labels["topology.kubernetes.io/zone"] = self.rng.choice(("a", "b"))
            if self.rng.random() < 0.3:
                labels["node-role.kubernetes.io/control-plane"] = ""
            addresses = [("InternalIP", f"2001:db8:1::{number}")]
            if self.dual:
                addresses.append(("InternalIP", f"192.0.2.{number}"))
            if self.rng.random() < 0.2:
                addresses.append(("ExternalIP", f"2600:1::{number}"))
            addresses.append(("Hostname", name))
            self.nodes.append(name)
            self.add("v1", "Node", name, labels=labels,
                     status={"addresses": [{"type": t, "address": a} for t, a in addresses]})

    def _add_pods(self):
        for number in range(self.rng.randint(5, 8)):
            ns, app = self.rng.choice(self.namespaces), self.rng.choice(APPS)
            node = self.rng.randrange(len(self.nodes)) + 1
            labels = {"app": app}
            if self.rng.random() < 0.6:
                labels["tier"] = self.rng.choice(TIERS)
            if self.rng.random() < 0.2:
                labels["app.kubernetes.io/name"] = app
            spec = {"nodeName": f"n{node}", "serviceAccountName": self.rng.choice(("default", app)),
                    "containers": self._containers()}
            ips = [f"2001:db8:10:{node}::{number + 10:x}"] + ([f"10.244.{node}.{number + 10}"] if self.dual else [])
            if self.rng.random() < 0.07:
                spec["hostNetwork"] = True
                ips = [f"2001:db8:1::{node}"]
            name = f"{app}-{number}"
            self.pods.append((f"{ns}/{name}", labels, ips[0]))
            self.add("v1", "Pod", name, ns, labels, spec=spec, status={"podIPs": [{"ip": ip} for ip in ips]})

    def _containers(self):
        containers = []
        for number in range(self.rng.choice((1, 1, 1, 2))):
            ports = []
            for name in self.rng.sample(PORT_NAMES, self.rng.randint(0, 3)):
                port = {"containerPort": self.rng.choice((53, 80, 443, 8080, 9090)), "name": name}
                if self.rng.random() < 0.7:
                    port["protocol"] = self.rng.choice(("TCP", "TCP", "UDP", "SCTP"))
                self.ports.add((port.get("protocol", "TCP"), port["containerPort"]))
                ports.append(port)
            if ports and self.rng.random() < 0.25:  # one name twice
                again = dict(ports[-1], containerPort=self.rng.choice((53, 8081)),
                             protocol=self.rng.choice(PROTOCOLS))
                ports.insert(self.rng.randrange(len(ports) + 1), again)
                self.ports.add((again["protocol"], again["containerPort"]))
            containers.append({"name": f"c{number}", "image": "example.org/app:1",
                **({"ports": ports} if ports else {})})
        return containers

    def _add_api_server(self):
        where = self.rng.choice(("2001:db8:1::1", "2001:db8:1::2", "2001:db8:9::6443"))
        self.addresses.add(where)
        self.objects.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                             "metadata": {"name": "kubernetes", "namespace": "default",
                                          "labels": {"kubernetes.io/service-name": "kubernetes"}},
                             "addressType": "IPv6", "endpoints": [{"addresses": [where]}],
                             "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]})

    def add(self, version, kind, name, ns=None, labels=None, **body):
        metadata = {"name": name} | ({"namespace": ns} if ns else {}) | ({"labels": labels} if labels else {})
        self.objects.append({"apiVersion": version, "kind": kind, "metadata": metadata, **body})

    def add_policy(self, version, kind, ns=None, **body):
        self._names += 1
        self.add(version, kind, f"p{self._names}", ns, **body)

    # ---- Edges

    def name_prefix(self, text):
        """Sources at the ends of a prefix and next to them."""
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return
        mapped = network.version == 6 and network[0].ipv4_mapped and network.prefixlen >= 96
        bits = network.max_prefixlen
        for value in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1):
            if not 0 <= value < 1 << bits:
                continue
            address = ipaddress.ip_address(value) if bits == 32 else ipaddress.IPv6Address(value)
            if mapped and address.version == 6 and address.ipv4_mapped:
                address = address.ipv4_mapped
            if self.dual or address.version == 6:
                self.addresses.add(str(address))

    def name_port(self, protocol, first, last=None):
        for p in PROTOCOLS if protocol in ("ANY", None, "") else (protocol,):
            for port in {first - 1, first, last or first, (last or first) + 1}:
                if 0 <= port <= 65535 and (p in PROTOCOLS or port <= 255) and not (p in PROTOCOLS and port == 0):
                    self.ports.add((p, port))

    # ---- Checks

    def _to(self):
        draw = self.rng.random()
        if draw < 0.06:
            return {"entity": self.rng.choice(ENTITIES)}
        if draw < (0.25 if self.cluster.get("enable-host-firewall") else 0.09):
            return {"node": self.rng.choice(self.nodes)}
        if self.aims and draw < 0.7:
            return {"pod": self.rng.choice(sorted(self.aims))}
        return {"pod": self.rng.choice(self.pods)[0]}

    def _from(self):
        draw = self.rng.random()
        if draw < 0.5:
            return {"address": self.rng.choice(sorted(self.addresses))}
        if draw < 0.8:
            return {"pod": self.rng.choice(self.pods)[0]}
        if draw < 0.92:
            return {"node": self.rng.choice(self.nodes)}
        return {"entity": self.rng.choice((*ENTITIES, "unmanaged"))}

    def finish(self, count):
        checks, seen = [], set()
        ports = sorted(self.ports)
        for _ in range(count * 3):
            protocol, port = self.rng.choice(ports)
            check = {"to": self._to(), "from": self._from(), "protocol": protocol, "port": port}
            if str(check) not in seen and len(checks) < count:
                seen.add(str(check))
                checks.append(check)
        self.rng.shuffle(self.objects)
        return {"id": self.id, "family": self.family, "cluster": self.cluster, "objects": self.objects,
                "checks": checks}
