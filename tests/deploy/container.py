"""A container of the image as the DaemonSet asks for it, by podman and runc: what the manifest says becomes podman's arguments.

The kubelet's part that is not podman's: RuntimeDefault is containerd's profile, and a hostNetwork pod is put into the network
namespace that the test names.
"""
import json
import pathlib
import subprocess

import support

NAME = "sextant-test"
# podman raises both to what it finds for itself, which needs CAP_SYS_RESOURCE.
LIMITS = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"]


class Podman:
    """An image store of its own below `folder`, and one container."""

    def __init__(self, folder):
        self.folder = folder
        self.command = ["podman", f"--root={folder}/images", f"--runroot={folder}/podman", "--cgroup-manager=cgroupfs",
                        "--storage-driver=vfs", "--events-backend=file", "--runtime=runc"]

    def run(self, *arguments, cwd=None):
        done = support.ran(*self.command, *arguments, cwd=cwd)
        if done.returncode != 0:
            raise AssertionError(f"podman {' '.join(map(str, arguments))}: {done.stdout}")
        return done.stdout.strip()

    def pull(self, layout):
        """By its name alone: podman takes a path for a reference, where a folder's name may not end with an underscore."""
        return self.run("pull", "--quiet", f"oci:{layout.name}", cwd=layout.parent).splitlines()[-1]

    def start(self, image, options, arguments, log):
        with open(log, "w", encoding="utf-8") as out:
            return subprocess.Popen([*self.command, "run", "--rm", f"--name={NAME}", *options, image, *arguments],
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def pid(self):
        """Of the container's first process, as the machine sees it."""
        return int(self.run("inspect", "--format={{.State.Pid}}", NAME))

    def remove(self):
        support.ran(*self.command, "rm", "--force", "--time=0", NAME)
        support.ran(*self.command, "rmi", "--all", "--force")


def runtime_default(folder, capabilities):
    """containerd's default seccomp profile for these capabilities, as a file."""
    done = support.ran(support.tool("seccomp-profile"), *(f"CAP_{name}" for name in capabilities))
    assert done.returncode == 0, done.stdout
    path = pathlib.Path(folder, "seccomp.json")
    path.write_text(json.dumps(json.loads(done.stdout)))
    return path


def options_of(pod, folder, network, cgroup):
    """What podman is told for a pod's only container. `folder` has a folder for each volume that is not the node's."""
    container = pod["containers"][0]
    context = container["securityContext"]
    capabilities = context["capabilities"]["add"]
    assert context["capabilities"]["drop"] == ["ALL"] and not context["privileged"]
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    options = [*LIMITS, "--cap-drop=ALL", f"--cap-add={','.join(capabilities)}", "--read-only-tmpfs=false", "--env=NODE_NAME=n1",
               f"--read-only={str(context['readOnlyRootFilesystem']).lower()}", f"--network={network}",
               f"--user={context['runAsUser']}:{context['runAsGroup']}",
               f"--memory={container['resources']['limits']['memory'].replace('Mi', 'm')}",
               f"--security-opt=seccomp={runtime_default(folder, capabilities)}"]
    if not context["allowPrivilegeEscalation"]:
        options.append("--security-opt=no-new-privileges")
    if pod["hostPID"]:
        options.append("--pid=host")
    for mount in container["volumeMounts"]:
        source = cgroup if mount["name"] == "cgroup" else f"{folder}/{mount['name']}"
        options.append(f"--volume={source}:{mount['mountPath']}:{'ro' if mount.get('readOnly') else 'rw'}")
    return options
