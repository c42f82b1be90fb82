"""Runs a program of an image as the DaemonSet would have it run: the image as a read-only root, the manifests' mounts, no
capability but those named, no_new_privs. What a runtime adds (seccomp, a cgroup of its own) is not here.

    unshare --mount --net python3 container.py ROOT FOLDER CAPABILITIES PROGRAM ARGUMENT...

ROOT is the image's file tree. FOLDER holds config/, run/ and store/, which are mounted. CAPABILITIES are names with commas.
"""
import ctypes
import os
import subprocess
import sys

# linux/capability.h, linux/prctl.h
CAPABILITIES = {"NET_ADMIN": 12, "PERFMON": 38, "BPF": 39}
LAST_CAPABILITY = int(open("/proc/sys/kernel/cap_last_cap").read())
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def make_network():
    """An uplink as a node has one: an interface that holds an IPv6 default route."""
    for command in ("link set lo up", "link add uplink type veth peer name wire", "link set uplink up", "link set wire up",
                    "-6 address add 2001:db8::2/64 dev uplink nodad", "-6 route add default via 2001:db8::1 dev uplink"):
        subprocess.run(["ip", *command.split()], check=True)


def make_mounts(root, folder):
    mount("--make-rprivate", "/")
    mount("--bind", root, root)
    mount("-t", "proc", "proc", f"{root}/proc")
    mount("-t", "sysfs", "-o", "ro", "sysfs", f"{root}/sys")
    for name, place in (("config", "etc/sextant"), ("run", "run/sextant"), ("store", "var/lib/sextant")):
        mount("--bind", f"{folder}/{name}", f"{root}/{place}")
    mount("-o", "remount,bind,ro", f"{root}/etc/sextant")
    mount("-t", "cgroup2", "cgroup2", f"{folder}/cgroup")
    mount("--bind", f"{folder}/cgroup", f"{root}/host/cgroup")
    mount("-o", "remount,bind,ro", f"{root}/host/cgroup")
    mount("-o", "remount,bind,ro", root)


def give_up_rights(kept):
    """Of root's capabilities an exec keeps those in the bounding set."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in set(range(LAST_CAPABILITY + 1)) - {CAPABILITIES[name] for name in kept}:
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"drop capability {capability}")
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")


def main():
    root, folder, capabilities, *command = sys.argv[1:]
    make_network()
    make_mounts(root, folder)
    os.chroot(root)
    os.chdir("/")
    give_up_rights(capabilities.split(","))
    os.execve(command[0], command, {"NODE_NAME": "n1", "PATH": "/usr/bin"})


if __name__ == "__main__":
    main()
