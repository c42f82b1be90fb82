"""The five kinds of cluster that Sextant is made for: what is said of each, against what was worked out by hand."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

import support
from simnode.daemon import UnixConnection

CLUSTERS = pathlib.Path(__file__).resolve().parents[1] / "data" / "clusters"
NAMES = ("talos-vps", "talos-kyverno", "kubeadm-calico", "k3s-tailscale", "talos-dualstack")

# How the page says that no rule lets it in.
BY_DEFAULT = {"no policy selects it for ingress, so everything is let in": "default allow",
              "policies are not enforced here: enable-policy is never, or it is a node and the host firewall is off": "not enforced"}
DOOR = re.compile(r"^(unknown: )?(LoadBalancer|ExternalIP|ClusterIP|NodePort|HostPort) ")


def options(name):
    return (CLUSTERS / name / "options").read_text(encoding="utf-8").split()


def told(name, verb, *more):
    """What the command line prints of the cluster, as wide as it is."""
    command = [str(support.BUILD / "sextant"), verb, "--manifests", str(CLUSTERS / name / "manifests"), *options(name), *more]
    return support.ran(command, env={**os.environ, "COLUMNS": "10000"})


def expected(name, file):
    lines = (CLUSTERS / name / f"{file}.txt").read_text(encoding="utf-8").splitlines()
    return sorted(tuple(re.split(r" {2,}", line)) for line in lines)


def exposures(page):
    """ENDPOINT, PORTS, FROM, and who lets it in: rules without their places in the files. Doors are left out."""
    table = page.split("\n\n")[0].splitlines()[1:]
    rows = [re.split(r" {2,}", line) for line in table]
    return sorted((*row[:3], BY_DEFAULT.get(row[3], re.sub(r" \([^()]*:\d+\)", "", row[3])))
                  for row in rows if not DOOR.match(row[3]))


def endpoint(of):
    kind = {"Service": "service/", "Node": "node/"}.get(of["kind"], "")
    return kind + "/".join(filter(None, (of["namespace"], of["name"])))


def sources(of):
    who = "the internet" if of["class"] == "world" else ", ".join(of["prefixes"])
    return who + (" but " + ", ".join(of["exceptPrefixes"]) if of["exceptPrefixes"] else "")


def doors(exposure):
    """SERVICE or pod, DOOR, FROM, VERDICT, each BACKEND with the source that it sees, and WHO means it."""
    rows = []
    for row in exposure:
        if not row["door"]:
            continue
        door = f"{row['door']['kind']} [{row['endpoint']['address']}]:{row['port']}/{row['protocol']}"
        backends = {f"{endpoint(b['endpoint'])} {b['port']} {b['source']}: {b['verdict']}" for b in row["door"]["backends"]}
        rows.append((endpoint(row["endpoint"]), door, sources(row["source"]), row["verdict"], ", ".join(sorted(backends)),
                     row["door"]["intendedBy"] or "nobody"))
    return sorted(rows)


def nodes(name):
    text = (CLUSTERS / name / "manifests" / "cluster.yaml").read_text(encoding="utf-8")
    return re.findall(r"^kind: Node\nmetadata:(?: \{|\n ) name: (\w+)", text, re.MULTILINE)


def remarks(page):
    """The reason and the policy of each remark."""
    found = re.findall(r"^\S+:\d+ {2}(\w+) (\S+) .*\n((?: {2}\w+ SXT012/\S+: .*\n(?: {4}.*\n| {2}Fix: .*\n)*)+)", page, re.MULTILINE)
    kinds = {"CiliumNetworkPolicy": "CNP", "CiliumClusterwideNetworkPolicy": "CCNP", "NetworkPolicy": "KNP"}
    return sorted((reason, f"{kinds[kind]} {policy}") for kind, policy, text in found for reason in re.findall(r"SXT012/(\S+):", text))


def settings(arguments):
    """The command line's options as the daemon's: --cilium is its version, an option without a value is true."""
    given = []
    for argument in arguments:
        if argument.startswith("--"):
            given.append([argument.removeprefix("--"), "true"])
        else:
            given[-1][1] = argument
    return [f"--set=cilium.{'version' if key == 'cilium' else key}={value}" for key, value in given]


def findings(name, node):
    """What a daemon finds that has the manifests and sees no packets: NODE, CODE, ENDPOINT, PORT."""
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/socket"
        # Alone in a network namespace: this machine's addresses are none of the cluster's.
        command = ["unshare", "--net", str(support.BUILD / "sextantd"), "--manifests", str(CLUSTERS / name / "manifests"),
                   f"--set=node.name={node}", "--set=datapath.enabled=false", f"--set=api.socket={socket}", "--set=api.listen=[]",
                   f"--set=store.path={folder}/store.db", *settings(options(name))]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
            try:
                found = asked(socket, "/api/v1alpha1/findings")["findings"]
            finally:
                daemon.terminate()
                log = daemon.communicate(timeout=support.START_TIMEOUT)[1]
        assert daemon.returncode == 0, log
    return [(node, f["code"], endpoint(f["endpoint"]), f"{f['port']}/{f['protocol']}" if f["port"] else "-") for f in found]


def asked(socket, path):
    """Once the daemon is ready."""
    deadline = time.monotonic() + support.START_TIMEOUT
    while time.monotonic() < deadline:
        try:
            if request(socket, "/readyz")[0] == 200:
                return json.loads(request(socket, path)[1])
        except OSError:
            pass  # it does not listen yet
        time.sleep(0.02)
    raise AssertionError("the daemon is not ready")


def request(socket, path):
    connection = UnixConnection(socket, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Clusters(unittest.TestCase):
    maxDiff = None

    def test_exposure_is_what_was_worked_out_by_hand(self):
        for name in NAMES:
            with self.subTest(cluster=name):
                done = told(name, "exposure")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(exposures(done.stdout), expected(name, "exposure"))

    def test_a_services_door_leads_where_was_worked_out_by_hand(self):
        for name in NAMES:
            with self.subTest(cluster=name):
                done = told(name, "exposure", "-o", "json")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(doors(json.loads(done.stdout)["exposure"]), expected(name, "services"))

    def test_each_node_finds_the_holes_and_nothing_else(self):
        for name in NAMES:
            with self.subTest(cluster=name):
                found = [finding for node in nodes(name) for finding in findings(name, node)]
                self.assertEqual(sorted(found), expected(name, "findings"))

    def test_lint_finds_the_mistakes_and_nothing_else(self):
        for name in NAMES:
            with self.subTest(cluster=name):
                done = told(name, "lint")
                self.assertEqual((done.returncode, done.stderr), (1, ""))
                self.assertEqual(remarks(done.stdout), expected(name, "lint"))
