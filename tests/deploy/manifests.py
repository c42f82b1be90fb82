"""Questions that are asked of any rendering of Sextant's manifests, whichever door it came through."""
import pathlib
import subprocess
import tempfile

import yaml

import schemas
import support


def conform(test, text):
    """kubeconform, strict: no unknown field, and no kind without a schema."""
    location = str(schemas.folder()) + "/{{.ResourceKind}}{{.KindSuffix}}.json"
    done = subprocess.run([str(support.tool("kubeconform")), "-strict", "-summary", "-schema-location", location], input=text,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    test.assertEqual(done.returncode, 0, done.stdout)
    test.assertRegex(done.stdout, rf"Summary: {len(support.documents(text))} resources? found")


def accepted_by_daemon(test, config):
    """`sextantd --check` reads the configuration: 0 and 1 tell of the machine, 2 that it cannot be run."""
    daemon = support.BUILD / "sextantd"
    if not daemon.exists():
        test.skipTest(f"no {daemon}")
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        (folder / "sextant.yaml").write_text(yaml.safe_dump(config))
        (folder / "manifests").mkdir()
        # An API server is not at hand; where the store is, the manifests' test says.
        done = support.ran(daemon, "--check", "--config", folder / "sextant.yaml", "--manifests", folder / "manifests",
                           "--set", f"store.path={folder}/sextant.db", "--set", "node.name=n1")
    test.assertIn(done.returncode, (0, 1), done.stdout)


def least_privilege(test, objects, profile):
    """Exactly the rights of the profile, and none by another way."""
    pod = support.the(objects, "DaemonSet")["spec"]["template"]["spec"]
    container = support.container_of(objects)
    context = container["securityContext"]
    on_node = profile == "datapath"
    test.assertEqual(context["capabilities"], {"drop": ["ALL"], "add": ["BPF", "PERFMON"] + ["NET_ADMIN"] * on_node})
    test.assertIs(context["privileged"], False)
    test.assertIs(context["allowPrivilegeEscalation"], False)
    test.assertIs(context["readOnlyRootFilesystem"], True)
    test.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
    test.assertIs(pod["hostPID"], True)
    test.assertEqual(pod.get("hostNetwork", False), on_node)
    for forbidden in ("hostIPC", "shareProcessNamespace", "initContainers", "ephemeralContainers"):
        test.assertNotIn(forbidden, pod)
    of_node = {volume["hostPath"]["path"]: volume["name"] for volume in pod["volumes"] if "hostPath" in volume}
    test.assertEqual(set(of_node), {"/sys/fs/cgroup", "/var/lib/sextant"})
    read_only = {mount["name"]: mount.get("readOnly", False) for mount in container["volumeMounts"]}
    test.assertEqual(read_only, {"config": True, "cgroup": True, "store": False, "run": False})
    test.assertTrue(all("mountPropagation" not in mount for mount in container["volumeMounts"]))


def mounts_hold_what_is_configured(test, objects):
    """Every path that the configuration names is a mount: the root is read-only."""
    config = support.config_of(objects)
    mounted = {mount["mountPath"] for mount in support.container_of(objects)["volumeMounts"]}
    test.assertIn(config["datapath"]["cgroup"], mounted)
    store = config.get("store", {}).get("path", "/var/lib/sextant/sextant.db")
    socket = config["api"].get("socket", "/run/sextant/sextant.sock")
    test.assertIn(str(pathlib.PurePath(store).parent), mounted)
    test.assertIn(str(pathlib.PurePath(socket).parent), mounted)
