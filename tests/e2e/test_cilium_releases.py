"""The same as on the node of test_cilium_node.py, where another release of Cilium enforces."""

import unittest

import support
import test_cilium_node


class OtherRelease(test_cilium_node.CiliumNode):
    """Only with --full: each takes minutes to build."""

    @classmethod
    def setUpClass(cls):
        if not support.FULL:
            raise unittest.SkipTest(f"Cilium {cls.version} enforces only with --full")
        super().setUpClass()

    def id(self):
        return f"{super().id()} (Cilium {self.version})"


class Cilium120(OtherRelease):
    version = "1.20.2"


del OtherRelease  # unittest would run it
