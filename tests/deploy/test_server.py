"""Chart and overlays before a real API server, with its admission: the strictest reader there is."""
import os
import pathlib
import re
import tempfile
import time
import unittest

import yaml

import schemas
import support
import test_examples
from support import CHART, DEPLOY, PROJECT

KUBE = PROJECT / "tests/kube-apiserver"
# Of the kinds that this server has.
READS = ("namespaces", "nodes", "pods", "services", "endpointslices.discovery.k8s.io", "networkpolicies.networking.k8s.io",
         "ingresses.networking.k8s.io",
         "ciliumnetworkpolicies.cilium.io", "customresourcedefinitions.apiextensions.k8s.io")
# Kyverno 1.19 says this of the exceptions that ClusterPolicies heed; theirs is the only other kind.
EXPECTED = re.compile(r"^Warning: kyverno\.io/v2 PolicyException is deprecated.*$", re.MULTILINE)


class Server(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        support.go()
        cls.helm = support.tool("helm")
        work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(work.cleanup)
        cls.work = pathlib.Path(work.name)
        cls.addClassCleanup(support.ran, KUBE / "stop", cls.work)
        started = support.ran("nice", "-n", "15", KUBE / "start", cls.work)
        if started.returncode != 0:
            raise AssertionError(started.stdout)
        cls.environment = os.environ | {"KUBECONFIG": str(cls.work / "kubeconfig"), "HELM_CACHE_HOME": str(cls.work / "helm")}
        for path, digest, files in schemas.MODULES:
            for file in files:
                cls.kubectl("apply", "--server-side", "-f", support.module(path, digest) / file)
        cls.wait_for_definitions()

    @classmethod
    def wait_for_definitions(cls):
        """kubectl wait gives up on a definition that has no conditions yet."""
        until = time.monotonic() + 60
        while True:
            said = cls.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s", status=None)
            if "error" not in said:
                return
            if time.monotonic() > until:
                raise AssertionError(said)
            time.sleep(0.2)

    @classmethod
    def kubectl(cls, *arguments, status=0):
        done = support.ran(*support.kubectl(), *arguments, env=cls.environment)
        if status is not None and done.returncode != status:
            raise AssertionError(f"kubectl {' '.join(map(str, arguments))}: {done.stdout}")
        return done.stdout

    def helms(self, *arguments):
        done = support.ran(self.helm, *arguments, "--namespace", self.namespace, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def make_namespace(self, name, level):
        self.namespace = name
        self.kubectl("create", "namespace", name)
        self.kubectl("label", "namespace", name, f"pod-security.kubernetes.io/enforce={level}")
        # The API server stays; a namespace does not end without a controller.
        self.addCleanup(self.kubectl, "label", "namespace", name, "done=true")

    def image(self):
        return self.kubectl("-n", self.namespace, "get", "daemonset", "sextant", "-o", "jsonpath={..image}")

    def test_installs_upgrades_rolls_back_and_goes_without_a_trace(self):
        self.make_namespace("life", "privileged")
        installed = self.helms("install", "sextant", CHART)
        self.assertIn("sextant findings", installed)
        self.helms("upgrade", "sextant", CHART, "--reset-then-reuse-values", "--set=image.tag=v0.1.1")
        self.assertTrue(self.image().endswith(":v0.1.1"))
        self.helms("rollback", "sextant", "1")
        self.assertFalse(self.image().endswith(":v0.1.1"))
        self.helms("uninstall", "sextant")
        left = self.kubectl("get", "clusterrole,clusterrolebinding,role,rolebinding,daemonset,configmap,serviceaccount,service",
                            "-A", "-l", "app.kubernetes.io/instance=sextant", "-o", "name")
        self.assertEqual(left, "")

    def test_upgrades_from_one_profile_to_the_other(self):
        self.make_namespace("profiles", "privileged")
        self.helms("install", "both", CHART, "--set=profile=observe")
        self.helms("upgrade", "both", CHART, "--set=profile=datapath")
        self.helms("uninstall", "both")

    def test_every_cluster_passes_a_strict_dry_run_by_either_door(self):
        self.kubectl("create", "namespace", "sextant")
        for cluster in support.CLUSTERS:
            doors = {"helm": support.helm_template("--values", DEPLOY / "chart/clusters" / f"{cluster}.yaml"),
                     "kustomize": support.kustomize_build(DEPLOY / "kustomize/overlays" / cluster)}
            for door, text in doors.items():
                with self.subTest(cluster=cluster, door=door):
                    file = self.work / "dry-run.yaml"
                    file.write_text(text)
                    said = self.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", file)
                    self.assertNotIn("Warning", EXPECTED.sub("", said))

    def test_examples_pass_it_too(self):
        self.kubectl("create", "namespace", "argocd")
        self.kubectl("create", "namespace", "sextant", status=None)
        for name in test_examples.OBJECTS:
            with self.subTest(name):
                self.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", DEPLOY / "examples" / name)

    def test_the_account_may_read_what_it_follows_and_nothing_else(self):
        self.make_namespace("rights", "privileged")
        self.helms("install", "sextant", CHART)
        self.addCleanup(self.helms, "uninstall", "sextant")

        def may(*question):
            who = "--as=system:serviceaccount:rights:sextant"
            return self.kubectl("auth", "can-i", *question, who, status=None).splitlines()[-1] == "yes"

        for resource in READS:
            for verb in ("list", "watch"):
                self.assertTrue(may(verb, resource, "-A"), f"{verb} {resource}")
            for verb in ("create", "update", "patch", "delete"):
                self.assertFalse(may(verb, resource, "-A"), f"{verb} {resource}")
        self.assertTrue(may("list", "configmaps/cilium-config", "-n", "kube-system"))
        self.assertFalse(may("list", "configmaps", "-n", "kube-system"))
        self.assertFalse(may("list", "secrets", "-A"))
        self.assertFalse(may("create", "pods/exec", "-n", "rights"))

    def test_pod_security_lets_it_into_a_privileged_namespace_only(self):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "sextant"},
               "spec": support.the(support.documents(support.helm_template()), "DaemonSet")["spec"]["template"]["spec"]}
        pod["spec"].pop("serviceAccountName")
        file = self.work / "pod.yaml"
        file.write_text(yaml.safe_dump(pod))
        for level, status in (("privileged", 0), ("baseline", 1)):
            with self.subTest(level):
                self.make_namespace(f"level-{level}", level)
                self.kubectl("-n", self.namespace, "create", "serviceaccount", "default")
                said = self.kubectl("-n", self.namespace, "apply", "--dry-run=server", "-f", file, status=status)
                if status:
                    self.assertIn("violates PodSecurity", said)
