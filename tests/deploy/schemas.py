"""Strict JSON schemas for kubeconform: Kubernetes' own, and those of the CustomResourceDefinitions that the manifests use,
out of the Go modules of the projects that define them. None of them is kept here."""
import json
import shutil

import yaml

import support

# Module@version, its digest in the words of go.sum, and the definitions in it.
MODULES = [
    ("github.com/cilium/cilium@v1.19.3", "h1:foJrHPk45HwshOd8Qf/kptf9JxPfNySkIDKsetZa9+Y=",
     ["pkg/k8s/apis/cilium.io/client/crds/v2/ciliumnetworkpolicies.yaml"]),
    ("github.com/prometheus-operator/prometheus-operator@v0.85.0", "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
     [f"example/prometheus-operator-crd/monitoring.coreos.com_{plural}.yaml"
      for plural in ("podmonitors", "servicemonitors", "prometheusrules")]),
    ("github.com/fluxcd/source-controller@v1.8.0", "h1:h549HUCBEG4jGs3uFYfb2+/XhJjcz+pvB8VG4mdSYDw=",
     ["config/crd/bases/source.toolkit.fluxcd.io_ocirepositories.yaml"]),
    ("github.com/fluxcd/helm-controller@v1.4.3", "h1:449LcGJXLCylvrNCq8ycevwa5mxE1Mn9vxTwlsj/no8=",
     ["config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml"]),
    ("github.com/argoproj/argo-cd/v3@v3.1.0", "h1:2+gPskQKCyPC9DzRSWQ1AvmS3WiIlRR7bKz/FO3DozI=",
     ["manifests/crds/application-crd.yaml"]),
    ("github.com/kyverno/kyverno@v1.19.1", "h1:/MkgFii3/VlQfKR1JpC9tVwNNVNQTt2S4U6qCsafsTU=",
     [f"config/crds/{group}_{plural}.yaml" for group, plural in (
         ("kyverno/kyverno.io", "policyexceptions"), ("kyverno/kyverno.io", "clusterpolicies"),
         ("policies.kyverno.io/policies.kyverno.io", "policyexceptions"),
         ("policies.kyverno.io/policies.kyverno.io", "imagevalidatingpolicies"))]),
]


def strict(node, closed=True):
    """An OpenAPI schema as a JSON schema that takes no property it does not name. The branches of anyOf and the like stay
    open: each names only what it is about, and the schema around them names all."""
    if isinstance(node, list):
        return [strict(item, closed) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    out = {key: strict(value, closed and key not in ("allOf", "anyOf", "oneOf", "not")) for key, value in node.items()
           if key not in ("properties", "description", "default", "format") and not key.startswith("x-kubernetes-")}
    if "properties" in node:
        out["properties"] = {key: strict(value, closed) for key, value in node["properties"].items()}
        if closed and not node.get("x-kubernetes-preserve-unknown-fields"):
            out.setdefault("additionalProperties", False)
    return out


def write_definition(definition, out):
    group, kind = definition["spec"]["group"], definition["spec"]["names"]["kind"]
    for version in definition["spec"]["versions"]:
        schema = strict(version["schema"]["openAPIV3Schema"])
        # Written by every object, described by none: `metadata: {type: object}` is all that definitions say.
        schema["properties"]["metadata"] = {"type": "object"}
        name = f"{kind.lower()}-{group.split('.')[0]}-{version['name']}.json"
        (out / name).write_text(json.dumps(schema))


def folder():
    """Makes all of them, once for each state of this file and of the Kubernetes module."""
    out = support.CACHE / "schemas"
    mark = support.CACHE / "schemas.made-by"
    made_by = "".join(path.read_text() for path in (support.HERE / "schemas.py", support.PROJECT / "tests/kube-apiserver/go.mod"))
    if mark.exists() and mark.read_text() == made_by:
        return out
    support.go()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    done = support.ran(support.PROJECT / "tests/kube-apiserver/schemas", out)
    if done.returncode != 0:
        raise AssertionError(done.stdout)
    for path, digest, files in MODULES:
        root = support.module(path, digest)
        for file in files:
            for definition in yaml.safe_load_all((root / file).read_text()):
                if definition:
                    write_definition(definition, out)
    mark.write_text(made_by)
    return out
