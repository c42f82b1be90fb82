"""What the tests of the packaging share: the tools, the manifests that they make, and how two of those are compared."""
import functools
import hashlib
import json
import os
import pathlib
import resource
import shutil
import subprocess
import unittest

import yaml

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
DEPLOY = PROJECT / "deploy"
CHART = DEPLOY / "chart/sextant"
# Also tests/kube-apiserver/build's.
CACHE = pathlib.Path(os.environ.get("SEXTANT_TEST_CACHE") or pathlib.Path.home() / ".cache/sextant-tests")
BUILD = PROJECT / "build/release"  # set by run
FULL = False
KUBERNETES = "1.35.4"
CLUSTERS = sorted(path.stem for path in (DEPLOY / "chart/clusters").glob("*.yaml"))

# Go package -> the program's name. Their versions are in tools/go.mod.
TOOLS = {
    "helm": "helm.sh/helm/v3/cmd/helm",
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform",
    "seccomp-profile": "./seccomp-profile",
    "talos-config": "./talos-config",
}

KYVERNO = "github.com/kyverno/kyverno@v1.19.1"
KYVERNO_SUM = "h1:/MkgFii3/VlQfKR1JpC9tVwNNVNQTt2S4U6qCsafsTU="


def ran(*command, **options):
    """Runs a program; its output and errors are one text."""
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)


def go():
    if not shutil.which("go"):
        raise unittest.SkipTest("no go: the tools are Go modules")
    return "go"


def cpu_of_children():
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    return use.ru_utime + use.ru_stime


@functools.cache
def tool(name):
    """The program, built if what it is made of has changed."""
    made_of = [HERE / "tools/go.mod", HERE / "tools/go.sum", *sorted((HERE / "tools").glob("*/*.go"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_of)).hexdigest()[:16]
    program = CACHE / f"{name}-{digest}"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = program.with_suffix(f".{os.getpid()}")
        before = cpu_of_children()
        built = ran(go(), "build", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", partial, TOOLS[name],
                    cwd=HERE / "tools", env=os.environ | {"CGO_ENABLED": "0"})
        if built.returncode != 0:
            raise AssertionError(f"build {name}: {built.stdout}")
        partial.replace(program)
        print(f"       built {name}: {cpu_of_children() - before:.0f} s of CPU", flush=True)
    return program


@functools.cache
def kyverno():
    """Kyverno's command line. It takes minutes to build, so only --full does it; other runs take what is there."""
    builder = PROJECT / "tests/go-program"
    made_of = f"{KYVERNO} {KYVERNO_SUM} {ran(go(), 'env', 'GOVERSION').stdout}".encode() + builder.read_bytes()
    program = CACHE / f"kyverno-{hashlib.sha256(made_of).hexdigest()[:16]}"
    if not program.exists():
        if not FULL:
            raise unittest.SkipTest("Kyverno's command line is not built yet: tests/deploy/run --full --tools does it in about 5 minutes")
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = program.with_suffix(f".{os.getpid()}")
        before = cpu_of_children()
        built = ran(builder, KYVERNO, KYVERNO_SUM, "-s -w", f"{partial}=cmd/cli/kubectl-kyverno")
        if built.returncode != 0:
            raise AssertionError(f"build kyverno: {built.stdout}")
        partial.replace(program)
        print(f"       built kyverno: {cpu_of_children() - before:.0f} s of CPU", flush=True)
    return program


class ToolTest(unittest.TestCase):
    """Skipped as a whole, with the reason, where its tools cannot be had."""

    needed = ("helm",)

    def setUp(self):
        for name in self.needed:
            tool(name)


@functools.cache
def module(path_and_version, digest):
    """The folder of a Go module's files; the digest is go.sum's, so they are always the same."""
    told = ran(go(), "mod", "download", "-json", path_and_version, cwd="/")
    answer = json.loads(told.stdout)
    if answer.get("Error"):
        raise unittest.SkipTest(f"{path_and_version} cannot be had: {answer['Error']}")
    if answer["Sum"] != digest:
        raise AssertionError(f"{path_and_version} is {answer['Sum']}, not {digest}")
    return pathlib.Path(answer["Dir"])


def helm_template(*arguments, release="sextant", namespace="sextant"):
    """What `helm template` prints. Fails as helm fails, with its words."""
    done = ran(tool("helm"), "template", release, CHART, "--namespace", namespace, "--kube-version", KUBERNETES, *arguments)
    if done.returncode != 0:
        raise AssertionError(done.stdout)
    return done.stdout


def kustomize_build(folder):
    done = ran(*kubectl(), "kustomize", folder)
    if done.returncode != 0:
        raise AssertionError(done.stdout)
    return done.stdout


@functools.cache
def kubectl():
    """The kubectl that belongs to the tests' API server, as a command."""
    go()
    built = ran("nice", "-n", "15", PROJECT / "tests/kube-apiserver/build")
    if built.returncode != 0:
        raise AssertionError(built.stdout)
    return [built.stdout.splitlines()[-1], "kubectl"]


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(objects, kind):
    return [one for one in objects if one["kind"] == kind]


def the(objects, kind):
    found = of_kind(objects, kind)
    assert len(found) == 1, f"{len(found)} {kind}"
    return found[0]


def container_of(objects):
    pod = the(objects, "DaemonSet")["spec"]["template"]["spec"]
    assert len(pod["containers"]) == 1 and not pod.get("initContainers")
    return pod["containers"][0]


def config_of(objects):
    """sextant.yaml, as the daemon reads it: what the arguments set, too."""
    config = yaml.safe_load(the(objects, "ConfigMap")["data"]["sextant.yaml"])
    for argument in container_of(objects)["args"]:
        if argument.startswith("--set="):
            key, _, value = argument.removeprefix("--set=").partition("=")
            *path, last = key.split(".")
            place = functools.reduce(lambda node, name: node.setdefault(name, {}), path, config)
            place[last] = yaml.safe_load(value)
    return config
