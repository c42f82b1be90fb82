"""Prints the daemon's resident memory with nothing to watch, and with pods and policies, in a network namespace of its own.

The manifests are one node's worth: every pod has a public address, and is selected by as many policies as its share is;
each names a port, a peer by labels, and a prefix that no other names. Pods of other nodes are replicas of Deployments
with the labels that charts give them. Resident memory is VmRSS after the daemon is ready and has rested for two seconds;
map memory is the kernel's, as the daemon reports it.

Manifests stand for the API server's objects: the daemon then keeps each object for the files too, beside the picture of
the cluster, where with an API server it keeps the picture and a key.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

NAMESPACE = f"sextant-bench-{os.getpid()}"
GOAL_MIB = 24  # with 250 pods and 1,000 policies, more than with nothing
CLUSTER_GOAL_MIB = 48  # with 5,000 pods of other nodes too, all in all
READY_SECONDS = 120  # a machine that does other things too
REPLICAS = 10
OTHER_NODES = 99
OTHER_NAMESPACES = 50
POD = """\
---
apiVersion: v1
kind: Pod
metadata: {{name: app-{i}, namespace: bench, uid: 00000000-0000-4000-8000-{i:012d}, labels: {{app: app-{i}}}}}
spec: {{nodeName: n1, containers: [{{name: main, ports: [{{name: http, containerPort: 8080}}]}}]}}
status: {{podIPs: [{{ip: "2001:db8:10::{i:x}"}}]}}
"""
POLICY = """\
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: policy-{i}, namespace: bench}}
spec:
  endpointSelector: {{matchLabels: {{app: app-{pod}}}}}
  ingress:
  - fromEndpoints: [{{matchLabels: {{app: app-{peer}}}}}]
    toPorts: [{{ports: [{{port: http, protocol: TCP}}]}}]
  - fromCIDR: ["2001:db8:{i:x}::/48"]
    toPorts: [{{ports: [{{port: "8443", protocol: TCP}}]}}]
"""
FOREIGN_POD = """\
---
apiVersion: v1
kind: Pod
metadata:
  name: {app}-{hash}-{i:05x}
  namespace: team-{team}
  uid: 00000000-0000-4000-9000-{i:012d}
  labels:
    app.kubernetes.io/name: {app}
    app.kubernetes.io/instance: {app}
    app.kubernetes.io/part-of: team-{team}
    app.kubernetes.io/version: 1.2.3
    app.kubernetes.io/managed-by: Helm
    pod-template-hash: "{hash}"
  ownerReferences: [{{kind: ReplicaSet, name: {app}-{hash}, controller: true}}]
spec:
  nodeName: n{node}
  serviceAccountName: {app}
  containers: [{{name: main, ports: [{{name: http, containerPort: 8080}}]}}]
status: {{phase: Running, podIPs: [{{ip: "2001:db8:11:{node:x}::{i:x}"}}]}}
"""
NODE = """\
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDRs: ["2001:db8:10::/64"]}
status: {addresses: [{type: InternalIP, address: "2001:db8:ffff::1"}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: bench}
"""


def foreign_pod(i):
    app = i // REPLICAS
    return FOREIGN_POD.format(i=i, app=f"app-{app}", hash=f"{app * 7919:08x}", team=app % OTHER_NAMESPACES,
                              node=i % OTHER_NODES + 2)


def write_manifests(folder, pods, policies, foreign=0):
    with open(os.path.join(folder, "node.yaml"), "w", encoding="utf-8") as out:
        out.write(NODE)
    with open(os.path.join(folder, "pods.yaml"), "w", encoding="utf-8") as out:
        out.writelines(POD.format(i=i + 1) for i in range(pods))
    with open(os.path.join(folder, "foreign.yaml"), "w", encoding="utf-8") as out:
        out.writelines(foreign_pod(i) for i in range(foreign))
    with open(os.path.join(folder, "policies.yaml"), "w", encoding="utf-8") as out:
        out.writelines(POLICY.format(i=i + 1, pod=i % pods + 1, peer=(i + 1) % pods + 1) for i in range(policies))


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def wait_ready(process, cli, socket):
    started = time.monotonic()
    while time.monotonic() - started < READY_SECONDS:
        if process.poll() is not None:
            sys.exit(f"memory: the daemon ended with {process.returncode}")
        shown = subprocess.run([cli, "--server", f"unix:{socket}", "status", "-o", "json"],
                               capture_output=True, check=False)
        if shown.returncode == 0 and json.loads(shown.stdout).get("ready"):
            return time.monotonic() - started, json.loads(shown.stdout)
        time.sleep(0.05)
    sys.exit(f"memory: the daemon was not ready within {READY_SECONDS} s")


def measure(daemon, pods, policies, foreign):
    """Returns MiB."""
    with tempfile.TemporaryDirectory() as folder:
        manifests = os.path.join(folder, "manifests")
        os.mkdir(manifests)
        write_manifests(manifests, pods, policies, foreign)
        socket = os.path.join(folder, "sextant.sock")
        process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{NAMESPACE}", daemon, "--manifests", manifests, "--set", "node.name=n1",
             "--set", f"api.socket={socket}", "--set", "api.listen=[]", "--set", f"store.path={folder}/sextant.db",
             "--set", "log.level=error"])
        try:
            ready, _ = wait_ready(process, os.path.join(os.path.dirname(daemon), "sextant"), socket)
            time.sleep(2)
            resident = resident_kib(process.pid)
            _, status = wait_ready(process, os.path.join(os.path.dirname(daemon), "sextant"), socket)
            maps = sum(int(use["bytes"]) for use in status.get("maps", []))
            print(f"{pods:5d} pods {foreign:5d} of other nodes {policies:5d} policies  {resident / 1024:6.1f} MiB resident  "
                  f"{maps / 2**20:6.1f} MiB maps  ready after {ready * 1000:.0f} ms")
            return resident / 1024
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def main():
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        for command in (["link", "set", "lo", "up"], ["link", "add", "up0", "type", "veth", "peer", "name", "wire0"],
                        ["link", "set", "wire0", "up"], ["link", "set", "up0", "up"], ["-6", "route", "add", "default", "dev", "up0"]):
            subprocess.run(["ip", "-n", NAMESPACE, *command], check=True)
        daemon = os.path.abspath(sys.argv[1])
        sizes = ((0, 0, 0), (3, 3, 0), (250, 250, 0), (250, 1000, 0), (250, 1000, 5000))
        empty, *_, full, cluster = [measure(daemon, *size) for size in sizes]
        print(f"{full - empty:.1f} MiB for 250 pods and 1,000 policies (goal: {GOAL_MIB} MiB)")
        print(f"{cluster:.1f} MiB in all with 5,000 pods of other nodes (goal: {CLUSTER_GOAL_MIB} MiB)")
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False)


if __name__ == "__main__":
    main()
