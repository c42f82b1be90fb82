"""How long it takes from a packet to its finding on the API's event stream, on a simulated node.

    latency.py BUILD [--json] [--quick]

One pod listens on many ports that its policy denies, behind an enforcement that was lost. Each port is connected to once,
and the time from the first packet's sending to the event that opens its SXT001 is taken.
"""

import argparse
import http.client
import json
import pathlib
import statistics
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "deploy/demo"))
from simnode import Daemon, SimNode  # noqa: E402  (found by the line above)
from simnode.daemon import UnixConnection  # noqa: E402
from simnode.node import STRANGER  # noqa: E402

from rows import Row, show  # noqa: E402

GOAL_MS = 100
FIRST_PORT, PORTS = 7001, 20
PAUSE, PATIENCE = 0.2, 10  # seconds


class Openings(threading.Thread):
    """When which port's SXT001 was opened, as the event stream tells it."""

    def __init__(self, socket):
        super().__init__(daemon=True)
        self.at = {}
        connection = UnixConnection(str(socket), PATIENCE * 10)
        connection.request("GET", "/api/v1alpha1/watch")
        self._stream = connection.getresponse()
        self.start()

    def run(self):
        try:
            for line in self._stream:
                if line.startswith(b"data:"):
                    self._note(json.loads(line[len(b"data:"):]))
        except (OSError, http.client.HTTPException):
            pass  # the daemon ends

    def _note(self, event):
        finding = event.get("finding", event)
        if finding.get("code") == "SXT001":
            self.at.setdefault(finding["port"], time.monotonic())

    def wait_for(self, port):
        deadline = time.monotonic() + PATIENCE
        while port not in self.at:
            if time.monotonic() > deadline:
                sys.exit(f"latency: no SXT001 for port {port} within {PATIENCE} s")
            time.sleep(0.001)
        return self.at[port]


def measure(build, ports):
    with SimNode() as sim:
        sim.populate()
        pod = sim.pods["shop/db"]
        sim.serve(pod, "many", [f"tcp:any:{FIRST_PORT + n}" for n in range(ports)])
        daemon = Daemon(sim, build).start_and_wait()
        sim.enforcement.unprotect(pod.address)
        openings = Openings(daemon.socket)
        taken = []
        for port in range(FIRST_PORT, FIRST_PORT + ports):
            time.sleep(PAUSE)
            begun = time.monotonic()
            if (result := sim.connect(STRANGER, pod.address, port)) != "connected":
                sys.exit(f"latency: port {port}: {result}")
            taken.append((openings.wait_for(port) - begun) * 1000)
        daemon.stop()
    return sorted(taken)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    taken = measure(options.build.resolve(), PORTS // 4 if options.quick else PORTS)
    show("latency", [Row("a packet's finding on the event stream, in the middle", statistics.median(taken), "ms"),
                     Row("the same, nine of ten", taken[len(taken) * 9 // 10 - 1], "ms", GOAL_MS, "at most"),
                     Row("the same, the slowest", taken[-1], "ms")], options.json)


if __name__ == "__main__":
    main()
