"""The image on a simulated node, by podman and runc, with exactly the rights, mounts and arguments of the manifests: each
profile sees what it says it sees, and keeps no right that it does not need."""
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

import container
import support
from support import DEPLOY, PROJECT

sys.path.insert(0, str(PROJECT / "deploy/demo"))
from simnode import SimNode  # noqa: E402
from simnode.node import STRANGER  # noqa: E402

PATIENCE = 60
# linux/capability.h
CAPABILITIES = {"NET_ADMIN": 12, "PERFMON": 38, "BPF": 39}
# Releases of Linux: with TCX an uplink that appears later is attached to without a right; a map that is open may be used.
TCX, BPF_BY_DESCRIPTOR = (6, 6), (6, 0)


def kernel_release():
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


class Container(support.ToolTest):
    needed = ("helm", "seccomp-profile")

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("containers and namespaces need root")
        if not shutil.which("podman") or not shutil.which("runc"):
            self.skipTest("no podman with runc")
        if not (support.BUILD / "sextantd").exists():
            self.skipTest(f"no {support.BUILD}/sextantd")
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("config", "run", "store"):
            (self.folder / name).mkdir()
        self.sim = self.enterContext(SimNode())
        self.sim.populate()
        self.podman = container.Podman(self.folder)
        self.addCleanup(self.podman.remove)
        done = support.ran(DEPLOY / "image/build", "--from", support.BUILD, "--output", self.folder / "layout")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.image = self.podman.pull(self.folder / "layout")

    def start(self, profile, *command):
        """The container of a profile, as rendered; its objects come from a folder instead of an API server. With a
        `command` of sextant's it runs that instead of the daemon."""
        objects = support.documents(support.helm_template(f"--set=profile={profile}"))
        pod = support.the(objects, "DaemonSet")["spec"]["template"]["spec"]
        (self.folder / "config/sextant.yaml").write_text(support.the(objects, "ConfigMap")["data"]["sextant.yaml"])
        network = f"ns:/run/netns/{self.sim.node}" if pod.get("hostNetwork") else "none"
        options = container.options_of(pod, self.folder, network, self.sim.cgroup_root)
        options.append(f"--volume={self.sim.folder}/manifests:/etc/sextant-objects:ro")
        arguments = command or [*support.container_of(objects)["args"], "--manifests=/etc/sextant-objects"]
        if command:
            options.append("--entrypoint=/usr/bin/sextant")
        self.log = self.folder / "log"
        self.process = self.podman.start(self.image, options, arguments, self.log)
        self.addCleanup(self.stop)

    def stop(self):
        if self.process.poll() is None:
            self.podman.run("stop", f"--time={PATIENCE}", container.NAME)
        self.assertEqual(self.process.wait(timeout=PATIENCE), 0, self.log.read_text())

    def view(self, *arguments):
        done = support.ran(support.BUILD / "sextant", "--server", f"unix:{self.folder}/run/sextant.sock", *arguments, "-o", "json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def wait_for(self, what, holds):
        until = time.monotonic() + PATIENCE
        while not (value := holds()):
            if time.monotonic() > until or self.process.poll() is not None:
                self.fail(f"never: {what}\n{self.log.read_text()}")
            time.sleep(0.2)
        return value

    def wait_for_witnesses(self, wanted):
        def states():
            return {one["witness"]: one["state"] for one in (self.view("status") or {"witnesses": []})["witnesses"]}

        self.wait_for(f"{wanted}", lambda: wanted.items() <= states().items())

    def keeps(self, capabilities):
        """Of the process and all its threads; what a later program could be given is no more than the manifest's."""
        kept = f"{sum(1 << CAPABILITIES[name] for name in capabilities):016x}"
        pid = self.podman.pid()
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            status = status_of(task.name)
            with self.subTest(thread=status["Name"]):
                self.assertEqual({name: status[f"Cap{name}"] for name in ("Inh", "Prm", "Eff", "Amb")},
                                 {"Inh": "0" * 16, "Prm": kept, "Eff": kept, "Amb": "0" * 16})
                self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
                self.assertEqual(status["Seccomp_filters"], "2", "the runtime's, and its own")
        given = sum(1 << CAPABILITIES[name] for name in CAPABILITIES)
        self.assertEqual(int(status_of(pid)["CapBnd"], 16) & ~given, 0)

    def test_datapath_sees_a_packet_and_keeps_no_right(self):
        self.start("datapath")
        self.wait_for_witnesses({"listening": "sees", "uplink": "sees", "delivery": "sees", "death": "sees"})
        kernel = kernel_release()
        self.keeps(["NET_ADMIN"] * (kernel < TCX) + ["BPF"] * (kernel < BPF_BY_DESCRIPTOR))
        web = self.sim.pods["shop/web"]
        self.assertEqual(self.sim.connect(STRANGER, web.address, 443), "connected")

        def attempted():
            return [one for one in (self.view("attempts") or {"attempts": []})["attempts"]
                    if one["endpoint"]["name"] == "web" and one["port"] == 443]

        self.assertEqual(self.wait_for("the attempt", attempted)[0]["verdict"], "allow")
        # What comes later is watched with what is left.
        self.sim.add_uplink("eth1", f"{self.sim.prefix}:9::2", f"{self.sim.prefix}:9::1")
        self.wait_for("the new uplink", lambda: "eth1" in next(
            one["covers"] for one in self.view("status")["witnesses"] if one["witness"] == "uplink"))
        self.assertNotIn("refused", self.log.read_text())
        self.assertTrue((self.folder / "store/sextant.db").exists())

    def test_observe_sees_listeners_and_drops_and_says_what_it_does_not(self):
        self.start("observe")
        self.wait_for_witnesses({"listening": "sees", "uplink": "blind", "delivery": "blind", "death": "sees"})
        self.keeps([])
        self.assertNotIn("refused", self.log.read_text())

    def test_bench_runs_with_the_datapaths_rights(self):
        self.start("datapath", "bench", "--duration=1s")
        self.assertEqual(self.process.wait(timeout=PATIENCE), 0, self.log.read_text())
        self.assertRegex(self.log.read_text(), r"(?s)Uplink: .*established TCP.*Delivery: .*Death: ")
