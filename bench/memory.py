"""Prints the daemon's resident memory with nothing to watch, and with pods and policies, in a network namespace of its own.

    memory.py SEXTANTD [manifests|cluster]...

The objects (node_objects.py) come from files, and from a real API server (tests/kube-apiserver) where Go is there to build
it. "Ready" is from the daemon's start until it says so; with an API server that includes the pause by which nodes spread
their starts (up to 3 s), and the processor's time is printed beside it, which does not. Resident memory is VmRSS when the
daemon is ready, and after it has rested for two seconds; the peak is VmHWM. Map memory is the kernel's, as the daemon reports it.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import types
import unittest

import node_objects

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "deploy/demo")]
import cluster  # noqa: E402  (the tests' own, found by the line above)
from simnode.daemon import UnixConnection  # noqa: E402

NAMESPACE = f"sextant-bench-{os.getpid()}"
READY_SECONDS = 120  # a machine that does other things too
REST_SECONDS = 2
OBJECTS_A_FILE = 500
# Pods, policies, pods of other nodes.
EMPTY, SMALL, MIDDLE, LARGE, WHOLE = (0, 0, 0), (3, 3, 0), (250, 250, 0), (250, 1000, 0), (250, 1000, 5000)


class Measured:
    """One daemon: seconds until it was ready and of the processor's time for it, memory in MiB."""

    def __init__(self, daemon, folder, source, size):
        self._socket = f"{folder}/sextant.sock"
        process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{NAMESPACE}", daemon, *source, "--set", f"node.name={node_objects.NODE}",
             "--set", f"api.socket={self._socket}", "--set", "api.listen=[]", "--set", f"store.path={folder}/sextant.db",
             "--set", "log.level=error"])
        try:
            self._wait_ready(process)
            self.at_start = memory_of(process.pid, "VmRSS")
            time.sleep(REST_SECONDS)
            self.resident, self.peak = memory_of(process.pid, "VmRSS"), memory_of(process.pid, "VmHWM")
            status = self._status()
            if int(status["objects"].get("Pod", 0)) != size[0] + size[2]:
                sys.exit(f"memory: the daemon knows {status['objects']}")
            self.maps = sum(int(use["bytes"]) for use in status.get("maps", [])) / 2**20
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()

    def _wait_ready(self, process):
        started = time.monotonic()
        while not self._status().get("ready"):
            if process.poll() is not None:
                sys.exit(f"memory: the daemon ended with {process.returncode}")
            if time.monotonic() - started > READY_SECONDS:
                sys.exit(f"memory: the daemon was not ready within {READY_SECONDS} s")
            time.sleep(0.02)
        self.ready, self.processor = time.monotonic() - started, processor_seconds(process.pid)

    def _status(self):
        connection = UnixConnection(self._socket, timeout=READY_SECONDS)
        try:
            connection.request("GET", "/api/v1alpha1/status")
            return json.load(connection.getresponse())
        except OSError:
            return {}  # it does not listen yet
        finally:
            connection.close()


def memory_of(pid, line):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(words.split()[1]) for words in status if words.startswith(f"{line}:")) / 1024


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def from_manifests(daemon, size):
    with tempfile.TemporaryDirectory() as folder:
        manifests = pathlib.Path(folder, "manifests")
        manifests.mkdir()
        objects = node_objects.of_cluster(*size)
        for first in range(0, len(objects), OBJECTS_A_FILE):
            text = "".join(f"---\n{json.dumps(one)}\n" for one in objects[first:first + OBJECTS_A_FILE])
            manifests.joinpath(f"objects-{first}.yaml").write_text(text, encoding="utf-8")
        return Measured(daemon, folder, ["--manifests", str(manifests)], size)


def from_cluster(daemon, size):
    server = cluster.Cluster(types.SimpleNamespace(node=NAMESPACE))
    try:
        server.add_account()
        server.add_cilium()
        server.put(node_objects.of_cluster(*size))
        with tempfile.TemporaryDirectory() as folder:
            return Measured(daemon, folder, ["--set", f"source.kubernetes.kubeconfig={server.kubeconfig}"], size)
    finally:
        server.remove()


def tell(size, found):
    print(f"{size[0]:5d} pods {size[2]:5d} of other nodes {size[1]:5d} policies  {found.resident:6.1f} MiB resident "
          f"({found.at_start:.1f} when ready, {found.peak:.1f} at most)  {found.maps:5.1f} MiB maps  "
          f"ready after {found.ready * 1000:.0f} ms, {found.processor * 1000:.0f} ms of a processor", flush=True)


def judge(what, value, goal, unit="MiB"):
    print(f"{what}: {value:.1f} {unit} (goal: {goal} {unit}{'' if value <= goal else ', missed'})", flush=True)


def measure(daemon, source, take, sizes):
    print(f"from {source}")
    found = {}
    for size in sizes:
        found[size] = take(daemon, size)
        tell(size, found[size])
    return found


def judge_manifests(daemon):
    found = measure(daemon, "manifests", from_manifests, (EMPTY, SMALL, MIDDLE, LARGE, WHOLE))
    judge("idle at 3 pods", found[SMALL].resident, 24)
    judge("kernel maps at the default sizes", found[LARGE].maps, 32)
    judge("250 pods and 1,000 policies", found[LARGE].resident, 48)
    judge("of which more than with nothing", found[LARGE].resident - found[EMPTY].resident, 24)
    judge("the same with 5,000 pods of other nodes", found[WHOLE].resident, 48)
    judge("start to ready at 250 pods", found[MIDDLE].ready * 1000, 1000, "ms")


def judge_cluster(daemon):
    try:
        cluster.build()
    except unittest.SkipTest as reason:
        print(f"from an API server: not measured: {reason}")
        return
    found = measure(daemon, "an API server", from_cluster, (SMALL, MIDDLE, LARGE, WHOLE))
    judge("250 pods, 1,000 policies and 5,000 pods of other nodes", found[WHOLE].resident, 48)


def main():
    daemon, *sources = [os.path.abspath(sys.argv[1]), *(sys.argv[2:] or ["manifests", "cluster"])]
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        for command in (["link", "set", "lo", "up"], ["link", "add", "up0", "type", "veth", "peer", "name", "wire0"],
                        ["link", "set", "wire0", "up"], ["link", "set", "up0", "up"], ["-6", "route", "add", "default", "dev", "up0"]):
            subprocess.run(["ip", "-n", NAMESPACE, *command], check=True)
        for source in sources:
            {"manifests": judge_manifests, "cluster": judge_cluster}[source](daemon)
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False)


if __name__ == "__main__":
    main()
