"""What Sextant costs the traffic of a node: streams, small packets, requests and connections from the internet to a pod, through the
simulated node, with Sextant attached and without.

    bench/throughput.py BUILD [--pairs 20] [--milliseconds 100] [--quick] [--json]

Measured in pairs, one right after the other and in changing order, so that what the machine does beside meets both alike; the
ratio of the two is told with the interval that it lies in (paired.py). While Sextant is attached every packet that the uplink's device
takes must be in its books, every connection among its attempts, and every byte sent must have arrived.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "deploy" / "demo")]

import books  # noqa: E402
import paired  # noqa: E402
from rows import Row, show  # noqa: E402
from simnode import Allow, Daemon, SimNode, kernel  # noqa: E402
from simnode.node import STRANGER  # noqa: E402

PORT = 5001
MANY = 16
GOAL = 0.99
SETTLE_SECONDS = 5
POLICY = f"""\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{ namespace: shop, name: sink }}
spec:
  endpointSelector: {{ matchLabels: {{ app: sink }} }}
  ingress:
  - fromEntities: [ world ]
    toPorts: [ {{ ports: [ {{ port: "{PORT}", protocol: TCP }}, {{ port: "{PORT}", protocol: UDP }} ] }} ]
"""


@dataclasses.dataclass
class Case:
    name: str
    order: str  # of bench/traffic's client
    unit: str
    amount: str  # what of its answer is divided by the seconds
    flows: int = 1
    scale: float = 1.0

    def line(self, to, milliseconds):
        flows = f" {self.flows}" if self.order == "stream" else ""
        return f"{self.order} {STRANGER} {to} {PORT}{flows} {milliseconds}\n"


CASES = [
    Case("TCP, one flow", "stream", "Gbit/s", "bytes", 1, 8e-9),
    Case(f"TCP, {MANY} flows", "stream", "Gbit/s", "bytes", MANY, 8e-9),
    Case("UDP, packets of 64 bytes", "datagrams", "packets/s", "arrived"),
    Case("TCP, request and response", "requests", "requests/s", "count"),
    Case("TCP, connection for a request", "connections", "connections/s", "count"),
]


def alone_on(processor):
    """The start of a command that has the processor for itself: what else the machine does would be all that is measured. The kernel
    takes real-time tasks off it for a twentieth of each second (sched_rt_runtime_us)."""
    real_time = ["chrt", "--fifo", "1"]
    allowed = subprocess.run([*real_time, "true"], capture_output=True, check=False).returncode == 0
    return ["taskset", "-c", str(processor), *(real_time if allowed else [])]


class Traffic:
    """bench/traffic: a server in a pod that the internet may reach, and a client in the internet; each on a processor of its own."""

    def __init__(self, sim, build):
        self.pod = sim.add_pod("shop", "sink", "50", [])
        sim.describe(self.pod, [f"tcp:any:{PORT}", f"udp:any:{PORT}"])
        sim.write_manifest("policy-shop-sink.yaml", POLICY)
        sim.enforcement.protect(self.pod.address, [Allow("tcp", PORT), Allow("udp", PORT)])
        program = str(pathlib.Path(build) / "bench" / "traffic")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.server = kernel.start(self.pod.netns, self.pod.cgroup, [*alone_on(os.cpu_count() - 1), program, "serve", str(PORT)], **pipes)
        self.client = kernel.start(sim.inet, sim.helpers, [*alone_on(0), program, "client"], **pipes)
        self.pod.processes.append(self.server)
        assert self._answer(self.server)["ready"]
        kernel.wait_for_links(self.pod.netns)
        kernel.wait_for_links(sim.node)
        sim.connect(STRANGER, self.pod.address, PORT)  # neighbours get to know each other

    @staticmethod
    def _answer(process):
        line = process.stdout.readline()
        if not line:
            raise kernel.Failed(f"bench/traffic ended with {process.wait()}")
        return json.loads(line)

    def counts(self):
        self.server.stdin.write("counts\n")
        self.server.stdin.flush()
        return self._answer(self.server)

    def lost(self):
        """Datagrams that found the server's buffer full."""
        text = kernel.run([*kernel.within(self.pod.netns), "cat", "/proc/net/snmp6"])
        return int(re.search(r"^Udp6RcvbufErrors\s+(\d+)", text, re.M)[1])

    def run(self, case, milliseconds):
        """Returns what the client did, with what arrived."""
        before, lost = self.counts(), self.lost()
        self.client.stdin.write(case.line(self.pod.address, milliseconds))
        self.client.stdin.flush()
        done = self._answer(self.client)
        what = "datagrams" if case.order == "datagrams" else "bytes"
        sent = done["count" if case.order == "datagrams" else "bytes"]
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            done["arrived"], done["lost"] = self.counts()[what] - before[what], self.lost() - lost
            if done["arrived"] + done["lost"] >= sent or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        done["missing"] = sent - done["arrived"] - done["lost"]
        return done

    def end(self):
        for process in (self.client, self.server):
            process.communicate()


@dataclasses.dataclass
class Measured:
    case: Case
    with_: list = dataclasses.field(default_factory=list)  # a second
    without: list = dataclasses.field(default_factory=list)
    median_us: dict = dataclasses.field(default_factory=lambda: {True: [], False: []})

    def take(self, attached, done):
        (self.with_ if attached else self.without).append(done[self.case.amount] * self.case.scale / done["seconds"])
        if "median_us" in done:
            self.median_us[attached].append(done["median_us"])


class Throughput:
    """Measures all cases in pairs; `errors` has what was wrong with the books."""

    def __init__(self, sim, build, config=None):
        self.sim, self.build = sim, build
        self.traffic = Traffic(sim, build)
        self.daemon = Daemon(sim, build, **(config or {}))
        self.measured = [Measured(case) for case in CASES]
        self.errors = []

    def run(self, pairs, milliseconds):
        for pair in range(pairs):
            for attached in ((True, False) if pair % 2 else (False, True)):
                self._switch(attached)
                self._round(attached, milliseconds)
        self._switch(False)
        self.traffic.end()

    def _switch(self, attached):
        if attached == self.daemon.is_running():
            return
        if attached:
            self.daemon.start_and_wait(timeout=60)
            books.check_sees(self.daemon)
        elif (status := self.daemon.stop(timeout=60)) != 0:
            self.errors.append(f"sextantd ended with {status}")

    def _round(self, attached, milliseconds):
        before = books.Books(self.sim, self.daemon) if attached else None
        opened = datagrams = 0
        for measured in self.measured:
            done = self.traffic.run(measured.case, milliseconds)
            measured.take(attached, done)
            if done["missing"]:
                self.errors.append(f"{measured.case.name}: {done['missing']} of what was sent did not arrive")
            if measured.case.order == "datagrams":
                datagrams += done["count"]
            else:
                opened += done["count"] if measured.case.order != "requests" else 1
        if attached:
            self._check(before, books.Books(self.sim, self.daemon), opened, datagrams)

    def _check(self, before, after, opened, datagrams):
        fates = books.grown(after.fates, before.fates)
        attempts = books.grown(after.attempts, before.attempts)
        udp = fates.get(("judged", "allow", "UDP"), 0) + fates.get(("known_flow", "allow", "UDP"), 0)
        taken = after.device["taken"] - before.device["taken"]
        for what, wanted, found in (
                ("packets that the device took, in the books", taken, after.packets() - before.packets()),
                ("connections opened, judged", opened, fates.get(("judged", "allow", "TCP"), 0)),
                ("connections opened, among the attempts", opened, attempts.get(("sink", "TCP", "allow"), 0)),
                ("datagrams sent, in the books", datagrams, udp),
                ("flows of datagrams, among the attempts", 1, attempts.get(("sink", "UDP", "allow"), 0))):
            if wanted != found:
                self.errors.append(f"{what}: {wanted}, found {found}")

    def rows(self):
        rows = []
        for measured in self.measured:
            told = paired.ratio(measured.with_, measured.without)
            rows.append(Row(f"{measured.case.name}: with / without, {told.confidence:.0%}", told.estimate, "", GOAL, "at least",
                            told.half_width()))
            rows.append(Row("  without", median(measured.without), measured.case.unit))
            if measured.median_us[False]:
                slower = paired.ratio(measured.median_us[True], measured.median_us[False])
                rows.append(Row("  median latency, with / without", slower.estimate, "", None, None, slower.half_width()))
                rows.append(Row("  median latency, without", median(measured.median_us[False]), "us"))
        rows.append(Row("books that are wrong", len(self.errors), "books", 0, "at most"))
        return rows


def median(values):
    return sorted(values)[len(values) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", help="folder of sextantd and bench/traffic")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--milliseconds", type=int, default=100, help="of each case")
    parser.add_argument("--quick", action="store_const", dest="pairs", const=6)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("throughput: network namespaces need root")
    with SimNode() as sim:
        sim.populate()
        throughput = Throughput(sim, options.build)
        throughput.run(options.pairs, options.milliseconds)
    show("throughput", throughput.rows(), options.json)
    for error in throughput.errors:
        print(f"  {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
