"""The demo itself: every step comes true, and nothing is left, however it ends."""

import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import support
from simnode import kernel, remains

STORY = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "demo" / "story.py"


class Demo(unittest.TestCase):
    def play(self, *arguments):
        return subprocess.Popen([sys.executable, str(STORY), "--build", str(support.BUILD), *arguments], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def expect_nothing_left(self):
        """Other simulated nodes may live beside: only what the story made counts, and its maker is gone by now."""
        abandoned = [folder.name for folder in remains.node_folders() if not remains.Remains(folder.name).is_in_use()]
        self.assertEqual(abandoned, [])
        in_use = {folder.name for folder in remains.node_folders()}
        self.assertEqual([p.name for p in kernel.NETNS.glob("sxt-*") if p.name.split("-")[1] not in in_use], [])
        cgroups = [p.name for p in kernel.cgroup2_mount().rglob("sextant-sim-*")]
        self.assertEqual([name for name in cgroups if name.removeprefix("sextant-sim-").removesuffix(".scope") not in in_use], [])

    def test_every_step_comes_true_and_nothing_is_left(self):
        story = self.play()
        told = story.communicate(timeout=300)[0]
        self.assertEqual(story.returncode, 0, told)
        self.assertIn("every step came true", told)
        self.expect_nothing_left()

    def test_interrupted_at_any_step_it_leaves_nothing(self):
        for number, step in ((signal.SIGINT, " 1  "), (signal.SIGTERM, " 3  "), (signal.SIGHUP, " 5  ")):
            with self.subTest(signal=number.name, step=step.strip()):
                story = self.play()
                for line in story.stdout:
                    if line.startswith(step):
                        break
                time.sleep(0.2)
                story.send_signal(number)
                story.communicate(timeout=60)
                self.assertEqual(story.returncode, 128 + number)
                self.expect_nothing_left()

    def test_what_keep_leaves_running_answers_and_cleanup_removes_it(self):
        before = {folder.name for folder in remains.node_folders()}
        story = self.play("--keep")
        told = story.communicate(timeout=300)[0]
        self.assertEqual(story.returncode, 0, told)
        kept = [folder for folder in remains.node_folders() if folder.name not in before and remains.Remains(folder.name).is_kept()]
        self.addCleanup(lambda: [remains.Remains(folder.name).remove() for folder in kept])
        self.assertEqual(len(kept), 1)
        done = support.ran([str(support.BUILD / "sextant"), "--server", f"unix:{kept[0]}/sextant.sock", "status"])
        self.assertEqual(done.returncode, 0, done.stderr)

        environment = {**os.environ, "PYTHONPATH": str(STORY.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        support.ran([sys.executable, "-m", "simnode", "cleanup", kept[0].name], env=environment)
        self.assertFalse(kept[0].exists())
        self.expect_nothing_left()
