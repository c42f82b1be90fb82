"""Kyverno's own policies over what is shipped: it breaks none but those that the exception names, and with it none at all."""
import json
import pathlib
import tempfile

import support
from support import DEPLOY, helm_template
from test_chart import BOTH, CHANGES
from test_kustomize import KUSTOMIZE, OVERLAYS

# The two kinds of policies, and the exception for those that have them.
EXCEPTIONS = {"ClusterPolicy": DEPLOY / "examples/kyverno/exception/policy-exception.yaml",
              "ValidatingPolicy": DEPLOY / "examples/kyverno/exception-cel/policy-exception.yaml"}
# Of Kyverno's module, which is Apache-2.0; Pod Security's baseline is its chart's.
PRACTICES = ("disallow_privileged", "require_pod_requests_limits", "disallow_latest_tag")
# Those of the chart's changes that change the pod.
PODS = ("defaults", "monitored", "no folder", "pod", "KubePrism")


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


def with_pods(text):
    """The manifests, and the pod that the DaemonSet would make: some policies look at pods only."""
    daemon_set = support.the(support.documents(text), "DaemonSet")
    template = daemon_set["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
           "metadata": {**template["metadata"], "name": f"{daemon_set['metadata']['name']}-x7k2p", "namespace": daemon_set["metadata"]["namespace"]}}
    return f"{text}\n---\n{json.dumps(pod)}\n"


class Kyverno(support.ToolTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.program = support.kyverno()
        self.work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for kind in EXCEPTIONS:
            (self.work / f"{kind}.yaml").write_text(policies(kind))

    def results(self, kind, text, exception=None):
        """(policy, kind of what was judged) -> pass, fail, skip, error."""
        (self.work / "resources.yaml").write_text(text)
        done = support.ran(self.program, "apply", self.work / f"{kind}.yaml", "--resource", self.work / "resources.yaml", "--policy-report",
                           "--output-format=json", "--remove-color", *([f"--exception={exception}"] if exception else []))
        print(done.stdout)
        return done.stdout
