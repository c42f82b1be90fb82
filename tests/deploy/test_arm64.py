"""The image for the other architecture, cross-built: what is in it is of that architecture, and it runs (emulated)."""
import pathlib
import re
import shutil
import tempfile
import unittest

import support
from support import DEPLOY, PROJECT
from test_image import MOST_BYTES, Layout

EMULATOR = "qemu-aarch64"


def load_tests(_loader, tests, _pattern):
    """Minutes of compiling: only where they are asked for."""
    return tests if support.FULL else unittest.TestSuite()


def sections(file):
    """Name and content of the sections of an ELF file, but for what only a debugger reads: it names the build folder."""
    listed = support.ran("readelf", "-SW", file).stdout
    data = file.read_bytes()
    found = re.findall(r"\] (\S+) +(\S+) +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+) ", listed)
    return {name: data[int(offset, 16):int(offset, 16) + int(size, 16)] for name, kind, offset, size in found
            if kind != "NOBITS" and not re.match(r"\.(rel)?\.?debug|\.shstrtab|\.strtab", name)}


class Arm64(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("aarch64-linux-gnu-g++") or not shutil.which("mmdebstrap"):
            raise unittest.SkipTest("no cross compiler: deploy/deps cross")
        work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(work.cleanup)
        cls.root = pathlib.Path(work.name, "root")
        output = pathlib.Path(work.name, "layout")
        done = support.ran(DEPLOY / "image/build", "--arch", "arm64", "--output", output)
        if done.returncode != 0:
            raise AssertionError(done.stdout[-4000:])
        cls.layout = Layout(output)
        with cls.layout.tar() as tar:
            tar.extractall(cls.root)

    def emulated(self, program, *arguments):
        if not shutil.which(EMULATOR):
            self.skipTest(f"no {EMULATOR}: deploy/deps cross")
        return support.ran(EMULATOR, "-L", self.root, self.root / "usr/bin" / program, *arguments)

    def test_the_index_and_the_image_say_so(self):
        self.assertEqual(self.layout.index["manifests"][0]["platform"], {"architecture": "arm64", "os": "linux"})
        self.assertEqual(self.layout.config["architecture"], "arm64")

    def test_is_as_small_as_the_other(self):
        self.assertLess(sum(layer["size"] for layer in self.layout.manifest["layers"]), MOST_BYTES)

    def test_every_program_and_library_is_of_it(self):
        for file in [*self.root.glob("usr/bin/*"), *self.root.rglob("*.so*")]:
            with self.subTest(file.name):
                self.assertIn("AArch64", support.ran("readelf", "-h", file).stdout)

    def test_both_programs_run(self):
        for program in ("sextantd", "sextant"):
            done = self.emulated(program, "--version")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertTrue(done.stdout.startswith(program), done.stdout)

    def test_judges_as_the_other_does(self):
        for cluster in sorted((PROJECT / "tests/data/clusters").glob("*/manifests")):
            with self.subTest(cluster.parent.name):
                question = ("lint", "--manifests", cluster, "-o", "json")
                here = support.ran(support.BUILD / "sextant", *question)
                there = self.emulated("sextant", *question)
                self.assertEqual((there.returncode, there.stdout), (here.returncode, here.stdout))

    def test_the_programs_for_the_kernel_are_the_same(self):
        objects = sorted((PROJECT / "build/arm64/bpf").glob("*.bpf.o"))
        self.assertTrue(objects)
        for file in objects:
            with self.subTest(file.name):
                self.assertEqual(sections(file), sections(support.BUILD / "bpf" / file.name))
