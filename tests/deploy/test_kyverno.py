"""Kyverno's own policies over what is shipped: it breaks none but those that the exception names, and with it none at all."""
import concurrent.futures
import copy
import json
import os
import pathlib
import subprocess
import tempfile

import support
from support import DEPLOY, helm_template
from test_chart import CHANGES
from test_kustomize import KUSTOMIZE, OVERLAYS

# The two kinds of policies, and the exception for those that have them.
EXCEPTIONS = {"ClusterPolicy": DEPLOY / "examples/kyverno/exception/policy-exception.yaml",
              "ValidatingPolicy": DEPLOY / "examples/kyverno/exception-cel/policy-exception.yaml"}
# Of Kyverno's module, which is Apache-2.0; Pod Security's baseline is its chart's.
PRACTICES = ("disallow_privileged", "require_pod_requests_limits", "disallow_latest_tag")
# What must have been looked at, and found to be right.
PASSED = {"ClusterPolicy": {"disallow-privileged-containers", "disallow-privileged", "require-pod-requests-limits", "disallow-latest-tag"},
          "ValidatingPolicy": {"disallow-privileged-containers"}}


def policies(kind):
    """Kyverno's policies of the kind, as YAML. The best practices are ClusterPolicies only."""
    files = support.module(support.KYVERNO, support.KYVERNO_SUM)
    done = support.ran(support.tool("helm"), "template", "kyverno-policies", files / "charts/kyverno-policies", f"--set=policyType={kind}",
                       "--kube-version", support.KUBERNETES)
    assert done.returncode == 0, done.stdout
    practices = [(files / "test/best_practices" / f"{name}.yaml").read_text() for name in PRACTICES] if kind == "ClusterPolicy" else []
    return "\n---\n".join([done.stdout, *practices])


def excepted(kind):
    """The names of the policies that the exception for the kind names."""
    spec = support.the(support.documents(EXCEPTIONS[kind].read_text()), "PolicyException")["spec"]
    return {one["policyName"] for one in spec.get("exceptions", ())} | {one["name"] for one in spec.get("policyRefs", ())}


def workloads(text):
    """What the policies look at: the DaemonSet, and the pod that it would make, as the API server completes it. As JSON documents."""
    daemon_set = support.the(support.documents(text), "DaemonSet")
    name, namespace = daemon_set["metadata"]["name"], daemon_set["metadata"]["namespace"]
    template = copy.deepcopy(daemon_set["spec"]["template"])
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
           "metadata": {**template["metadata"], "name": f"{name}-x7k2p", "namespace": namespace}}
    if pod["spec"].get("hostNetwork"):
        for port in pod["spec"]["containers"][0].get("ports", ()):
            port["hostPort"] = port["containerPort"]  # pkg/apis/core/v1/defaults.go: defaultHostNetworkPorts
    return "\n---\n".join(json.dumps(one) for one in (daemon_set, pod))


def renderings():
    """What is shipped: name -> manifests."""
    shipped = {f"overlay {overlay}": support.kustomize_build(KUSTOMIZE / "overlays" / overlay) for overlay in OVERLAYS}
    shipped["chart"] = helm_template()
    shipped["chart, monitored"] = helm_template(*CHANGES["monitored"])
    shipped["chart, observe, monitored"] = helm_template("--set=profile=observe", *CHANGES["monitored"])
    return shipped


class Kyverno(support.ToolTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.program = support.kyverno()
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for kind in EXCEPTIONS:
            (self.work / f"{kind}.yaml").write_text(policies(kind))

    def judged(self, kind, text, exception=None):
        """Result -> the names of the policies that came to it."""
        with tempfile.NamedTemporaryFile("w", dir=self.work, suffix=".yaml") as resources:
            resources.write(workloads(text))
            resources.flush()
            command = [self.program, "apply", self.work / f"{kind}.yaml", "--resource", resources.name, "--policy-report",
                       "--output-format=json", *([f"--exception={exception}"] if exception else [])]
            done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        # It ends with 1 where a policy is broken, and puts warnings before its report.
        start = done.stdout.find("{")
        self.assertTrue(done.returncode in (0, 1) and start >= 0, done.stdout + done.stderr)
        results = {}
        for one in json.loads(done.stdout[start:])["results"]:
            results.setdefault(one["result"], set()).add(one["policy"])
        return results

    def all_judged(self, texts, excepted):
        """(rendering, kind) -> judged(), a few at once."""
        todo = [(name, kind) for name in texts for kind in EXCEPTIONS]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(lambda one: self.judged(one[1], texts[one[0]], EXCEPTIONS[one[1]] if excepted else None), todo)
            return dict(zip(todo, results))

    def test_with_the_exception_what_is_shipped_breaks_no_policy(self):
        for (name, kind), results in self.all_judged(renderings(), excepted=True).items():
            with self.subTest(name, kind=kind):
                self.assertLessEqual(set(results), {"pass", "skip"}, results)
                self.assertEqual(results["skip"] - excepted(kind), set())
                self.assertLessEqual(PASSED[kind], results["pass"])

    def test_without_it_exactly_the_policies_that_it_names_are_broken(self):
        texts = {"defaults": helm_template(), "monitored": helm_template(*CHANGES["monitored"])}
        broken = {kind: set() for kind in EXCEPTIONS}
        for (_, kind), results in self.all_judged(texts, excepted=False).items():
            self.assertLessEqual(set(results), {"pass", "fail"}, results)
            broken[kind] |= results["fail"]
        self.assertEqual(broken, {kind: excepted(kind) for kind in EXCEPTIONS})

    def test_it_lets_nobody_else_past(self):
        other = helm_template().replace("name: sextant", "name: other")
        for (_, kind), results in self.all_judged({"other": other}, excepted=True).items():
            self.assertLessEqual({"disallow-capabilities", "disallow-host-namespaces", "disallow-host-path"}, results["fail"], kind)

    def test_what_should_not_be_shipped_would_be_found(self):
        text = helm_template()
        for right, wrong, policy in (("privileged: false", "privileged: true", "disallow-privileged-containers"),
                                     ("privileged: false", "privileged: true", "disallow-privileged"),
                                     ("memory: 128Mi", "ephemeral-storage: 1Gi", "require-pod-requests-limits"),
                                     (image_of(text), "ghcr.io/sextant-dev/sextant:latest", "disallow-latest-tag")):
            with self.subTest(policy):
                self.assertIn(right, text)
                results = self.judged("ClusterPolicy", text.replace(right, wrong), EXCEPTIONS["ClusterPolicy"])
                self.assertIn(policy, results.get("fail", ()))


def image_of(text):
    return support.container_of(support.documents(text))["image"]
