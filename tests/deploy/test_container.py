"""The image with exactly the capabilities, mounts and arguments of the manifests: each profile sees what it says it sees."""
import json
import os
import pathlib
import subprocess
import tempfile
import time

import yaml

import support
from support import DEPLOY

PATIENCE = 30
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}


class Container(support.ToolTest):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("mounts and namespaces need root")
        if not (support.BUILD / "sextantd").exists():
            self.skipTest(f"no {support.BUILD}/sextantd")
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("config", "run", "store", "cgroup", "root"):
            (self.folder / name).mkdir()
        done = support.ran(DEPLOY / "image/build", "--from", support.BUILD, "--rootfs", self.folder / "root")
        self.assertEqual(done.returncode, 0, done.stdout)

    def start(self, profile):
        """The container of a profile, as rendered; its objects come from a file instead of an API server."""
        objects = support.documents(support.helm_template(f"--set=profile={profile}"))
        container = support.container_of(objects)
        config = support.the(objects, "ConfigMap")["data"]["sextant.yaml"]
        (self.folder / "config/sextant.yaml").write_text(config)
        (self.folder / "config/objects").mkdir()
        (self.folder / "config/objects/node.yaml").write_text(yaml.safe_dump(NODE))
        capabilities = ",".join(container["securityContext"]["capabilities"]["add"])
        self.log = self.folder / "log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--net", "python3", support.HERE / "container.py", self.folder / "root", self.folder,
                 capabilities, "/usr/bin/sextantd", *container["args"], "--manifests=/etc/sextant/objects"],
                stdout=log, stderr=subprocess.STDOUT)
        self.addCleanup(self.stop)

    def stop(self):
        self.process.terminate()
        self.assertEqual(self.process.wait(timeout=PATIENCE), 0, self.log.read_text())

    def status(self):
        until = time.monotonic() + PATIENCE
        while True:
            server = f"unix:{self.folder}/run/sextant.sock"
            done = support.ran(support.BUILD / "sextant", "--server", server, "status", "-o", "json")
            if done.returncode == 0:
                return {one["witness"]: one["state"] for one in json.loads(done.stdout)["witnesses"]}
            if time.monotonic() > until or self.process.poll() is not None:
                self.fail(done.stdout + self.log.read_text())
            time.sleep(0.2)

    def wait_for(self, wanted):
        until = time.monotonic() + PATIENCE
        while (seen := {name: state for name, state in self.status().items() if name in wanted}) != wanted:
            if time.monotonic() > until:
                self.assertEqual(seen, wanted, self.log.read_text())
            time.sleep(0.2)

    def test_datapath_sees_all(self):
        self.start("datapath")
        self.wait_for({"listening": "sees", "uplink": "sees", "delivery": "sees", "death": "sees"})
        self.assertTrue((self.folder / "store/sextant.db").exists())

    def test_observe_sees_listeners_and_drops_and_says_what_it_does_not(self):
        self.start("observe")
        self.wait_for({"listening": "sees", "uplink": "blind", "delivery": "blind", "death": "sees"})
