"""What goes wrong behind Cilium's back: entries that its agent did not write into its maps, programs that are gone.

Values are copied from entries of the agent's own, so that no layout of a release is repeated here; keys are those of
bpf/lib/common.h: struct policy_key, struct ipcache_key.
"""

import contextlib
import ipaddress
import json
import pathlib
import struct

from cilium_agent import BPFFS
from simnode import kernel

MAPS = pathlib.Path(BPFFS, "tc/globals")
ANY_INGRESS = struct.pack("<IIBBH", 40, 0, 0, 0, 0)  # identity 0: anybody, to any port


class Drift:
    def __init__(self, agent):
        self._agent = agent

    @contextlib.contextmanager
    def everybody_may_reach(self, pod):
        """The node's own entry "anybody, to any port" stands in the pod's policy map."""
        theirs, ours = self._policy_map(None), self._policy_map(pod.address)
        self._write(ours, ANY_INGRESS, self._entries(theirs)[ANY_INGRESS])
        try:
            yield
        finally:
            self._delete(ours, ANY_INGRESS)

    @contextlib.contextmanager
    def taken_for(self, source, prefix):
        """The ipcache says of a source that it is in the prefix, which a policy names."""
        ipcache = self._ipcache()
        key = ipcache_key(source)
        self._write(ipcache, key, self._entries(ipcache)[ipcache_key(prefix)])
        try:
            yield
        finally:
            self._delete(ipcache, key)

    @contextlib.contextmanager
    def forgotten(self, prefix):
        """The ipcache does not know the prefix, which a policy names: its sources are the world's like any other."""
        ipcache = self._ipcache()
        key = ipcache_key(prefix)
        value = self._entries(ipcache)[key]
        self._delete(ipcache, key)
        try:
            yield
        finally:
            self._write(ipcache, key, value)

    def detach(self, link):
        """A program is taken off. Its pin stays; the agent attaches another when it starts again."""
        self._agent.run("bpftool", "link", "detach", "pinned", f"{BPFFS}/cilium/{link}")

    def _policy_map(self, address):
        return self._named(f"cilium_policy_v*_{self._agent.endpoint_id(address):05d}")

    def _ipcache(self):
        return self._named("cilium_ipcache*")

    def _named(self, pattern):
        found = self._agent.run("sh", "-c", f"echo {MAPS}/{pattern}").split()
        if len(found) != 1 or "*" in found[0]:
            raise kernel.Failed(f"{pattern}: {found}")
        return found[0]

    def _entries(self, pinned):
        """Key -> value."""
        def raw(octets):
            return bytes(int(octet, 16) for octet in octets)

        dumped = json.loads(self._agent.run("bpftool", "-j", "map", "dump", "pinned", pinned))
        return {raw(entry["key"]): raw(entry["value"]) for entry in dumped}

    def _write(self, pinned, key, value):
        self._agent.run("bpftool", "map", "update", "pinned", pinned, "key", "hex", *octets(key), "value", "hex", *octets(value))

    def _delete(self, pinned, key):
        self._agent.run("bpftool", "map", "delete", "pinned", pinned, "key", "hex", *octets(key))


def octets(data):
    return data.hex(" ").split()


def ipcache_key(prefix):
    network = ipaddress.ip_network(prefix)
    return struct.pack("<IHBB", 32 + network.prefixlen, 0, 0, 2) + network.network_address.packed  # cluster 0, IPv6
