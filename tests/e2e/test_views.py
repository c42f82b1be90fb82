"""The public surface: JSON views, metrics, listeners and the command line, as INTERFACES has them."""

import http.client
import json
import re
import subprocess

import support
from simnode import kernel
from simnode.daemon import UnixConnection
from simnode.node import OFFICE, STRANGER
from support import NodeTest, needs

# The shapes. A type, a tuple of types, a list of one shape, a dict of shapes, or a function that says whether it fits.
TEXT, NUMBER, FLAG = str, (int, float), bool


def optional(shape):
    return lambda value: value is None or fits(shape, value)


def one_of(*words):
    return lambda value: value in words


def moment(value):
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value) is not None


def fits(shape, value):
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(key in value and fits(inner, value[key]) for key, inner in shape.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(shape[0], item) for item in value)
    if isinstance(shape, (type, tuple)):
        return isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
    return shape(value)


def misfits(shape, value, at=""):
    """Where the value does not fit: what to print."""
    if isinstance(shape, dict) and isinstance(value, dict):
        return [m for key, inner in shape.items()
                for m in ([f"{at}.{key} is missing"] if key not in value else misfits(inner, value[key], f"{at}.{key}"))]
    if isinstance(shape, list) and isinstance(value, list):
        return [m for number, item in enumerate(value) for m in misfits(shape[0], item, f"{at}[{number}]")]
    return [] if fits(shape, value) else [f"{at} is {value!r}"]


VERDICT = one_of("allow", "redirect", "auth", "deny", "unknown")
ENDPOINT = {"kind": one_of("Pod", "Node", "Service", "Policy", "Sextant"), "namespace": TEXT, "name": TEXT, "address": optional(TEXT)}
SOURCE = {"class": TEXT, "prefixes": [TEXT], "exceptPrefixes": [TEXT]}
POLICIES = [{"kind": TEXT, "namespace": TEXT, "name": TEXT}]
LISTENING = {"verdict": VERDICT, "process": TEXT, "pid": NUMBER}
FINDING = {
    "id": lambda v: re.fullmatch(r"SXT\d{3}-[0-9a-f]{8}", v) is not None, "code": TEXT, "name": TEXT,
    "severity": one_of("critical", "warning", "info"), "state": one_of("open", "resolved"), "node": TEXT,
    "endpoint": {**ENDPOINT, "workload": TEXT}, "protocol": optional(TEXT), "port": optional(NUMBER),
    "source": optional({**SOURCE, "sample": optional(TEXT)}), "message": TEXT,
    "evidence": [{"witness": TEXT, "verdict": TEXT, "detail": TEXT}], "policies": POLICIES, "fix": TEXT,
    "runbook": lambda v: v.startswith("https://"), "firstSeen": moment, "lastSeen": moment, "resolvedAt": optional(moment), "count": NUMBER,
}
ROW = {
    "endpoint": ENDPOINT, "protocol": TEXT, "port": NUMBER, "endPort": NUMBER, "source": SOURCE,
    "intended": optional({"verdict": VERDICT, "why": TEXT, "policies": POLICIES}), "realized": optional(dict),
    "listening": optional(LISTENING), "observed": optional({"verdict": VERDICT, "packets": NUMBER, "lastSeen": moment}),
    "probed": optional(dict),
}
EXPOSURE = {"endpoint": ENDPOINT, "protocol": TEXT, "port": NUMBER, "endPort": NUMBER, "verdict": VERDICT, "source": SOURCE,
            "reason": TEXT, "policies": POLICIES, "listening": optional(LISTENING)}
ATTEMPT = {"endpoint": ENDPOINT, "protocol": TEXT, "port": optional(NUMBER), "verdict": VERDICT, "packets": NUMBER, "lastSeen": moment}
STATUS = {
    "node": TEXT, "version": TEXT, "ready": FLAG, "notReady": [TEXT], "started": moment,
    "witnesses": [{"witness": TEXT, "state": one_of("absent", "starting", "sees", "blind"), "covers": TEXT, "reason": TEXT, "lost": NUMBER}],
    "features": [{"name": TEXT, "available": FLAG, "reason": TEXT}], "uplinks": [TEXT], "residentBytes": NUMBER,
}
VIEWS = {"findings": {"findings": [FINDING]}, "endpoints": {"endpoints": [ROW]}, "exposure": {"exposure": [EXPOSURE]},
         "attempts": {"attempts": [ATTEMPT]}, "status": STATUS}

METRICS = ("sextant_build_info", "sextant_config_info", "sextant_findings", "sextant_findings_opened_total", "sextant_exposures",
           "sextant_ingress_packets_total", "sextant_ingress_attempts_total", "sextant_events_total", "sextant_events_lost_total", "sextant_blind_seconds_total",
           "sextant_map_entries", "sextant_map_capacity", "sextant_policy_compile_seconds", "sextant_feature_available",
           "sextant_series_dropped_total")


class Views(NodeTest):
    def busy(self, **config):
        """A node with something to show in every view."""
        self.start(**config)
        self.sim.enforcement.unprotect(self.db.address)
        self.sim.serve(self.sim.host, "exporter", ["tcp:any:9100"])
        self.connects(STRANGER, self.web, 443)
        self.connects(OFFICE, self.admin, 8443)
        self.connects(STRANGER, self.db, 5432)
        self.expect_finding("SXT001", name="db", port=5432)
        self.expect_finding("SXT008", port=9100)

    def test_the_views_have_the_promised_fields_by_the_API_and_by_the_command_line(self):
        self.busy()
        for view, shape in VIEWS.items():
            with self.subTest(view=view):
                by_api = self.daemon.view(view)
                self.assertEqual(misfits(shape, by_api), [])
                by_cli = json.loads(self.cli(view, "-o", "json"))
                self.assertEqual(misfits(shape, by_cli), [])
                self.assertEqual(sorted(by_api), sorted(by_cli))
        finding = self.daemon.view("findings")["findings"][0]
        self.assertEqual(json.loads(self.daemon.get(f"/api/v1alpha1/findings/{finding['id']}")[1])["id"], finding["id"])
        self.assertEqual(self.daemon.get("/api/v1alpha1/findings/SXT001-00000000")[0], 404)

    def test_exposure_is_exact(self):
        self.start()
        lines = {(e["endpoint"]["name"], e["protocol"], e["port"], e["endPort"]): e["source"]["prefixes"] for e in self.daemon.view("exposure")["exposure"]}
        self.assertEqual(lines[("admin", "TCP", 8443, 8443)], ["2001:db8:100::/48"])
        self.assertEqual(lines[("web", "TCP", 443, 443)], ["2000::/3"])
        self.assertNotIn("db", [name for name, *_ in lines])

    def test_every_output_format_of_every_view_works(self):
        self.busy()
        for view in VIEWS:
            for form in ("table", "wide", "json", "yaml"):
                with self.subTest(view=view, form=form):
                    self.assertTrue(self.cli(view, "-o", form).strip())
        self.assertNotIn("\033", self.cli("findings", "-o", "table"), "colour only on a terminal")

    def test_filters_and_fail_on(self):
        self.busy()
        self.assertEqual({f["code"] for f in json.loads(self.cli("findings", "--code", "SXT001", "-o", "json"))["findings"]}, {"SXT001"})
        self.assertEqual({f["endpoint"]["namespace"] for f in json.loads(self.cli("findings", "--namespace", "shop", "-o", "json"))["findings"]}, {"shop"})
        self.cli("findings", "--fail-on", "critical", status=1)
        self.cli("findings", "--code", "SXT009", "--fail-on", "info", status=0)

    @needs("promtool")
    def test_metrics_pass_promtool_and_have_the_promised_names(self):
        self.busy()
        status, text = self.daemon.get("/metrics")
        self.assertEqual(status, 200)
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr.strip()), (0, ""), done.stdout)
        families = set(re.findall(r"^# TYPE (\S+)", text, re.M))
        self.assertEqual([m for m in METRICS if m not in families], [])
        self.assertNotIn(STRANGER, text, "never an address of a source")
        self.assertRegex(text, r'sextant_findings\{[^}]*code="SXT001"[^}]*\} 1')

    def test_it_listens_on_both_families_and_says_where(self):
        self.start(api={"listen": ["[::1]:9713", "127.0.0.1:9713", "[::1]:0"]})
        for url in ("http://[::1]:9713/livez", "http://127.0.0.1:9713/livez"):
            with self.subTest(url=url):
                self.assertEqual(support.output([*kernel.within(self.sim.node), "curl", "-sS", "-g", "-o", "/dev/null", "-w", "%{http_code}", url]), "200")
        done = support.output([*kernel.within(self.sim.node), str(self.daemon.cli_program), "--server", "http://[::1]:9713", "status"])
        self.assertIn("n1", done)

    def test_livez_and_readyz(self):
        self.start()
        for path in ("/livez", "/readyz"):
            status, body = self.daemon.get(path)
            self.assertEqual(status, 200, body)

    def test_only_reads_are_answered(self):
        self.start()
        self.assertIn(self.daemon.request("DELETE", "/api/v1alpha1/findings")[0], (404, 405))
        self.assertEqual(self.daemon.request("POST", "/api/v1alpha1/findings", body="{}")[0], 405)
        self.assertEqual(self.daemon.get("/nowhere")[0], 404)

    def test_watch_tells_a_finding_when_it_opens_and_when_it_resolves(self):
        self.start(findings={"quiet": "3s"})
        connection = UnixConnection(str(self.daemon.socket), 20)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1alpha1/watch")
        stream = connection.getresponse()
        self.assertEqual(stream.status, 200)
        self.assertTrue(stream.getheader("Content-Type").startswith("text/event-stream"))

        self.sim.enforcement.unprotect(self.db.address)
        self.connects(STRANGER, self.db, 5432)
        self.assertEqual(self.next_event(stream, "opened")["finding"]["code"], "SXT001")
        self.assertEqual(self.next_event(stream, "resolved")["finding"]["state"], "resolved")

    def next_event(self, stream, kind):
        """The data of the next event of that kind (Server-Sent Events)."""
        event = None
        for line in iter(stream.readline, b""):
            field, _, value = line.decode().rstrip("\n").partition(":")
            if field == "event":
                event = value.strip()
            elif field == "data" and event == kind:
                return json.loads(value)
        return self.fail(f"the stream ended before {kind}")

    def test_findings_watch_prints_what_happens(self):
        self.start()
        watching = subprocess.Popen([str(self.daemon.cli_program), "--server", f"unix:{self.daemon.socket}", "findings", "--watch", "-o", "json"],
                                    stdout=subprocess.PIPE, text=True)
        self.addCleanup(watching.communicate)
        self.addCleanup(watching.kill)
        self.wait_for("the watcher is connected", lambda: watching.poll() is None)
        debug = self.sim.add_pod("ops", "debug", "7", [])
        self.expect_finding("SXT005", name="debug")
        text = ""
        while "SXT005" not in text:
            line = watching.stdout.readline()
            self.assertTrue(line, "the watch ended")
            text += line
        self.assertTrue(debug.address)

    def test_a_stopped_daemon_closes_its_connections(self):
        self.start()
        connection = UnixConnection(str(self.daemon.socket), 20)
        connection.request("GET", "/livez")
        connection.getresponse().read()
        self.assertEqual(self.daemon.stop(timeout=support.START_TIMEOUT), 0)
        with self.assertRaises((OSError, http.client.HTTPException)):
            connection.request("GET", "/livez")
            connection.getresponse()
