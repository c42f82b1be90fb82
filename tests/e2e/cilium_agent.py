"""Cilium's own agent (tests/cilium-node) on a simulated node, and the pods that its CNI plugin makes.

It runs as in its DaemonSet: options from the ConfigMap that Sextant reads, its pod's cgroup, the paths of a node. Only its
mounts are its own, so that it leaves nothing behind: they end with the process that holds them, its maps and programs too.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from simnode import kernel
from simnode.daemon import UnixConnection

BUILD = pathlib.Path(__file__).resolve().parents[1] / "cilium-node" / "build"
BUILD_TIMEOUT = 3600
PATIENCE = 120
RESTORED = "Finished regenerating restored endpoints"  # in its log: what it enforced before a restart it enforces as is written now

BPFFS = "/sys/fs/bpf"
STATE = pathlib.Path("/run/cilium")
CGROUP = STATE / "cgroupv2"

# Over the host's own, in the mount namespace of a process that lives as long as the node. The agent changes settings of the
# whole machine (kernel.timer_migration, kernel.unprivileged_bpf_disabled): read-only, they stay.
MOUNTS = f"""
    mount -t bpf bpf {BPFFS}
    mount -t tmpfs tmpfs {STATE}
    mkdir {CGROUP}
    mount --bind "$0" {CGROUP}
    mount --bind /proc/sys/kernel /proc/sys/kernel
    mount -o remount,bind,ro /proc/sys/kernel
    echo ready
    exec sleep infinity
"""


def programs(version, may_build):
    """The folder of the programs; a skip where they are not, and are not to be built."""
    if shutil.which("go") is None:
        raise unittest.SkipTest("Cilium is built with Go, which is not installed")
    options = [] if may_build else ["--have"]
    done = subprocess.run(["nice", "-n", "19", str(BUILD), *options, version], capture_output=True, text=True, check=False,
                          timeout=BUILD_TIMEOUT)
    if done.returncode != 0 and may_build:
        raise unittest.SkipTest(f"Cilium {version} does not build here: {done.stderr.strip().splitlines()[-1:]}")
    if done.returncode != 0:
        raise unittest.SkipTest(f"Cilium {version} is not built yet: tests/cilium-node/build {version} does it in 5 to 9 minutes, "
                                "and so does --full")
    return pathlib.Path(done.stdout.strip())


class Agent:
    def __init__(self, sim, folder, kubeconfig, pod):
        """`folder` of programs(); `pod` whose cgroup it lives in."""
        self._sim, self._folder, self._kubeconfig, self._pod = sim, folder, kubeconfig, pod
        self._process = None
        self.log = sim.folder / "cilium-agent.log"
        self._options = sim.folder / "cilium-config"
        self._library = sim.folder / "cilium-lib"
        self._tools = sim.folder / "cilium-tools"
        for made in (self._options, self._library, self._tools):
            made.mkdir()
        (self._library / "bpf").symlink_to(folder / "bpf")
        (self._tools / "clang").symlink_to(shutil.which("clang-19"))
        self._hold_mounts()

    def _hold_mounts(self):
        STATE.mkdir(exist_ok=True)
        # Not the node's cgroups, but one without anybody in it: programs for sockets would see the whole machine's.
        empty = self._sim.remains.make_cgroup(self._sim.cgroup_root / f"sextant-sim-{self._sim.remains.ident}-cilium.scope")
        self._holder = kernel.start(self._sim.node, self._sim.helpers,
                                    ["unshare", "--mount", "--propagation", "slave", "sh", "-ec", MOUNTS, str(empty)],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "ready\n":
            raise kernel.Failed(f"the mounts of Cilium's agent: {self._holder.communicate()[1].strip()}")

    def _within(self):
        return ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt"]

    def run(self, *command, stdin=None):
        """In the node's network, with the agent's mounts."""
        return kernel.run([*kernel.within(self._sim.node), *self._within(), *command], stdin)

    # Its life.

    def start(self, options):
        """`options` as in cilium-config. Returns when it enforces for every pod that there is."""
        shutil.rmtree(self._options)
        self._options.mkdir()
        for name, value in options.items():
            (self._options / name).write_text(value, encoding="utf-8")
        environment = [f"PATH={self._tools}:{os.environ['PATH']}", "K8S_NODE_NAME=n1"]
        with open(self.log, "wb") as log:
            self._process = kernel.start(self._sim.node, self._pod.cgroup, [
                *self._within(), "env", *environment, str(self._folder / "bin/cilium-agent"), f"--config-dir={self._options}",
                f"--k8s-kubeconfig-path={self._kubeconfig}", f"--lib-dir={self._library}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait("Cilium's agent is ready", self._is_ready)

    def stop(self):
        """Its programs and maps stay as they are."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)

    def is_running(self):
        return self._process is not None and self._process.poll() is None

    def remove(self):
        if self.is_running():
            self._process.kill()
            self._process.wait()
        self._holder.kill()
        self._holder.communicate()
        try:
            STATE.rmdir()
        except OSError:
            pass  # a Cilium of the machine's own

    def _is_ready(self):
        if self._process.poll() is not None:
            raise kernel.Failed(f"Cilium's agent ended:\n{self.log.read_text(errors='replace')[-4000:]}")
        if RESTORED not in self.log.read_text(encoding="utf-8", errors="replace"):
            return False
        try:
            return self.ask("GET", "/v1/healthz")["cilium"]["state"] == "Ok"
        except (OSError, KeyError, kernel.Failed):
            return False

    def enforces(self, change):
        """Does something to a policy, and returns when that is in force for every pod."""
        before = max(self._revisions())
        change()
        self._wait("Cilium's agent has put a policy into force", lambda: min(self._revisions()) > before)

    def _revisions(self):
        """Of the policies, as far as each endpoint's maps have them."""
        return [int(e["status"]["policy"]["realized"].get("policy-revision", 0)) for e in self.endpoints()]

    def _wait(self, what, holds):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                raise kernel.Failed(f"not within {PATIENCE} s: {what}:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    # What it says: api/v1/openapi.yaml of Cilium.

    def ask(self, method, path):
        http = UnixConnection(f"/proc/{self._holder.pid}/root{STATE}/cilium.sock", timeout=10)
        try:
            http.request(method, path, headers={"brief": "true"})
            answer = http.getresponse()
            body = answer.read().decode()
        finally:
            http.close()
        if answer.status >= 400:
            raise kernel.Failed(f"Cilium's agent: {method} {path}: {answer.status} {body}")
        return json.loads(body)

    def endpoints(self):
        return self.ask("GET", "/v1/endpoint")

    def endpoint_id(self, address):
        """Of the pod with the address; None: the node itself."""
        for endpoint in self.endpoints():
            status = endpoint["status"]
            held = [a.get("ipv6") for a in status["networking"].get("addressing") or []]
            is_host = "reserved:host" in status["identity"]["labels"]
            if address in held if address else is_host:
                return endpoint["id"]
        raise kernel.Failed(f"Cilium has no endpoint {address or 'of the node'}")

    # Its CNI plugin.

    def add_pod(self, namespace, name, uid, netns):
        """What containerd does when a pod starts. Returns its address."""
        return json.loads(self._cni("ADD", namespace, name, uid, netns))["ips"][0]["address"].partition("/")[0]

    def remove_pod(self, pod):
        self._cni("DEL", pod.namespace, pod.name, pod.uid, pod.netns)

    def _cni(self, command, namespace, name, uid, netns):
        arguments = {"IgnoreUnknown": "1", "K8S_POD_NAMESPACE": namespace, "K8S_POD_NAME": name, "K8S_POD_UID": uid,
                     "K8S_POD_INFRA_CONTAINER_ID": netns}
        environment = {"CNI_COMMAND": command, "CNI_CONTAINERID": netns, "CNI_NETNS": str(kernel.NETNS / netns), "CNI_IFNAME": "eth0",
                       "CNI_PATH": str(self._folder / "bin"), "CNI_ARGS": ";".join(f"{k}={v}" for k, v in arguments.items())}
        network = {"cniVersion": "0.3.1", "name": "cilium", "type": "cilium-cni", "log-file": str(self._sim.folder / "cilium-cni.log")}
        return self.run("env", *(f"{k}={v}" for k, v in environment.items()), str(self._folder / "bin/cilium-cni"),
                        stdin=json.dumps(network))
