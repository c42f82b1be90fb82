"""SimNode: the simulated node itself.

    inet (the internet: a router with many public addresses)
      | eth0
    node (eth0: the uplink; forwarding; nftables for the CNI; a hostNetwork pod and host processes live here)
      | lxc-NAME, one veth and one /128 route each
    shop-web, shop-db, ops-admin, ... (pods)

Addresses come from the documentation prefix 3fff::/20 with the node's number in them, so that nodes side by side differ.
"""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import uuid

from . import kernel, manifests
from .enforcement import Allow, Enforcement
from .remains import Remains, clean_remains, end_processes, remove_cgroup

# Where "the internet" connects from. The third is in the prefix that the admin's policy allows.
STRANGER = "2600:1::7"
SCANNER = "2a0a:e5c0::bad"
OFFICE = "2001:db8:100::1"
PUBLIC_SOURCES = (STRANGER, SCANNER, OFFICE, "2001:db8:100:ffff::2", "2001:db8:200::1", "2400:cb00::1")


@dataclasses.dataclass
class Pod:
    """A pod, or (with no uid) something on the host: where it lives and what runs in it."""

    namespace: str
    name: str
    netns: str
    cgroup: pathlib.Path
    address: str
    uid: str = ""
    processes: list = dataclasses.field(default_factory=list)


class SimNode:
    """Context manager. Leaving it, the process's end, SIGINT, SIGTERM and SIGHUP all take everything away."""

    def __init__(self, cgroup_driver="systemd"):
        self._driver = cgroup_driver
        self._clients = {}
        self._fresh = set()  # namespaces with links that are new since the last packet
        self._injectors = {}
        self._kept = False
        self.pods = {}

    def __enter__(self):
        self._lock = kernel.only_one()
        clean_remains()
        self.cgroup_root = kernel.cgroup2_mount()
        self.remains = Remains.make()
        self.folder = self.remains.folder
        self.inet, self.node = self.remains.namespace("inet"), self.remains.namespace("node")
        self.prefix = f"3fff:{int(self.remains.ident, 16):x}"
        self.address, self.router = f"{self.prefix}::10", f"{self.prefix}::1"
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        try:
            self._build()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        if self._kept:
            return
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C does not leave half of it
        for helper in [*self._clients.values(), *self._injectors.values()]:
            helper.kill()
            helper.communicate()
        self.remains.remove()
        os.close(self._lock)

    def keep(self):
        """Leaves everything running when the context ends; `python3 -m simnode cleanup` removes it."""
        self.remains.keep()
        self._kept = True

    # Building.

    def _build(self):
        (self.folder / "manifests").mkdir()
        for namespace in (self.inet, self.node):
            kernel.add_namespace(namespace)
        kernel.write_sysctls(self.inet, {"net.ipv6.conf.all.forwarding": 1})
        kernel.write_sysctls(self.node, {"net.ipv6.conf.all.forwarding": 1})
        self.add_uplink("eth0", self.address, self.router)
        kernel.ip_batch(self.inet, [f"address add {source}/128 dev lo nodad" for source in PUBLIC_SOURCES])
        kernel.ip_batch(self.inet, [f"route add {self.prefix}::/32 via {self.address}"])
        self.enforcement = Enforcement(self.node)
        self.helpers = self.remains.make_cgroup(self.cgroup_root / f"sextant-sim-{self.remains.ident}.scope")
        self.host = self._host_process("host.service")
        self.write_manifest("cluster.yaml", manifests.CLUSTER.format(node=self.address, pods=f"{self.prefix}:1::/64"))

    def add_uplink(self, name, address, router, default_route=True):
        """A veth to the internet. The default route makes it an uplink."""
        self._fresh |= {self.inet, self.node}
        kernel.ip_batch(self.node, [
            f"link add {name} type veth peer name {name} netns {self.inet}",
            f"address add {address}/64 dev {name} nodad", f"link set {name} up"])
        kernel.ip_batch(self.inet, [f"address add {router}/64 dev {name} nodad", f"link set {name} up"])
        if default_route:
            metric = 1024 + len(name) + sum(name.encode())  # two defaults of one metric would be one multipath route
            kernel.ip_batch(self.node, [f"route add ::/0 via {router} dev {name} metric {metric}"])

    def poll_uplink(self, name):
        """Lets the uplink's device receive as a real one does, by NAPI and with GRO; frames of XDP reach a veth only so."""
        kernel.run([*kernel.within(self.node), sys.executable, "-S", kernel.INSIDE, "gro", name])

    def populate(self):
        """The shop: three pods, a proxy in the host's network, their policies, and an enforcement that agrees with them."""
        web = self.add_pod("shop", "web", "4", ["tcp:any:443"])
        db = self.add_pod("shop", "db", "5", ["tcp:any:5432"])
        admin = self.add_pod("ops", "admin", "6", ["tcp:any:8443"])
        self.add_host_pod("edge", "proxy", ["tcp:any:8080"])
        self.enforcement.protect(web.address, [Allow("tcp", 443)])
        self.enforcement.protect(db.address, [Allow("tcp", 5432, (web.address,))])
        self.enforcement.protect(admin.address, [Allow("tcp", 8443, ("2001:db8:100::/48",))])
        for name, text in (("shop-web", manifests.WEB_POLICY), ("shop-db", manifests.DB_POLICY),
                           ("ops-admin", manifests.ADMIN_POLICY), ("node", manifests.NODE_POLICY)):
            self.write_manifest(f"policy-{name}.yaml", text)

    def add_pod(self, namespace, name, host_part, serves, described=True):
        """A pod with a public address of its own, as it is after the CNI and the container runtime have done their work.

        described=False: nobody writes its manifest.
        """
        netns, link = self.remains.namespace(f"{namespace}-{name}"), f"lxc-{name}"[:15]
        address, uid = f"{self.prefix}:1::{host_part}", str(uuid.uuid4())
        kernel.add_namespace(netns)
        self._fresh |= {self.node, netns}
        kernel.ip_batch(self.node, [
            f"link add {link} type veth peer name eth0 netns {netns}",
            f"address add fe80::1/64 dev {link} nodad", f"link set {link} up", f"route add {address}/128 dev {link}"])
        kernel.ip_batch(netns, [
            f"address add {address}/128 dev eth0 nodad", "link set eth0 up", "route add ::/0 via fe80::1 dev eth0"])
        pod = Pod(namespace, name, netns, self._pod_cgroup(uid), address, uid)
        return self._start_pod(pod, serves, host_network=False, described=described)

    def adopt_pod(self, namespace, name, netns, uid, address, serves):
        """A pod whose network somebody else has made, and which nobody writes a manifest of."""
        self._fresh |= {self.node, netns}
        pod = Pod(namespace, name, netns, self._pod_cgroup(uid), address, uid)
        return self._start_pod(pod, serves, host_network=netns == self.node, described=False)

    def add_host_pod(self, namespace, name, serves):
        uid = str(uuid.uuid4())
        pod = Pod(namespace, name, self.node, self._pod_cgroup(uid), self.address, uid)
        return self._start_pod(pod, serves, host_network=True)

    def remove_pod(self, pod):
        (self.folder / "manifests" / f"pod-{pod.namespace}-{pod.name}.yaml").unlink(missing_ok=True)
        end_processes(lambda: kernel.cgroup_processes(pod.cgroup))
        remove_cgroup(pod.cgroup)
        remove_cgroup(pod.cgroup.parent)
        if pod.netns != self.node:
            kernel.remove_namespace(pod.netns)
            self._fresh.discard(pod.netns)
        del self.pods[f"{pod.namespace}/{pod.name}"]

    def _start_pod(self, pod, serves, host_network, described=True):
        self.pods[f"{pod.namespace}/{pod.name}"] = pod
        if serves:
            self.serve(pod, pod.name, serves)
        if described:
            self.describe(pod, serves, host_network)
        return pod

    def describe(self, pod, serves, host_network=False):
        """Writes the pod's manifest."""
        ports = [{"containerPort": int(spec.rsplit(":", 1)[1]), "protocol": spec[:3].upper()} for spec in serves]
        self.write_manifest(f"pod-{pod.namespace}-{pod.name}.yaml", manifests.POD.format(
            namespace=pod.namespace, name=pod.name, app=pod.name, uid=pod.uid, address=pod.address,
            host_network=str(host_network).lower(), ports=json.dumps(ports)))

    def _pod_cgroup(self, uid):
        """As the kubelet names it for a Burstable pod (pkg/kubelet/cm: systemd and cgroupfs drivers)."""
        container = uuid.uuid4().hex * 2
        if self._driver == "systemd":
            path = f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid.replace('-', '_')}.slice/cri-containerd-{container}.scope"
        else:
            path = f"kubepods/burstable/pod{uid}/{container}"
        return self.remains.make_cgroup(self.cgroup_root / path)

    def _host_process(self, unit):
        cgroup = self.remains.make_cgroup(self.cgroup_root / "system.slice" / f"sxt-{self.remains.ident}-{unit}")
        return Pod("", unit, self.node, cgroup, self.address)

    # Living.

    def serve(self, pod, name, serves):
        """Starts a server in the pod and waits until it is bound. `serves`: "tcp:any:443", "udp:2001:db8::1:53"..."""
        process = kernel.start(pod.netns, pod.cgroup, [sys.executable, "-S", kernel.INSIDE, "serve", name, *serves],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if process.stdout.readline() != "ready\n":
            raise kernel.Failed(f"server {name} on {' '.join(serves)}: {process.communicate()[1].strip()}")
        process.stdout.close()
        process.stderr.close()
        pod.processes.append(process)
        return process

    @staticmethod
    def stop(process):
        process.kill()
        process.wait()

    def inject(self, kind, device, packets, netns=None):
        """Sends raw packets. kind "wire": out of the device, Ethernet header included; "tun": into a tun device, made if needed."""
        key = (kind, device, netns or self.inet)
        if key not in self._injectors:
            self._injectors[key] = kernel.start(key[2], self.helpers, [sys.executable, "-S", kernel.INSIDE, kind, device],
                                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            if self._injectors[key].stdout.readline() != "ready\n":
                raise kernel.Failed(f"{kind} device {device}")
        injector = self._injectors[key]
        for packet in packets:
            injector.stdin.write(packet.hex() + "\n")
            injector.stdin.flush()
            injector.stdout.readline()

    def probe(self, asks, netns=None):
        """Runs probes at once (see inside.Probe) in the internet's namespace or another, and returns their results in order."""
        netns = netns or self.inet
        for namespace in list(self._fresh):
            kernel.wait_for_links(namespace)
            self._fresh.discard(namespace)
        if netns not in self._clients:
            self._clients[netns] = kernel.start(netns, self.helpers, [sys.executable, "-S", kernel.INSIDE, "client"],
                                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        client = self._clients[netns]
        client.stdin.write(json.dumps(asks) + "\n")
        client.stdin.flush()
        return json.loads(client.stdout.readline())

    def connect(self, source, to, port, protocol="TCP", timeout=1.0, netns=None):
        """One attempt: "connected", "answered" (UDP), "refused", "timeout"..."""
        return self.probe([{"source": source, "to": to, "port": port, "protocol": protocol, "timeout": timeout}], netns)[0]

    def write_manifest(self, name, text):
        """Replaces the file at once, as an editor or a Git checkout does: no reader sees half of it."""
        path = self.folder / "manifests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}")
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
        return path

    def remove_manifest(self, name):
        (self.folder / "manifests" / name).unlink()
