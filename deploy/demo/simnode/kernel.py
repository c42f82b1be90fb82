"""The kernel's side of the simulation: namespaces, cgroups, processes in both. Every function names what failed."""

import fcntl
import json
import os
import pathlib
import subprocess
import sys
import time

INSIDE = str(pathlib.Path(__file__).with_name("inside.py"))
NETNS = pathlib.Path("/run/netns")


class Failed(Exception):
    """A step of building the node did not work: the message says which and why."""


def only_one():
    """Waits until no other process simulates a node: Sextant sees the sockets of every namespace, also of another simulation.

    The lock is on the folder itself, so it leaves no file behind; it goes with the process.
    """
    folder = os.open("/run", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("waiting for another simulated node to end", file=sys.stderr, flush=True)
        fcntl.flock(folder, fcntl.LOCK_EX)
    return folder


def run(command, stdin=None):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def within(namespace):
    """The start of a command that runs in the namespace. Not `ip netns exec`, which mounts /sys anew: the cgroups are there."""
    return ["nsenter", f"--net={NETNS / namespace}"]


def ip_batch(namespace, lines):
    run([*within(namespace), "ip", "-batch", "-"], "\n".join(lines) + "\n")


def write_sysctls(namespace, values):
    script = "\n".join(f"echo {value} > /proc/sys/{name.replace('.', '/')}" for name, value in values.items())
    run([*within(namespace), "sh", "-ec", script])


def add_namespace(name):
    run(["ip", "netns", "add", name])
    ip_batch(name, ["link set lo up"])
    # Addresses count at once, and nothing appears by itself: the simulation has no duplicates and no routers.
    write_sysctls(name, {f"net.ipv6.conf.{conf}.{key}": 0 for conf in ("all", "default") for key in ("accept_dad", "accept_ra")})


def wait_for_links(name):
    """Until every link of the namespace that is up carries packets.

    A new link drops them until the kernel's link watch has looked at it, which it does once a second (net/core/link_watch.c).
    """
    for _ in range(300):
        waiting = [link["ifname"] for link in json.loads(run([*within(name), "ip", "-json", "link"]))
                   if "UP" in link["flags"] and link["operstate"] not in ("UP", "UNKNOWN")]
        if not waiting:
            return
        time.sleep(0.02)
    raise Failed(f"{name}: no carrier on {', '.join(waiting)}")


def remove_namespace(name):
    if (NETNS / name).exists():
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def namespace_processes(name):
    """Processes whose network namespace it is, by looking at all of them."""
    try:
        inode = os.stat(NETNS / name).st_ino
    except OSError:
        return []
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.stat(f"/proc/{entry}/ns/net").st_ino == inode:
                    found.append(int(entry))
            except OSError:
                pass  # it ended meanwhile
    return found


def cgroup2_mount():
    """Where cgroup2 is mounted: not always /sys/fs/cgroup (proc_pid_mountinfo(5))."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        mount, filesystem = line.split(" - ", 1)
        if filesystem.split()[0] == "cgroup2":
            return pathlib.Path(mount.split()[4].replace("\\040", " "))
    raise Failed("no cgroup2 mount in /proc/self/mountinfo")


def cgroup_processes(path):
    try:
        return [int(pid) for pid in (path / "cgroup.procs").read_text(encoding="ascii").split()]
    except OSError:
        return []


def start(namespace, cgroup, command, **popen):
    """Starts the command in the namespace, in the cgroup from its first instruction on, safe from the terminal's Ctrl-C."""
    with open(cgroup / "cgroup.procs", "wb", buffering=0) as procs:
        return subprocess.Popen([*within(namespace), *command], start_new_session=True,
                                preexec_fn=lambda: procs.write(b"0"), **popen)
