"""Services: their public addresses are doors of their own, found where nobody meant them, and what is tried there is booked to them."""

import json

from simnode import kernel, manifests
from simnode.node import STRANGER
from support import NodeTest

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{ namespace: shop, name: {name}, annotations: {{ {annotations} }} }}
spec:
  type: {type}
  selector: {{ app: {app} }}
  ports: [ {{ port: {port}, targetPort: {target}{node_port} }} ]
status: {{ loadBalancer: {{ ingress: [ {ingress} ] }} }}
"""

GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{ namespace: shop, name: edge }}
spec: {{ listeners: [ {{ name: cache, protocol: TCP, port: 80 }} ] }}
status: {{ addresses: [ {{ type: IPAddress, value: "{address}" }} ] }}
"""

CILIUM_NODE = "apiVersion: cilium.io/v2\nkind: CiliumNode\nmetadata: { name: n1 }\n"
CILIUM = {"kube-proxy-replacement": True, "bpf-lb-mode": "snat", "routing-mode": "native"}
KUBE_PROXY = {"kube-proxy-replacement": False}

# Who comes masqueraded from the node is let in; the internet is not.
FOR_THE_CLUSTER = manifests.DB_POLICY.replace("fromEndpoints: [ { matchLabels: { app: web } } ]", "fromEntities: [ cluster ]")


class Services(NodeTest):
    def setUp(self):
        super().setUp()
        self.vip = f"{self.sim.prefix}:f::80"
        self.sim.write_manifest("cilium-node.yaml", CILIUM_NODE)
        # A real node drops what no service has; without this route it would send it back to the internet.
        kernel.ip_batch(self.sim.node, [f"route add blackhole {self.vip}/128"])

    def load_balancer(self, annotations=""):
        """Before a pod that no policy selects."""
        if "shop/cache" not in self.sim.pods:
            self.cache = self.sim.add_pod("shop", "cache", "7", ["tcp:any:6379"])
        self.sim.write_manifest("service-cache.yaml", SERVICE.format(
            name="cache", type="LoadBalancer", app="cache", port=80, target=6379, node_port="", annotations=annotations,
            ingress=f'{{ ip: "{self.vip}" }}'))

    def translate(self, address, port, pod, target, masquerade=False):
        """What kube-proxy or Cilium would do."""
        after = f"ip6 daddr {pod.address} tcp dport {target} ct status dnat masquerade;" if masquerade else ""
        kernel.run([*kernel.within(self.sim.node), "nft", "-f", "-"], f"""
            table ip6 services {{
              chain pre {{
                type nat hook prerouting priority dstnat; policy accept;
                ip6 daddr {address} tcp dport {port} dnat to [{pod.address}]:{target}
              }}
              chain post {{ type nat hook postrouting priority srcnat; policy accept; {after} }}
            }}\n""")

    def exposure(self, name):
        return [e for e in self.daemon.view("exposure")["exposure"] if e["endpoint"]["name"] == name and e["door"]]

    def booked(self, endpoint, port):
        return next((a for a in self.daemon.view("attempts")["attempts"]
                     if a["endpoint"]["name"] == endpoint and a["port"] == port), None)

    def test_a_load_balancer_before_a_pod_without_a_policy_is_SXT011_until_somebody_says_that_it_is_meant(self):
        self.load_balancer()
        self.start(cilium=CILIUM)
        finding = self.expect_finding("SXT011", name="cache", kind="Service", port=80)
        self.assertEqual(finding["severity"], "critical")
        self.assertEqual(finding["endpoint"]["address"], self.vip)
        self.assertIn("shop/cache 6379", finding["message"])
        self.assertEqual(len(self.daemon.findings()), 1, f"one hole is one alert: {self.summary()}")
        door = self.exposure("cache")[0]["door"]
        self.assertEqual((door["kind"], door["intendedBy"]), ("LoadBalancer", ""))
        self.assertEqual(door["backends"][0]["source"], "kept")

        self.load_balancer(annotations='sextant.dev/public: "80"')
        self.assertIn("sextant.dev/public", self.expect_resolved(finding)["resolution"])
        self.load_balancer()
        self.assertEqual(self.expect_finding("SXT011", name="cache")["id"], finding["id"])
        self.sim.write_manifest("gateway.yaml", GATEWAY.format(address=self.vip))
        self.assertIn("Gateway shop/edge", self.expect_resolved(finding)["resolution"])

    def test_what_is_tried_at_a_services_address_is_booked_to_the_service(self):
        self.load_balancer()
        self.translate(self.vip, 80, self.cache, 6379)
        self.start(cilium=CILIUM)
        self.wait_for("the service's row", lambda: self.row("cache", "TCP", 80))
        self.connects(STRANGER, self.vip, 80)
        self.connects(STRANGER, self.vip, 81, wanted="timeout")
        seen = self.wait_for("the attempt", lambda: self.booked("cache", 80))
        self.assertEqual((seen["endpoint"]["kind"], seen["verdict"], seen["packets"]), ("Service", "allow", 1))
        self.assertEqual((seen["service"], seen["backends"]), ("shop/cache", ["shop/cache 6379"]))
        self.assertEqual(self.attempts("cache", 81), {"deny": 1})

    def test_services_that_share_an_address_are_told_apart_by_their_ports(self):
        for app, port in (("web", 443), ("db", 5432)):
            self.sim.write_manifest(f"service-{app}.yaml", SERVICE.format(
                name=app, type="LoadBalancer", app=app, port=port, target=port, node_port="", annotations="",
                ingress=f'{{ ip: "{self.vip}" }}'))
        self.translate(self.vip, 443, self.web, 443)
        self.start(cilium=CILIUM)
        self.connects(STRANGER, self.vip, 443)
        self.connects(STRANGER, self.vip, 5432, wanted="timeout")

        def booked():
            return {(a["port"], a["service"], a["verdict"]) for a in self.daemon.view("attempts")["attempts"]}

        self.wait_for("both attempts", lambda: booked() == {(443, "shop/web", "allow"), (5432, "shop/db", "deny")})
        self.expect_no_findings()

    def test_a_node_port_opens_a_closed_pod_to_whoever_comes_through_the_node(self):
        self.sim.write_manifest("policy-shop-db.yaml", FOR_THE_CLUSTER)
        self.start(cilium=KUBE_PROXY)
        self.wait_for("the pod's row", lambda: self.row("db", "TCP", 5432, STRANGER))
        self.assertEqual(self.row("db", "TCP", 5432, STRANGER)["intended"]["verdict"], "deny")
        self.expect_no_findings()

        self.sim.write_manifest("service-db.yaml", SERVICE.format(
            name="db", type="NodePort", app="db", port=5432, target=5432, node_port=", nodePort: 30432", annotations="", ingress=""))
        finding = self.expect_finding("SXT011", name="db", kind="Service", port=30432)
        self.assertIn("with the source translated", finding["message"])
        self.assertIn("externalTrafficPolicy: Local", finding["fix"])
        told = json.loads(self.cli("explain", "--to", self.sim.address, "--port", "30432", "--from", STRANGER, "-o", "json"))
        door, = told["doors"]
        self.assertEqual((told["verdict"], door["kind"], door["intendedBy"]), ("allow", "NodePort", ""))
        backend, = door["backends"]
        self.assertEqual((backend["name"], backend["entryNode"], backend["backend"]["source"]), ("shop/db 5432", "n1", "translated"))
        self.assertEqual([(seen["who"], seen["verdict"]) for seen in backend["seen"]], [("node/n1", "allow")])

        # The stand-in for Cilium looks before the masquerade; Cilium's programs at the pod look after it.
        self.sim.enforcement.unprotect(self.db.address)
        self.translate(self.sim.address, 30432, self.db, 5432, masquerade=True)
        self.connects(STRANGER, self.sim.address, 30432)
        seen = self.wait_for("the attempt", lambda: self.booked("n1", 30432))
        self.assertEqual((seen["service"], seen["backends"]), ("shop/db", ["shop/db 5432"]))
        self.assertEqual([f["code"] for f in self.daemon.findings()], ["SXT011"])

    def test_a_policy_that_names_the_internet_is_intent(self):
        self.sim.write_manifest("service-web.yaml", SERVICE.format(
            name="web", type="LoadBalancer", app="web", port=443, target=443, node_port=", nodePort: 30443", annotations="",
            ingress=f'{{ ip: "{self.vip}" }}'))
        self.start(cilium=CILIUM)
        rows = self.wait_for("the service's rows", lambda: self.exposure("web"))
        self.assertEqual({(r["door"]["kind"], r["door"]["intendedBy"]) for r in rows},
                         {("LoadBalancer", "CiliumNetworkPolicy shop/web"), ("NodePort", "CiliumNetworkPolicy shop/web")})
        self.expect_no_findings()
