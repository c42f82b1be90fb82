"""The Helm chart: what it renders is valid, and what it should refuse it refuses."""
import itertools
import json
import pathlib
import re
import tempfile

import manifests
import support
from support import CHART, DEPLOY, PROJECT, helm_template

BOTH = ("datapath", "observe")
MONITORED = ["--set=api.listen=address", "--set=podMonitor.enabled=true", "--set=serviceMonitor.enabled=true",
             "--set=prometheusRule.enabled=true", "--set=podMonitor.labels.release=kube-prometheus-stack"]
# What each value changes; every one with every profile.
CHANGES = {
    "defaults": [],
    "namespace": ["--set=namespace.create=true"],
    "monitored": MONITORED,
    "monitored over IPv4": [*MONITORED, "--set=api.family=IPv4"],
    "public": ["--set=api.listen=address", "--set=api.public=true"],
    "for kubectl": ["--set=api.listen=cluster", "--set=api.from[0]=2001:db8:100::/48", "--set=kubectl.role=true",
                    "--set-json=kubectl.subjects=[{\"kind\":\"Group\",\"name\":\"operators\",\"apiGroup\":\"rbac.authorization.k8s.io\"}]"],
    "for kubectl, policies of Cilium": ["--set=api.listen=cluster", "--set=networkPolicy.cilium=true"],
    "policies of Cilium": ["--set=networkPolicy.cilium=true"],
    "policies of Cilium, scraped": ["--set=networkPolicy.cilium=true", "--set=api.listen=address"],
    "no policies": ["--set=networkPolicy.enabled=false"],
    "no folder": ["--set=store.hostPath="],
    "pod": ["--set=priorityClassName=system-node-critical", "--set=podLabels.a=b", "--set=podAnnotations.c=d",
            "--set=maxUnavailable=2", "--set=seLinuxOptions.type=spc_t", "--set=imagePullSecrets[0].name=registry", "--set=tolerations=null",
            "--set-json=affinity={\"nodeAffinity\":{}}", "--set=image.digest=sha256:" + "0" * 64],
    "KubePrism": ["--set=kubernetes.host=localhost", "--set=kubernetes.port=7445"],
    "configuration": ["--set-json=config=" + json.dumps({
        "source": {"stale": "5m"}, "uplinks": ["eth0"], "networks": {"cluster": ["fd00::/8"], "trusted": ["2001:db8::/32"]},
        "datapath": {"enabled": True, "sizes": {"rows": 1024, "ring-bytes": 65536}},
        "cilium": {"version": "1.19.3", "enable-policy": "always", "dual-stack": "auto", "policy-cidr-match-mode": ["nodes"],
                   "settle": "20s"},
        "findings": {"quiet": "1h", "severities": {"SXT005": "critical"}}, "store": {"keep": "30d"},
        "log": {"level": "debug", "format": "json"}})],
}
REFUSED = {
    "profile: everything": "/profile",
    "uplinks: [eth0]": "uplinks",
    "config: {uplink: [eth0]}": "uplink",
    "config: {datapath: {cgroup: /}}": "cgroup",
    "config: {log: {level: loud}}": "/config/log/level",
    "config: {findings: {severities: {SXT013: info}}}": "SXT013",
    "image: {tag: latest}": "/image/tag",
    "image: {digest: 'sha256:1'}": "/image/digest",
    "api: {port: 65536}": "/api/port",
    "api: {listen: '::'}": "/api/listen",
    "api: {public: true}": "api.listen: loopback",
    "api: {listen: cluster, public: true}": "api.listen: cluster",
    "api: {from: ['2001:db8::/32']}": "api.listen is loopback",
    "kubectl: {subjects: [{kind: Person, name: me}]}": "/kubectl/subjects/0/kind",
    "podMonitor: {enabled: true}": "api.listen: cluster or address",
    "networkPolicy: {scrapers: {kubernetes.io/metadata.name: null}}": "/networkPolicy/scrapers",
    "maxUnavailable: 0": "/maxUnavailable",
    "resources: {claims: []}": "claims",
}
# Keys of sextant.yaml that the chart settles itself, and those that this version reads and does not use yet.
SETTLED = {"node.name", "source.kubernetes.kubeconfig", "source.manifests.path", "datapath.cgroup", "api.socket", "api.listen",
           "api.from", "api.public", "store.path"}
UNUSED = {"canary.enabled", "canary.interval", "canary.rate", "contract.path", "alerts", "cilium.bpffs"}


def keys_of(schema, path=""):
    if schema.get("type") != "object":
        return {path}
    if "patternProperties" in schema:
        return {path + ".*"}
    return set().union(*(keys_of(value, f"{path}.{key}".lstrip(".")) for key, value in schema["properties"].items()))


class Chart(support.ToolTest):
    needed = ("helm", "kubeconform")

    def test_lints_strictly(self):
        done = support.ran(support.tool("helm"), "lint", "--strict", "--kube-version", support.KUBERNETES, CHART)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_combination_conforms_and_is_accepted_by_the_daemon(self):
        for profile, (name, change) in itertools.product(BOTH, CHANGES.items()):
            with self.subTest(profile=profile, change=name):
                text = helm_template(f"--set=profile={profile}", *change)
                manifests.conform(self, text)
                objects = support.documents(text)
                config = support.config_of(objects)
                config["api"]["listen"] = [one.replace("$(POD_IP)", "fd00::1" if "[$" in one else "10.0.0.1")
                                           for one in config["api"]["listen"]]
                manifests.accepted_by_daemon(self, config)
                manifests.mounts_hold_what_is_configured(self, objects)

    def test_what_is_wrong_is_refused_by_name(self):
        with tempfile.TemporaryDirectory() as work:
            values = pathlib.Path(work, "values.yaml")
            for wrong, named in REFUSED.items():
                with self.subTest(wrong):
                    values.write_text(wrong)
                    with self.assertRaises(AssertionError) as refused:
                        helm_template("--values", values)
                    self.assertIn(named, str(refused.exception))

    def test_takes_the_daemons_keys_and_no_others(self):
        source = (PROJECT / "agent/app/config_keys.cpp").read_text()
        read = set(re.findall(r'ConfigKey\{"([^"]+)"', source))
        schema = json.loads((CHART / "values.schema.json").read_text())
        definitions = schema["$defs"]

        def resolved(node):
            if "$ref" in node:
                return definitions[node["$ref"].rsplit("/", 1)[1]]
            return node | {"properties": {key: resolved(value) for key, value in node["properties"].items()}} \
                if "properties" in node else node

        offered = keys_of(resolved(schema["properties"]["config"]))
        self.assertEqual(offered, read - SETTLED - UNUSED)
        self.assertLessEqual(SETTLED | UNUSED, read)

    def test_its_readme_tells_every_value(self):
        done = support.ran(DEPLOY / "chart/readme", "--check")
        self.assertEqual(done.returncode, 0, "run deploy/chart/readme: " + done.stdout)

    def test_has_the_projects_version(self):
        version = re.search(r"project\(sextant VERSION ([0-9.]+)", (PROJECT / "CMakeLists.txt").read_text()).group(1)
        chart = (CHART / "Chart.yaml").read_text()
        self.assertIn(f"\nversion: {version}\n", chart)
        self.assertIn(f"\nappVersion: {version}\n", chart)
        self.assertTrue(support.container_of(support.documents(helm_template()))["image"].endswith(f":v{version}"))

    def test_is_packed_as_an_oci_registry_takes_it(self):
        with tempfile.TemporaryDirectory() as work:
            done = support.ran(support.tool("helm"), "package", CHART, "--destination", work)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(len(list(pathlib.Path(work).glob("sextant-*.tgz"))), 1)

    def test_names_follow_the_release_and_the_namespace(self):
        objects = support.documents(helm_template("--set=profile=observe", release="outer", namespace="watch"))
        self.assertEqual({one["metadata"]["name"].removesuffix("-cilium-config") for one in objects}, {"outer-sextant"})
        self.assertEqual({one["metadata"].get("namespace") for one in objects}, {"watch", "kube-system", None})
        subject = support.the(objects, "ClusterRoleBinding")["subjects"][0]
        self.assertEqual((subject["name"], subject["namespace"]), ("outer-sextant", "watch"))

    def test_a_changed_configuration_changes_the_pods(self):
        def mark(*arguments):
            daemon_set = support.the(support.documents(helm_template(*arguments)), "DaemonSet")
            return daemon_set["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

        self.assertEqual(mark(), mark("--set=maxUnavailable=1"))
        self.assertNotEqual(mark(), mark("--set=config.log.level=debug"))

    def test_who_is_answered_is_said_to_the_daemon(self):
        def arguments(*values):
            return support.container_of(support.documents(helm_template(*values)))["args"]

        self.assertNotIn("api.from", " ".join(arguments()))
        self.assertNotIn("api.from", " ".join(arguments("--set=api.listen=address")))
        self.assertIn('--set=api.from=["cluster"]', arguments("--set=api.listen=cluster"))
        self.assertIn('--set=api.from=["cluster","2001:db8:100::/48"]',
                      arguments("--set=api.listen=cluster", "--set=api.from[0]=2001:db8:100::/48"))

    def test_probes_ask_where_the_daemon_answers(self):
        def probe(*arguments):
            return support.container_of(support.documents(helm_template(*arguments)))["readinessProbe"]

        self.assertEqual(probe("--set=api.port=9999")["httpGet"], {"host": "::1", "port": 9999, "path": "/readyz"})
        self.assertEqual(probe("--set=profile=observe", "--set=api.listen=address")["httpGet"], {"port": 9713, "path": "/readyz"})
        self.assertEqual(probe("--set=profile=observe")["exec"]["command"][:2], ["/usr/bin/sextant", "status"])
