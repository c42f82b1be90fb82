"""The snippets to copy: each valid by the schema of those who will read it, and true of what is shipped."""
import json
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

import manifests
import support
from support import DEPLOY

EXAMPLES = DEPLOY / "examples"
# For the API server and its clients; the others are for programs of their own.
OBJECTS = sorted(path.relative_to(EXAMPLES) for folder in ("flux", "argocd", "kyverno")
                 for path in (EXAMPLES / folder).rglob("*.yaml") if path.name != "kustomization.yaml")
RENOVATE = "renovate@44.121.2"


def document(name, kind):
    return support.the(support.documents((EXAMPLES / name).read_text()), kind)


class Examples(support.ToolTest):
    needed = ("helm", "kubeconform", "talos-config")

    def values_are_taken(self, values):
        with tempfile.TemporaryDirectory() as work:
            file = pathlib.Path(work, "values.json")
            file.write_text(json.dumps(values))
            return support.documents(support.helm_template("--values", file))

    def test_flux_argo_cd_and_kyverno_conform_to_their_definitions(self):
        for name in OBJECTS:
            with self.subTest(name):
                manifests.conform(self, (EXAMPLES / name).read_text())

    def test_their_values_are_values_of_the_chart(self):
        self.values_are_taken(document("flux/sextant.yaml", "HelmRelease")["spec"]["values"])
        source = document("argocd/application.yaml", "Application")["spec"]["source"]
        objects = self.values_are_taken(source["helm"]["valuesObject"])
        self.assertEqual(len(support.of_kind(objects, "Namespace")), 1)

    def test_they_name_the_version_that_is_here(self):
        version = re.search(r"^version: (.+)$", (support.CHART / "Chart.yaml").read_text(), re.MULTILINE).group(1)
        self.assertEqual(document("flux/sextant.yaml", "OCIRepository")["spec"]["ref"]["tag"], version)
        self.assertEqual(document("argocd/application.yaml", "Application")["spec"]["source"]["targetRevision"], version)

    def test_the_exception_names_the_daemon_set_that_both_doors_make(self):
        match = document("kyverno/exception/policy-exception.yaml", "PolicyException")["spec"]["match"]["any"][0]["resources"]
        daemon_set = support.the(support.documents(support.helm_template()), "DaemonSet")["metadata"]
        self.assertIn(daemon_set["name"], match["names"])
        self.assertEqual(match["namespaces"], [daemon_set["namespace"]])

    def test_everybody_verifies_the_same_signer(self):
        signers = set()
        for path in EXAMPLES.rglob("*.yaml"):
            signers |= set(re.findall(r"\^https://github\S+release\\\.yml\S*", path.read_text()))
        self.assertEqual(len(signers), 1, signers)

    def test_talos_reads_its_document(self):
        done = support.ran(support.tool("talos-config"), EXAMPLES / "talos/image-verification.yaml")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_talos_would_refuse_a_field_that_is_misspelt(self):
        with tempfile.TemporaryDirectory() as work:
            wrong = pathlib.Path(work, "wrong.yaml")
            wrong.write_text((EXAMPLES / "talos/image-verification.yaml").read_text().replace("subjectRegex:", "subjectRegexp:"))
            self.assertNotEqual(support.ran(support.tool("talos-config"), wrong).returncode, 0)

    def test_renovate_conforms_to_its_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("no jsonschema for Python")
        if not shutil.which("npm"):
            self.skipTest("no npm: Renovate's schema is in its npm package")
        schema = support.CACHE / f"{RENOVATE}.json"
        if not schema.exists():
            support.CACHE.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as work:
                done = subprocess.run(["npm", "pack", "--silent", RENOVATE], cwd=work, stdout=subprocess.PIPE, text=True,
                                      check=False)
                if done.returncode != 0:
                    self.skipTest(f"{RENOVATE} cannot be had")
                with tarfile.open(pathlib.Path(work, done.stdout.strip())) as package:
                    schema.write_bytes(package.extractfile("package/renovate-schema.json").read())
        jsonschema.validate(json.loads((EXAMPLES / "renovate/renovate.json").read_text()), json.loads(schema.read_text()))
