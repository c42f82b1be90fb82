"""What the daemon may still do once it runs."""

import pathlib

from support import NodeTest


def status_of(task):
    lines = pathlib.Path(f"/proc/{task}/status").read_text(encoding="ascii").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


class Rights(NodeTest):
    def gave_up_all(self):
        """Of the main thread: a sanitizer's own has started before main()."""
        status = status_of(self.daemon.process.pid)
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        return status

    def without_rights(self):
        """sextantd as a root that has no capability, and can get none."""
        daemon = self.make_daemon()
        wrapper = self.sim.folder / "without-rights"
        wrapper.write_text("#!/bin/sh\nexec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all "
                           f"{daemon.program.resolve()} \"$@\"\n", encoding="utf-8")
        wrapper.chmod(0o755)
        daemon.program = wrapper
        return daemon

    def test_no_capability_is_left_and_none_can_come_back(self):
        self.start()
        self.assertEqual(int(self.gave_up_all()["CapBnd"], 16), 0)

    def test_what_is_left_is_enough_to_see(self):
        self.start()
        self.connects("2600:1::7", self.web, 443)
        self.wait_for("the attempt", lambda: self.attempts("web", 443) == {"allow": 1})
        self.assertNotIn("blind", {w["state"] for w in self.daemon.view("status")["witnesses"]})

    def test_who_has_no_right_from_the_start_is_blind_says_so_and_is_limited_too(self):
        self.start_unready(self.without_rights())
        self.gave_up_all()
        self.expect_finding("SXT010")
