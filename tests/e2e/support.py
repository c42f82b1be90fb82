"""What the end-to-end tests share: a simulated node for each test, a daemon on it, and patience."""

import ipaddress
import os
import pathlib
import struct
import subprocess
import unittest

from simnode import Daemon, SimNode, kernel

BUILD = pathlib.Path("build/dev")  # set by the runner
FULL = False

# A sanitized daemon on a busy machine of two cores.
START_TIMEOUT = 60
FINDING_TIMEOUT = 15


class NodeTest(unittest.TestCase):
    """One simulated node and (by start) one daemon for each test; a daemon that does not end well fails its test."""

    def setUp(self):
        self.sim = self.enterContext(SimNode())
        self.sim.populate()
        self.web, self.db, self.admin = (self.sim.pods[name] for name in ("shop/web", "shop/db", "ops/admin"))
        self.daemon = None

    def start(self, **config):
        self.daemon = self.make_daemon(**config)
        self.daemon.start_and_wait(timeout=START_TIMEOUT)
        return self.daemon

    def start_unready(self, daemon=None, **config):
        """Starts it and waits until it answers at all: a degraded one may never be ready."""
        self.daemon = daemon or self.make_daemon(**config)
        self.daemon.start()

        def answers():
            try:
                return self.daemon.get("/livez")[0] == 200
            except OSError:
                return False

        self.wait_for("it answers", answers, START_TIMEOUT)
        return self.daemon

    def make_daemon(self, name="sextant", **config):
        daemon = Daemon(self.sim, BUILD, name, **config)
        self.addCleanup(self._end, daemon)
        return daemon

    def _end(self, daemon):
        if daemon.is_running():
            status = daemon.stop(timeout=START_TIMEOUT)
            self.assertEqual(status, 0, f"sextantd ended with status {status}:\n{daemon.log_end(60)}")
        log = daemon.log.read_text(errors="replace") if daemon.log.exists() else ""
        for sign in ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "given up after the start"):
            self.assertNotIn(sign, log, f"in the daemon's log:\n{log[-4000:]}")

    # What Sextant says.

    def wait_for(self, what, holds, timeout=FINDING_TIMEOUT):
        return self.daemon.wait_for(what, holds, timeout)

    def expect_finding(self, code, timeout=FINDING_TIMEOUT, **wanted):
        """Waits for an open finding of the code with these fields: name= of its endpoint, port=, and so on."""

        def matches(finding):
            values = {**finding, "name": finding["endpoint"]["name"], "kind": finding["endpoint"]["kind"]}
            return all(values.get(key) == value for key, value in wanted.items())

        found = self.wait_for(f"an open {code} with {wanted}; open are {self.summary()}",
                              lambda: next(filter(matches, self.daemon.findings(code)), None), timeout)
        return found

    def expect_resolved(self, finding, timeout=FINDING_TIMEOUT):
        def resolved():
            now = next(f for f in self.daemon.view("findings?all=true")["findings"] if f["id"] == finding["id"])
            return now if now["state"] == "resolved" else None

        return self.wait_for(f"{finding['id']} resolved", resolved, timeout)

    def expect_no_findings(self):
        self.assertEqual(self.summary(), [])

    def summary(self):
        return [f"{f['id']} {f['message']}" for f in self.daemon.findings()]

    def row(self, endpoint, protocol, port, source=None):
        """The row of `sextant endpoints` that the port lies in; of the class that covers `source`, when given."""
        for row in self.daemon.view("endpoints")["endpoints"]:
            if row["endpoint"]["name"] != endpoint or row["protocol"] != protocol:
                continue
            if row["port"] <= port <= row["endPort"] and (source is None or covers(row["source"], source)):
                return row
        return None

    def witness(self, name):
        return next(w for w in self.daemon.view("status")["witnesses"] if w["witness"] == name)

    def attempts(self, endpoint, port, protocol="TCP"):
        """Packets by verdict."""
        return {a["verdict"]: a["packets"] for a in self.daemon.view("attempts")["attempts"]
                if a["endpoint"]["name"] == endpoint and a["protocol"] == protocol and a["port"] == port}

    def cli(self, *arguments, status=0):
        done = self.daemon.cli(*arguments)
        self.assertEqual(done.returncode, status, f"sextant {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    # The node.

    def connects(self, source, pod_or_address, port, protocol="TCP", wanted="connected", timeout=0.9, netns=None):
        # Under a second: a SYN is sent once, so counts are exact.
        address = getattr(pod_or_address, "address", pod_or_address)
        got = self.sim.connect(source, address, port, protocol, timeout, netns)
        self.assertEqual(got, wanted, f"{source} to [{address}]:{port}/{protocol}")


def covers(source, address):
    address = ipaddress.ip_address(address)
    inside = any(address in ipaddress.ip_network(p) for p in source["prefixes"])
    return inside and not any(address in ipaddress.ip_network(p) for p in source["exceptPrefixes"])


def ran(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def output(command):
    done = ran(command)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def in_namespace(namespace, *command):
    return [*kernel.within(namespace), *command]


# Packets.

def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return ipaddress.ip_address(address).packed


def ipv6(source, to, next_header, payload, length=None):
    """RFC 8200. `length` claims another payload length than there is."""
    claimed = len(payload) if length is None else length
    return struct.pack("!IHBB", 6 << 28, claimed, next_header, 64) + packed(source) + packed(to) + payload


def tcp_syn(source, to, source_port, port):
    """RFC 9293, with a right checksum."""
    pseudo = packed(source) + packed(to) + struct.pack("!II", 20, 6)
    header = struct.pack("!HHIIBBHHH", source_port, port, 1000, 0, 5 << 4, 0x02, 65535, 0, 0)
    return header[:16] + struct.pack("!H", checksum(pseudo + header)) + header[18:]


def mac_of(namespace, device):
    # Not /sys/class/net: that mount shows the namespace that mounted it.
    line = output(in_namespace(namespace, "ip", "-o", "link", "show", device))
    return bytes.fromhex(line.split("link/ether ")[1].split()[0].replace(":", ""))


def needs(program):
    """A skip with a reason when a program is missing."""
    found = any(os.access(os.path.join(folder, program), os.X_OK) for folder in os.environ["PATH"].split(":"))
    return unittest.skipUnless(found, f"{program} is not installed")
