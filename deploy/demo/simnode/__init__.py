"""A Kubernetes node made of network namespaces, for the demo and the end-to-end tests.

No Kubernetes, no container engine: namespaces, veths, cgroups named as a kubelet names them, small servers, manifests
as YAML, and nftables in the place of the CNI's enforcement. Needs root, iproute2, nftables, util-linux and cgroup2.
"""

from .daemon import Daemon, DaemonFailed
from .enforcement import Allow
from .node import Pod, SimNode
from .remains import clean_remains

__all__ = ["Allow", "Daemon", "DaemonFailed", "Pod", "SimNode", "clean_remains"]
