"""The five kinds of cluster that Sextant is made for: what exposure and lint say of each, against what was worked out by hand."""

import os
import pathlib
import re
import unittest

import support

CLUSTERS = pathlib.Path(__file__).resolve().parents[1] / "data" / "clusters"
NAMES = ("talos-vps", "talos-kyverno", "kubeadm-calico", "k3s-tailscale", "talos-dualstack")

# How the page says that no rule lets it in.
BY_DEFAULT = {"no policy selects it for ingress, so everything is let in": "default allow",
              "policies are not enforced here: enable-policy is never, or it is a node and the host firewall is off": "not enforced"}


def told(name, verb, *more):
    """What the command line prints of the cluster, as wide as it is."""
    folder = CLUSTERS / name
    command = [str(support.BUILD / "sextant"), verb, "--manifests", str(folder / "manifests"), *(folder / "options").read_text().split(), *more]
    return support.ran(command, env={**os.environ, "COLUMNS": "10000"})


def expected(name, verb):
    lines = (CLUSTERS / name / f"{verb}.txt").read_text(encoding="utf-8").splitlines()
    return sorted(tuple(re.split(r" {2,}", line)) for line in lines)


def exposures(page):
    """ENDPOINT, PORTS, FROM, and who lets it in: rules without their places in the files."""
    table = page.split("\n\n")[0].splitlines()[1:]
    rows = [re.split(r" {2,}", line) for line in table]
    return sorted((*row[:3], BY_DEFAULT.get(row[3], re.sub(r" \([^()]*:\d+\)", "", row[3]))) for row in rows)


def remarks(page):
    """The reason and the policy of each remark."""
    found = re.findall(r"^\S+:\d+ {2}(\w+) (\S+) .*\n((?: {2}\w+ SXT012/\S+: .*\n(?: {4}.*\n| {2}Fix: .*\n)*)+)", page, re.MULTILINE)
    kinds = {"CiliumNetworkPolicy": "CNP", "CiliumClusterwideNetworkPolicy": "CCNP", "NetworkPolicy": "KNP"}
    return sorted((reason, f"{kinds[kind]} {policy}") for kind, policy, text in found for reason in re.findall(r"SXT012/(\S+):", text))


class Clusters(unittest.TestCase):
    maxDiff = None

    def test_exposure_is_what_was_worked_out_by_hand(self):
        for name in NAMES:
            with self.subTest(cluster=name):
                done = told(name, "exposure")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(exposures(done.stdout), expected(name, "exposure"))

    def test_lint_finds_the_mistakes_and_nothing_else(self):
        for name in NAMES:
            with self.subTest(cluster=name):
                done = told(name, "lint")
                self.assertEqual((done.returncode, done.stderr), (1, ""))
                self.assertEqual(remarks(done.stdout), expected(name, "lint"))
