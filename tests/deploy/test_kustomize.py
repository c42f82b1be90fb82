"""The Kustomize base and overlays: made from the chart, and the same as the chart with the cluster's values."""

import manifests
import support
from support import DEPLOY

KUSTOMIZE = DEPLOY / "kustomize"
OVERLAYS = sorted(path.parent.name for path in KUSTOMIZE.glob("overlays/*/kustomization.yaml"))
# What Helm and Kustomize each do in their own way.
HELMS_LABELS = ("helm.sh/chart", "app.kubernetes.io/managed-by")


def normalized(objects):
    """By kind and name, without what only one of the doors has: Helm's labels, and how a changed configuration rolls the
    pods. The configuration is compared as what it says."""
    out = {}
    for one in objects:
        for label in HELMS_LABELS:
            one["metadata"].get("labels", {}).pop(label, None)
        if one["kind"] == "ConfigMap":
            out["configuration"] = support.config_of(objects)
            continue
        if one["kind"] in ("Namespace", "PolicyException"):  # the chart leaves both to its user
            continue
        if one["kind"] == "DaemonSet":
            template = one["spec"]["template"]
            template["metadata"].pop("annotations", None)
            volume = next(volume for volume in template["spec"]["volumes"] if volume["name"] == "config")
            assert volume["configMap"]["name"].startswith("sextant")
            volume["configMap"]["name"] = "sextant"
            environment = template["spec"]["containers"][0]["env"]
            environment.sort(key=lambda variable: variable["name"])
        out[one["kind"], one["metadata"]["name"]] = one
    return out


class Kustomize(support.ToolTest):
    needed = ("helm", "kubeconform")
    maxDiff = None

    def test_what_comes_from_the_chart_is_as_the_chart_renders_it(self):
        done = support.ran(KUSTOMIZE / "render", "--check", "--helm", support.tool("helm"))
        self.assertEqual(done.returncode, 0, "run deploy/kustomize/render:\n" + done.stdout)

    def test_every_cluster_has_an_overlay_and_values(self):
        self.assertEqual(OVERLAYS, support.CLUSTERS)
        self.assertLessEqual({"talos-vps", "talos-kyverno", "kubeadm-calico", "k3s-tailscale", "talos-dualstack"}, set(OVERLAYS))

    def test_every_overlay_conforms_and_its_configuration_is_accepted(self):
        for overlay in OVERLAYS:
            with self.subTest(overlay):
                text = support.kustomize_build(KUSTOMIZE / "overlays" / overlay)
                manifests.conform(self, text)
                objects = support.documents(text)
                config = support.config_of(objects)
                config["api"]["listen"] = [one.replace("$(POD_IP)", "fd00::1") for one in config["api"]["listen"]]
                manifests.accepted_by_daemon(self, config)
                manifests.mounts_hold_what_is_configured(self, objects)

    def test_every_overlay_is_the_chart_with_the_clusters_values(self):
        for overlay in OVERLAYS:
            with self.subTest(overlay):
                built = support.documents(support.kustomize_build(KUSTOMIZE / "overlays" / overlay))
                values = DEPLOY / "chart/clusters" / f"{overlay}.yaml"
                rendered = support.documents(support.helm_template("--values", values))
                self.assertEqual(normalized(built), normalized(rendered))

    def test_a_changed_configuration_changes_the_pods(self):
        def name(overlay):
            objects = support.documents(support.kustomize_build(KUSTOMIZE / "overlays" / overlay))
            return support.the(objects, "ConfigMap")["metadata"]["name"]

        self.assertNotEqual(name("kubeadm-calico"), name("kubeadm-calico-dev"))
