"""sextant bench: the programs on this kernel, by a user that has three capabilities and no daemon. bench/run in its short form."""

import json
import pathlib
import sys
import tempfile
import unittest

import support
from support import ran

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(PROJECT / "bench"))
import results  # noqa: E402

CAPABILITIES = ("bpf", "perfmon", "net_admin")
COULD_NOT_TELL = 2


class Bench(unittest.TestCase):
    def run_with(self, capabilities, *arguments):
        """As nobody, with these capabilities and no others, and no way to more."""
        sets = ",".join(["-all", *(f"+{name}" for name in capabilities)])
        return ran(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", f"--inh-caps={sets}",
                    f"--ambient-caps={sets}", f"--bounding-set={sets}", str(support.BUILD / "sextant"), "bench",
                    "--duration=1s", *arguments], timeout=120)

    def test_needs_three_capabilities_and_no_other_right(self):
        done = self.run_with(CAPABILITIES, "--prefixes=16,1000", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertTrue(report["machine"]["kernel"].startswith("Linux "))
        self.assertEqual([table["prefixes"] for table in report["tables"]], [16, 1000])
        for case in report["tables"][0]["cases"]:
            with self.subTest(case["hook"], name=case["name"]):
                self.assertEqual(case["notMeasured"], "")
                self.assertEqual([core["packetsPerSecond"] for core in case["core"]], [10_000, 100_000, 1_000_000])
                self.assertEqual(case["noise"], case["nanoseconds"] <= case["spread"])
        hooks = [case["hook"] for case in report["tables"][0]["cases"]]
        self.assertEqual(list(dict.fromkeys(hooks)), ["uplink", "delivery", "death"])
        self.assertGreater(sum(int(use["bytes"]) for use in report["maps"]), 1 << 20)

    def test_names_the_capability_that_is_missing(self):
        for missing in CAPABILITIES:
            with self.subTest(missing):
                done = self.run_with([name for name in CAPABILITIES if name != missing])
                self.assertEqual((done.returncode, done.stdout), (COULD_NOT_TELL, ""))
                self.assertIn(f"CAP_{missing.upper()} is missing", done.stderr)


class BenchRun(unittest.TestCase):
    def run_bench(self, *arguments):
        return ran([str(PROJECT / "bench/run"), f"--build={support.BUILD}", "--quick", *arguments], timeout=300)

    def test_short_form_has_every_row_and_differs_in_nothing_from_itself(self):
        done = self.run_bench("packet", "peers", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertLessEqual({"kernel", "cpu", "jit", "clock", "version", "date"}, report.keys())
        names = [row["name"] for part in report["parts"] for row in part["rows"]]
        self.assertEqual(len(names), len(set(names)))
        for wanted in ("uplink: established TCP", "uplink: TCP SYN, new listed sources, 100,000 prefixes", "delivery: established TCP",
                       "death: not IPv6", "uplink: TCP SYN, 8 extension headers", "uplink: later fragment", "uplink: TCP SYN, VLAN tag",
                       "kernel memory of the tables", "nftables: TCP SYN, new sources", "Sextant: TCP SYN, new sources"):
            self.assertIn(wanted, names)
        rows = results.rows_of(report)
        self.assertEqual([key for key, row in rows.items() if results.verdict(row, row) is not None], [])
        table = results.comparison(report, report)
        self.assertEqual(table.count("no difference"), len(names))

    def test_says_which_parts_there_are(self):
        done = self.run_bench("packets")
        self.assertEqual(done.returncode, 2)
        self.assertIn("packet, policy, explain", done.stderr)


class Comparison(unittest.TestCase):
    """Of two reports, without measuring."""

    @staticmethod
    def report(**values):
        rows = [{"name": name, "value": value, "unit": "ns", "goal": 10, "goal_is": "at most", "spread": 2.0}
                for name, value in values.items()]
        return {"kernel": "6.18", "cpu": "x", "cpus": 2, "jit": "1", "clock": "tsc", "version": "v", "date": "now", "load": 0,
                "parts": [{"part": "packet", "rows": rows}]}

    def test_a_difference_below_the_noise_of_both_is_none(self):
        self.assertRegex(results.comparison(self.report(a=24.0), self.report(a=20.0)), r"20 to 24 ns +no difference")
        self.assertIn("1.23 times", results.comparison(self.report(a=24.5), self.report(a=20.0)))
        self.assertIn("0.50 times", results.comparison(self.report(a=10.0), self.report(a=20.0)))

    def test_rows_of_one_report_only_are_named(self):
        told = results.comparison(self.report(a=1.0, b=1.0), self.report(a=1.0, c=1.0))
        self.assertRegex(told, r"b .*not measured earlier")
        self.assertRegex(told, r"measured earlier only\n  c")

    def test_a_goal_is_missed_by_more_than_the_noise(self):
        self.assertNotIn("missed", results.table(self.report(a=12.0)))
        self.assertRegex(results.table(self.report(a=12.1)), r"at most 10 +missed")
