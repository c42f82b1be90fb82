"""The alerts: Prometheus takes them, they ask for series that exist, and they fire when they should."""
import pathlib
import re
import shutil
import tempfile

import yaml

import support
from support import PROJECT

SERIES = {
    'sextant_findings{node="n1", code="SXT001", severity="critical", namespace="shop"}': "0x4 1x20",
    'sextant_findings{node="n1", code="SXT009", severity="warning", namespace="shop"}': "1x24",
    'sextant_findings{node="n1", code="SXT010", severity="warning", namespace=""}': "1x24",
    'sextant_events_lost_total{node="n1", program="uplink"}': "0+60x24",
    'sextant_build_info{node="n1"}': "1x24 _x20",
}
# Minute -> what fires then, and not two minutes before. (Absent is what was last seen five minutes ago, or just less.)
FIRES = {5: "SextantCriticalFinding", 10: "SextantBlind", 11: "SextantEventsLost", 15: "SextantFinding", 40: "SextantAbsent"}


def rules():
    objects = support.documents(support.helm_template("--set=prometheusRule.enabled=true"))
    return support.the(objects, "PrometheusRule")["spec"]


class Alerts(support.ToolTest):
    def promtool(self, *arguments):
        if not shutil.which("promtool"):
            self.skipTest("no promtool")
        done = support.ran("promtool", *arguments)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_ask_for_series_that_the_agent_has(self):
        source = (PROJECT / "agent/report/metrics.cpp").read_text()
        for group in rules()["groups"]:
            for rule in group["rules"]:
                for name in re.findall(r"sextant_\w+", rule["expr"]):
                    self.assertIn(f'"{name}"', source)

    def test_have_severity_summary_and_a_runbook_that_exists(self):
        for group in rules()["groups"]:
            for rule in group["rules"]:
                with self.subTest(rule["alert"]):
                    self.assertIn(rule["labels"]["severity"], ("critical", "warning"))
                    self.assertTrue(rule["annotations"]["summary"])
                    page = rule["annotations"]["runbook_url"].removeprefix("https://sextant.dev/runbooks/")
                    if "{{" not in page:
                        self.assertTrue((PROJECT / "deploy/runbooks" / page).exists())

    def test_fire_when_they_should_and_not_before(self):
        with tempfile.TemporaryDirectory() as work:
            folder = pathlib.Path(work)
            (folder / "rules.yaml").write_text(yaml.safe_dump(rules()))
            self.promtool("check", "rules", folder / "rules.yaml")
            # promtool wants the labels of what fires in full; the names are enough here, so it asks ALERTS.
            asked = [{"expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}}) or vector(0)', "eval_time": f"{at}m",
                      "exp_samples": [{"labels": "{}", "value": int(at == minute)}]}
                     for minute, name in FIRES.items() for at in (minute - 2, minute)]
            (folder / "test.yaml").write_text(yaml.safe_dump({
                "rule_files": ["rules.yaml"], "evaluation_interval": "1m",
                "tests": [{"interval": "1m", "input_series": [{"series": key, "values": value} for key, value in SERIES.items()],
                           "promql_expr_test": asked}]}))
            self.promtool("test", "rules", folder / "test.yaml")
