"""The daemon's resident memory with nothing to watch, and with pods and policies, in a network namespace of its own.

    memory.py BUILD [files|cluster]... [--json] [--quick]

The objects (node_objects.py) come from files, and from a real API server (tests/kube-apiserver) where Go is there to build
it. "Ready" is from the daemon's start until it says so; with an API server that includes the pause by which nodes spread
their starts (up to 3 s), and the processor's time is printed beside it, which does not. Resident memory is VmRSS when the
daemon is ready, and after it has rested for two seconds; the peak is VmHWM. Map memory is the kernel's, as the daemon reports it.
"""

import argparse
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
from rows import Row, show

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


def name_of(size):
    pods, policies, foreign = size
    return f"{pods} pods, {policies:,} policies" + (f", {foreign:,} pods of other nodes" if foreign else "")


def rows_of(source, take, daemon, sizes):
    """What each size takes, and what of it a goal is set for."""
    found = {size: take(daemon, size) for size in sizes}
    rows = []
    for size, of in found.items():
        goal = {SMALL: 24, LARGE: 48, WHOLE: 48}.get(size)
        name = f"{source}, {name_of(size)}"
        rows += [Row(f"{name}: resident", of.resident, "MiB", goal, "at most" if goal else None),
                 Row(f"{name}: at most", of.peak, "MiB"),
                 Row(f"{name}: ready after", of.ready * 1000, "ms"),
                 Row(f"{name}: of a processor", of.processor * 1000, "ms")]
    return rows, found


def of_manifests(daemon, quick):
    sizes = (SMALL,) if quick else (EMPTY, SMALL, MIDDLE, LARGE, WHOLE)
    rows, found = rows_of("files", from_manifests, daemon, sizes)
    rows.append(Row("kernel maps at the default sizes", found[SMALL].maps, "MiB", 32, "at most"))
    if not quick:
        more = found[LARGE].resident - found[EMPTY].resident
        rows += [Row("files, 250 pods, 1,000 policies: more than with nothing", more, "MiB", 24, "at most"),
                 Row("files: start to ready at 250 pods", found[MIDDLE].ready * 1000, "ms", 1000, "at most")]
    return rows


def of_cluster(daemon, quick):
    try:
        cluster.build()
    except unittest.SkipTest as reason:
        print(f"memory: nothing from an API server: {reason}", file=sys.stderr)
        return []
    return rows_of("API server", from_cluster, daemon, (SMALL,) if quick else (SMALL, MIDDLE, LARGE, WHOLE))[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("sources", nargs="*", choices=[[], "files", "cluster"], default=[])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    daemon = options.build.resolve() / "sextantd"
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        for command in (["link", "set", "lo", "up"], ["link", "add", "up0", "type", "veth", "peer", "name", "wire0"],
                        ["link", "set", "wire0", "up"], ["link", "set", "up0", "up"], ["-6", "route", "add", "default", "dev", "up0"]):
            subprocess.run(["ip", "-n", NAMESPACE, *command], check=True)
        measure = {"files": of_manifests, "cluster": of_cluster}
        rows = [row for source in options.sources or measure for row in measure[source](daemon, options.quick)]
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False)
    show("memory", rows, options.json)


if __name__ == "__main__":
    main()
