"""The stand-in for the CNI's enforcement: an nftables table in the node's namespace, each pod's rules written by hand.

It enforces what the manifests' policies say, until the story or a test makes it forget or drop something.
"""

import dataclasses

from . import kernel

TABLE = "inet sim_cni"


@dataclasses.dataclass(frozen=True)
class Allow:
    protocol: str  # "tcp", "udp"
    port: int
    sources: tuple = ()  # prefixes; empty: everyone

    def to_nft(self):
        sources = f"ip6 saddr {{ {', '.join(self.sources)} }} " if self.sources else ""
        return f"{sources}{self.protocol} dport {self.port} accept"


class Enforcement:
    def __init__(self, namespace):
        self._namespace = namespace
        self._allowed = {}  # address -> list of Allow: default deny
        self._dropped = set()  # nft expressions

    def protect(self, address, allows):
        """Only these may open connections to the address."""
        self._allowed[address] = list(allows)
        self._apply()

    def unprotect(self, address):
        """The enforcement is lost: everyone may."""
        self._allowed.pop(address, None)
        self._apply()

    def drop(self, address, protocol, port):
        self._dropped.add(f"ip6 daddr {address} {protocol} dport {port} drop")
        self._apply()

    def drop_no_more(self, address, protocol, port):
        self._dropped.discard(f"ip6 daddr {address} {protocol} dport {port} drop")
        self._apply()

    def _apply(self):
        # One transaction: there is no moment without rules.
        lines = [f"table {TABLE}", f"delete table {TABLE}", f"table {TABLE} {{"]
        for number, allows in enumerate(self._allowed.values()):
            lines += [f"chain pod{number} {{", *(allow.to_nft() for allow in allows), "drop", "}"]
        for hook in ("forward", "input"):
            lines += [f"chain {hook} {{", f"type filter hook {hook} priority 0; policy accept;", *sorted(self._dropped)]
            if hook == "forward":
                lines.append("ct state established,related accept")
                lines += [f"ip6 daddr {address} jump pod{number}" for number, address in enumerate(self._allowed)]
            lines.append("}")
        lines.append("}")
        kernel.run([*kernel.within(self._namespace), "nft", "-f", "-"], "\n".join(lines) + "\n")
