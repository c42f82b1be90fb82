"""A flood of TCP packets from random public sources through the simulated node, at the rate that one processor can make and
forward: every packet must be in Sextant's books, and the daemon must hardly notice.

    bench/flood.py BUILD [--seconds 60] [--quick] [--json]

The packets are made by the kernel (bpf/flood.bpf.c) and enter the uplink like those of a network card. In the middle a pod
loses its enforcement, and a stranger connects: that finding must open as fast as ever. Then comes the busy port: two ports
where every SYN disagrees, one because it is delivered, one because it is dropped.
"""

import argparse
import dataclasses
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "deploy" / "demo")]

from books import (Books, SETTLE_SECONDS, attempt_errors, book_errors, check_sees, grown, settled_books,  # noqa: E402
                   told_events)
from rows import Row, show  # noqa: E402
from simnode import Daemon, SimNode, kernel  # noqa: E402
from simnode.node import STRANGER  # noqa: E402

LOTS = 256
INTERNET = "2400::/6"  # random, but in none of the prefixes that a policy or the node names
HEAVY_64, HEAVY_48 = "2a0a:e5c0:1:1::/64", "2a0a:e5c1:7::/48"
NOBODY = "2001:db8:ffff::1"  # not the node's, nor the way back to it
NO_TRACKING = """\
table ip6 flood
delete table ip6 flood
table ip6 flood {
  chain arriving { type filter hook prerouting priority raw; notrack; }
  chain leaving { type filter hook output priority raw; notrack; }
}
"""
DENIED, ALLOWED = ("judged", "deny"), ("judged", "allow")


@dataclasses.dataclass
class Kind:
    """Packets of one kind: so many of every 256; which book of the uplink they belong into."""

    name: str
    lots: int
    source: str
    to: str
    port: str
    fate: tuple
    flags: str = "syn"

    def to_argument(self):
        return f"{self.lots},{self.source},{self.to},{self.port},{self.flags}"


def everything(sim):
    """A bit of everything, most of it SYNs that the policies deny."""
    web, db = sim.pods["shop/web"].address, sim.pods["shop/db"].address
    return [
        Kind("SYN, denied", 184, INTERNET, db, "5432", DENIED),
        Kind("SYN, denied, from one /64", 16, HEAVY_64, db, "5432", DENIED),
        Kind("SYN, denied, from one /48", 16, HEAVY_48, db, "5432", DENIED),
        Kind("SYN, denied, to any port", 8, INTERNET, db, "any", DENIED),
        Kind("SYN, allowed", 8, INTERNET, web, "443", ALLOWED),
        Kind("SYN from a private source", 8, "fd00::/8", db, "5432", ("not_public", "")),
        Kind("SYN to nobody", 8, INTERNET, NOBODY, "443", ("other_destination", "")),
        Kind("of no connection", 8, INTERNET, db, "5432", ("established", ""), "ack"),
    ]


def busy_ports(sim):
    web, db = sim.pods["shop/web"].address, sim.pods["shop/db"].address
    return [Kind("SYN, delivered against intent", LOTS // 2, INTERNET, db, "5432", DENIED),
            Kind("SYN, dropped against intent", LOTS // 2, INTERNET, web, "443", ALLOWED)]


class Generator:
    """bench/flood_generator in the internet's namespace, aimed at the node's uplink."""

    def __init__(self, sim, build, kinds, seconds, device="eth0"):
        self.kinds = kinds
        macs = [mac_of(sim.inet, device), mac_of(sim.node, device)]
        program = str(pathlib.Path(build) / "bench" / "flood_generator")
        self.process = kernel.start(sim.inet, sim.helpers,
                                    [program, device, *macs, str(seconds), *(kind.to_argument() for kind in kinds)],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "begun\n":
            raise kernel.Failed(f"flood_generator ended with {self.process.wait()}")

    def end(self):
        """Waits for its end; returns how long it sent, and how many packets of each kind."""
        told = json.loads(self.process.stdout.read())
        self.process.communicate()
        return told["seconds"], told["sent"]


def mac_of(namespace, device):
    line = kernel.run([*kernel.within(namespace), "ip", "-o", "link", "show", device])
    return line.split("link/ether ")[1].split()[0]


def source_errors(kinds, sent, before, after):
    """Heavy prefixes: the truth lies within what is stated. Of a prefix may be whatever the device lost."""
    wrong = []
    lost = after.device["lost"] - before.device["lost"]
    for kind, number in zip(kinds, sent):
        if kind.source not in (HEAVY_64, HEAVY_48):
            continue
        heavy = ipaddress.ip_network(kind.source)
        told = [source for source in after.sources if ipaddress.ip_network(source["prefix"]) == heavy]
        if len(told) != 1:
            wrong.append(f"{kind.source} sent {number} packets and is told {len(told)} times")
            continue
        estimate, error = int(told[0]["estimate"]), int(told[0]["error"])
        if estimate - error > number or estimate < number - lost:
            wrong.append(f"{kind.source} sent {number} packets, {lost} were lost of all; told are {estimate - error} to {estimate}")
    return wrong


def stated_error(after):
    """Of the heavy prefixes: the error that is stated, as a share of the estimate."""
    heavy = {str(ipaddress.ip_network(prefix)) for prefix in (HEAVY_64, HEAVY_48)}
    shares = [int(s["error"]) / int(s["estimate"]) for s in after.sources if s["prefix"] in heavy]
    return max(shares, default=1.0)


class Watched:
    """The daemon's use of processor and memory while something happens."""

    def __init__(self, daemon):
        self.pid = daemon.process.pid
        self.begun, self.cpu_ns = time.monotonic(), self._cpu_ns()
        self.resident = [self._resident()]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self):
        while not self._ended.wait(0.5):
            self.resident.append(self._resident())

    def _cpu_ns(self):
        """Time on a processor, of every thread (Documentation/scheduler/sched-stats.rst)."""
        return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0])
                   for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir())

    def _resident(self):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.M)[1]) * 1024

    def end(self):
        self.share = (self._cpu_ns() - self.cpu_ns) / 1e9 / (time.monotonic() - self.begun)
        self._ended.set()
        self._thread.join()
        self.resident.append(self._resident())

    def growth(self):
        """Bytes that resident memory grew by after the first third, in which tables and books fill."""
        return max(0, self.resident[-1] - self.resident[len(self.resident) // 3])


def plant(sim, daemon):
    """A pod loses its enforcement and a stranger connects: returns the seconds from there to the event that tells of it."""
    admin = sim.pods["ops/admin"]
    events = daemon.watch()
    sim.enforcement.unprotect(admin.address)
    begun = time.monotonic()
    got = sim.connect(STRANGER, admin.address, 8443, timeout=0.9)  # a SYN is sent once
    assert got == "connected", got
    for event, data in events:
        finding = data.get("finding") or {}
        if event == "opened" and finding.get("code") == "SXT001" and finding["endpoint"]["name"] == "admin":
            events.close()
            return time.monotonic() - begun
    raise kernel.Failed("the watch ended before the finding")


@dataclasses.dataclass
class Flood:
    """What came of one."""

    seconds: float
    sent: list
    lost: int  # by the device: its ring was full
    errors: list  # sentences; none: the books are exact
    source_error: float  # that is stated, of the heavy prefixes
    share: float  # of a core
    growth: int  # bytes
    finding_after: float  # seconds

    def rate(self):
        return sum(self.sent) / self.seconds


def warm_up(sim):
    """Neighbours know each other, so that no packet waits for them; and nobody tracks connections, whose table a flood would fill: the
    kernel then drops some packets that the enforcement lets through."""
    sim.poll_uplink("eth0")
    kernel.run([*kernel.within(sim.node), "nft", "-f", "-"], NO_TRACKING)
    for pod in ("shop/web", "shop/db", "ops/admin"):
        sim.connect(STRANGER, sim.pods[pod].address, 1, timeout=0.2)


def flood(sim, daemon, build, seconds):
    kinds = everything(sim)
    warm_up(sim)
    before = Books(sim, daemon)
    generator = Generator(sim, build, kinds, seconds)
    watched = Watched(daemon)
    time.sleep(seconds / 2)
    finding_after = plant(sim, daemon)
    took, sent = generator.end()
    watched.end()
    after = settled_books(sim, daemon, before, sum(sent))
    errors = book_errors(kinds, [n + (1 if k.name == "SYN, denied" else 0) for k, n in zip(kinds, sent)], before, after)
    errors += attempt_errors(sim, kinds, sent, before, after, {("admin", "TCP", "deny"): 1})
    errors += source_errors(kinds, sent, before, after)
    errors += [f"lost: {lost}" for lost in (grown(after.lost, before.lost), grown(after.rows_lost, before.rows_lost)) if lost]
    return Flood(took, sent, after.device["lost"] - before.device["lost"], errors, stated_error(after), watched.share,
                 watched.growth(), finding_after)


@dataclasses.dataclass
class BusyPort:
    """What came of a port where every SYN disagrees."""

    code: str
    arrived: int  # at the uplink: what was sent, but for what the device lost
    counted: int  # by the finding


@dataclasses.dataclass
class BusyPorts:
    seconds: float
    ports: list
    events: int  # of both
    errors: list
    share: float

    def events_a_second(self):
        """Behind the first of each row, which comes at once."""
        return (self.events - len(self.ports)) / len(self.ports) / self.seconds


def finding_count(daemon, code, name, port):
    found = [f for f in daemon.findings(code) if f["endpoint"]["name"] == name and f["port"] == port]
    return int(found[0]["count"]) if found else 0


def flood_busy_ports(sim, daemon, build, seconds):
    kinds = busy_ports(sim)
    web, db = sim.pods["shop/web"], sim.pods["shop/db"]
    warm_up(sim)
    sim.enforcement.unprotect(db.address)
    sim.enforcement.drop(web.address, "tcp", 443)
    before = Books(sim, daemon)
    generator = Generator(sim, build, kinds, seconds)
    watched = Watched(daemon)
    took, sent = generator.end()
    watched.end()
    after = settled_books(sim, daemon, before, sum(sent))
    errors = book_errors(kinds, sent, before, after)
    booked = grown(after.fates, before.fates)
    arrived = [booked.get((*kind.fate, "TCP"), 0) for kind in kinds]
    wanted = [("SXT001", "db", 5432, arrived[0]), ("SXT009", "web", 443, arrived[1])]
    ports = [BusyPort(code, number, settled_count(daemon, code, name, port, number)) for code, name, port, number in wanted]
    errors += [f"{port.code}: {port.arrived} packets disagree, {port.counted} are counted" for port in ports if port.arrived != port.counted]
    return BusyPorts(took, ports, told_events(before, after), errors, watched.share)


def settled_count(daemon, code, name, port, wanted):
    """A finding tells its count anew when it is opened and every 10 s."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (count := finding_count(daemon, code, name, port)) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return count


def flood_rows(result):
    return [
        Row("packets a second, made and forwarded by one processor", result.rate(), "packets/s"),
        Row("packets sent", sum(result.sent), "packets"),
        Row("lost by the device before Sextant sees them", result.lost, "packets"),
        Row("books that are wrong", len(result.errors), "books", 0, "at most"),
        Row("stated error of a prefix with 6 % of the packets", 100 * result.source_error, "%"),
        Row("the daemon's share of a core", 100 * result.share, "%", 5, "at most"),
        Row("growth of its resident memory", result.growth / 2**20, "MiB", 1, "at most"),
        Row("from a stranger's packet to its finding, meanwhile", 1000 * result.finding_after, "ms", 1000, "at most"),
    ]


def busy_rows(result):
    return [
        Row("two busy ports: packets that disagree", sum(port.arrived for port in result.ports), "packets"),
        Row("  of them not counted by their findings", sum(abs(p.arrived - p.counted) for p in result.ports), "packets", 0, "at most"),
        Row("  events a second and row", result.events_a_second(), "events/s", 1, "at most"),
        Row("  the daemon's share of a core", 100 * result.share, "%", 5, "at most"),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", help="folder of sextantd and bench/flood_generator")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--quick", action="store_const", dest="seconds", const=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("flood: network namespaces need root")
    with SimNode() as sim:
        sim.populate()
        daemon = Daemon(sim, options.build)
        daemon.start_and_wait()
        check_sees(daemon)
        flooded = flood(sim, daemon, options.build, options.seconds)
        busy = flood_busy_ports(sim, daemon, options.build, max(10, options.seconds // 4))
        daemon.stop()
    show("flood", flood_rows(flooded) + busy_rows(busy), options.json)
    for error in flooded.errors + busy.errors:
        print(f"  {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
