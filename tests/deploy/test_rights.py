"""What Sextant is given: exactly that, by either door, and each with its reason beside it."""
import re

import manifests
import support
from support import CHART, DEPLOY, PROJECT

READ = {"list", "watch"}


def granted(objects):
    """(group, resource, namespace or None) of every rule; whatever else a rule says is a failure of the test."""
    for role in support.of_kind(objects, "ClusterRole") + support.of_kind(objects, "Role"):
        for rule in role["rules"]:
            assert set(rule) <= {"apiGroups", "resources", "resourceNames", "verbs"} and set(rule["verbs"]) == READ, rule
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    yield group, resource, role["metadata"].get("namespace")


def followed():
    """What the agent lists and watches: agent/kube/resource.cpp."""
    source = (PROJECT / "agent/kube/resource.cpp").read_text()
    group = {"kCilium": "cilium.io"}
    found = {("", plural) for plural in re.findall(r'core\("\w+",\s*"(\w+)"', source)}
    for named, constant, plural in re.findall(r'\{"\w+",\s*(?:"([\w.]+)"|(kCilium)),\s*"(\w+)"', source):
        found.add((named or group[constant], plural))
    return found | {("apiextensions.k8s.io", "customresourcedefinitions")}


class Rights(support.ToolTest):

    def test_each_profile_has_its_own_and_no_more(self):
        for profile in ("datapath", "observe"):
            with self.subTest(profile):
                objects = support.documents(support.helm_template(f"--set=profile={profile}"))
                manifests.least_privilege(self, objects, profile)

    def test_no_overlay_widens_them(self):
        for cluster in support.CLUSTERS:
            with self.subTest(cluster):
                objects = support.documents(support.kustomize_build(DEPLOY / "kustomize/overlays" / cluster))
                manifests.least_privilege(self, objects, "datapath")

    def test_the_api_server_is_asked_for_what_the_agent_follows_and_nothing_is_written(self):
        objects = support.documents(support.helm_template())
        everywhere = {(group, resource) for group, resource, namespace in granted(objects) if namespace is None}
        self.assertEqual(everywhere, followed())
        self.assertEqual({one for one in granted(objects) if one[2]}, {("", "configmaps", "kube-system")})
        role = support.the(objects, "Role")
        self.assertEqual(role["rules"][0]["resourceNames"], ["cilium-config"])

    def test_only_the_pod_has_the_accounts_token(self):
        objects = support.documents(support.helm_template())
        self.assertIs(support.the(objects, "ServiceAccount")["automountServiceAccountToken"], False)
        self.assertIs(support.the(objects, "DaemonSet")["spec"]["template"]["spec"]["automountServiceAccountToken"], True)

    def test_each_has_its_reason_above_it(self):
        lines = (CHART / "templates/daemonset.yaml").read_text().splitlines()
        for right in ("- BPF", "- PERFMON", "- NET_ADMIN", "hostPID: true", "hostNetwork: true", "runAsUser: 0",
                      "allowPrivilegeEscalation: false", "automountServiceAccountToken: true",
                      "- { name: cgroup, mountPath: /host/cgroup, readOnly: true }"):
            with self.subTest(right):
                at = next(number for number, line in enumerate(lines) if line.strip() == right)
                self.assertTrue(lines[at - 1].lstrip().startswith("#"))

    def test_pod_security_is_told_in_the_namespace(self):
        objects = support.documents(support.kustomize_build(DEPLOY / "kustomize/base"))
        labels = support.the(objects, "Namespace")["metadata"]["labels"]
        self.assertEqual({labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")}, {"privileged"})

    def test_what_is_asked_of_resources_is_what_a_small_node_can_give(self):
        resources = support.container_of(support.documents(support.helm_template()))["resources"]
        self.assertEqual(resources, {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}})

    def test_a_policy_guards_the_port_where_policies_hold(self):
        for profile, wanted in (("datapath", 0), ("observe", 1)):
            with self.subTest(profile):
                objects = support.documents(support.helm_template(f"--set=profile={profile}"))
                self.assertEqual(len(support.of_kind(objects, "NetworkPolicy")), wanted)
