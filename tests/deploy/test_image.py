"""The image: small, the same each time, and able to run with nothing else."""
import gzip
import io
import json
import os
import pathlib
import re
import tarfile
import tempfile
import unittest

import support
from support import DEPLOY

MOST_BYTES = 25_000_000


class Layout:
    def __init__(self, folder):
        self.folder = folder
        self.index = self.json(json.loads((folder / "index.json").read_text())["manifests"][0]["digest"])
        self.manifest = self.json(self.index["manifests"][0]["digest"])
        self.config = self.json(self.manifest["config"]["digest"])

    def blob(self, digest):
        return (self.folder / "blobs/sha256" / digest.removeprefix("sha256:")).read_bytes()

    def json(self, digest):
        return json.loads(self.blob(digest))

    def tar(self):
        return tarfile.open(fileobj=io.BytesIO(gzip.decompress(self.blob(self.manifest["layers"][0]["digest"]))))


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not (support.BUILD / "sextantd").exists():
            raise unittest.SkipTest(f"no {support.BUILD}/sextantd")
        cls.work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.work.cleanup)
        cls.layout = Layout(cls.build("one"))

    @classmethod
    def build(cls, name):
        folder = pathlib.Path(cls.work.name, name)
        done = support.ran(DEPLOY / "image/build", "--from", support.BUILD, "--output", folder)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        return folder

    def test_is_under_25_megabytes(self):
        sizes = [self.layout.manifest["config"]["size"], *(layer["size"] for layer in self.layout.manifest["layers"])]
        self.assertLess(sum(sizes), MOST_BYTES)

    def test_is_the_same_each_time(self):
        again = self.build("two")
        self.assertEqual((again / "index.json").read_text(), (self.layout.folder / "index.json").read_text())

    def test_says_what_it_is(self):
        self.assertEqual(self.layout.config["config"]["Entrypoint"], ["/usr/bin/sextantd"])
        self.assertEqual(self.layout.config["os"], "linux")
        self.assertEqual(self.layout.index["manifests"][0]["platform"]["architecture"], self.layout.config["architecture"])
        self.assertRegex(self.layout.config["config"]["Labels"]["org.opencontainers.image.version"], r"^\d+\.\d+\.\d+$")

    def test_holds_the_programs_their_libraries_and_the_licences(self):
        with self.layout.tar() as tar:
            entries = tar.getmembers()
        files = [entry.name for entry in entries if entry.isfile()]
        self.assertEqual([name for name in files if name.startswith("usr/bin/")], ["usr/bin/sextant", "usr/bin/sextantd"])
        known = re.compile(r"usr/(bin/|lib(64)?/([a-z0-9_-]+/)?\S+\.so\S*$|share/doc/\S+/copyright$)")
        others = [name for name in files if not known.match(name)]
        self.assertEqual(others, [])
        for entry in entries:
            with self.subTest(entry.name):
                self.assertEqual((entry.uid, entry.gid), (0, 0))
                self.assertTrue(entry.issym() or not entry.mode & 0o7022, "writable by others, or set-user-ID")
        self.assertIn("usr/share/doc/sextant/copyright", files)

    def test_has_every_mount_point_of_the_manifests(self):
        with self.layout.tar() as tar:
            folders = {entry.name for entry in tar.getmembers() if entry.isdir()}
        mounts = support.container_of(support.documents(support.helm_template()))["volumeMounts"]
        self.assertLessEqual({mount["mountPath"].lstrip("/") for mount in mounts}, folders)

    def test_runs_with_nothing_else(self):
        if os.geteuid() != 0:
            self.skipTest("chroot needs root")
        with tempfile.TemporaryDirectory() as root:
            with self.layout.tar() as tar:
                tar.extractall(root)
            for program in ("sextantd", "sextant"):
                done = support.ran("chroot", root, f"/usr/bin/{program}", "--version")
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertTrue(done.stdout.startswith(program), done.stdout)
