#!/usr/bin/env python3
"""The demo's story, on a simulated node: each step does something to the node, and Sextant has to say the right thing.

    story.py --build build/release [--step] [--keep]

Run by deploy/demo/run. Ends 0 only if every step came true.
"""

import argparse
import os
import sys
import time

sys.dont_write_bytecode = True

from simnode import Allow, Daemon, DaemonFailed, SimNode, manifests  # noqa: E402
from simnode.kernel import Failed  # noqa: E402
from simnode.node import OFFICE, SCANNER, STRANGER  # noqa: E402
from terminal import Terminal  # noqa: E402

# Nobody's intent allows these anywhere: what a scanner tries first.
SCANNED_PORTS = (21, 22, 23, 25, 80, 110, 139, 445, 1433, 3306, 3389, 5900, 6379, 8000, 9200, 27017)

DEBUG_POLICY = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { namespace: ops, name: debug }
spec:
  description: nobody may connect to the debug pod
  endpointSelector: { matchLabels: { app: debug } }
  ingress: [ {} ]
"""


class Wrong(Exception):
    """What Sextant said is not what it should say."""


def expect(holds, why):
    if not holds:
        raise Wrong(why)


class Story:
    def __init__(self, sim, daemon, terminal, wait):
        self.sim, self.daemon, self.terminal, self.wait = sim, daemon, terminal, wait
        self.web, self.db = (sim.pods[name] for name in ("shop/web", "shop/db"))
        self.debug = None
        self.listener = None
        self.failed = 0
        self.known = set()  # findings that earlier steps have brought

    def play(self):
        for number, step in enumerate((self.clean_start, self.scan, self.lost_enforcement, self.pod_without_policy, self.host_socket,
                                       self.dropped_client, self.broken_file, self.repair), 1):
            self._play_step(number, step)
        return self.failed

    def _play_step(self, number, step):
        title, does, expects = (part.strip() for part in step.__doc__.split("\n\n"))
        self.terminal.step(number, title)
        self.terminal.line("does", " ".join(does.split()))
        self.terminal.line("expects", " ".join(expects.split()))
        if self.wait:
            try:
                input("     (Enter) ")
            except EOFError:
                self.wait = False
        try:
            came_true = step()
            self.terminal.verdict(True, came_true)
        except (Wrong, DaemonFailed, Failed) as wrong:
            self.failed += 1
            self.say("findings")
            self.terminal.verdict(False, str(wrong))

    # The steps. Their words are the three paragraphs: title, what is done, what Sextant should say.

    def clean_start(self):
        """A clean start

        Three pods with public addresses, a proxy in the host's network, and their policies. What is enforced is what is intended.

        No finding; and the exact list of what the internet can reach.
        """
        for source, to, port, wanted in ((STRANGER, self.web.address, 443, "connected"), (STRANGER, self.db.address, 5432, "timeout"),
                                         (OFFICE, self.sim.pods["ops/admin"].address, 8443, "connected"),
                                         (STRANGER, self.sim.address, 8080, "connected")):
            got = self.sim.connect(source, to, port)
            expect(got == wanted, f"the simulated node is wrong: {source} to {to} port {port}: {got}, not {wanted}")
        self.say("exposure")
        self.say("findings")
        self.expect_no_finding()
        return "no finding, and the right clients got through"

    def scan(self):
        """The internet scans the pods

        A stranger tries 16 well-known ports of each pod.

        Attempts, all denied as intended. No finding: this is what policies are for.
        """
        pods = [self.web, self.db, self.sim.pods["ops/admin"]]
        self.sim.probe([{"source": SCANNER, "to": pod.address, "port": port, "timeout": 0.9} for pod in pods for port in SCANNED_PORTS])
        wanted = len(pods) * len(SCANNED_PORTS)

        def denied():
            scanned = [a for a in self.daemon.view("attempts")["attempts"] if a.get("port") in SCANNED_PORTS]
            expect(all(a["verdict"] == "deny" for a in scanned), "not every attempt is denied")
            total = sum(int(a["packets"]) for a in scanned)
            return total if total >= wanted else 0

        total = self.daemon.wait_for(f"{wanted} attempts", denied)
        self.say("attempts", "--top", "6")
        self.expect_no_finding()
        return f"{total} attempts seen, every one denied, no finding"

    def lost_enforcement(self):
        """The enforcement for shop/db is lost

        The CNI forgets the database's rules (an upgrade, a race, a full map). A stranger connects to 5432/TCP.

        SXT001 within a second: the packet was delivered, the policy shop/db does not allow it.
        """
        self.sim.enforcement.unprotect(self.db.address)
        started = time.monotonic()
        got = self.sim.connect(STRANGER, self.db.address, 5432)
        expect(got == "connected", f"the simulated node is wrong: the stranger should connect, but: {got}")
        finding = self.expect_finding("SXT001", lambda f: f["endpoint"]["name"] == "db" and f.get("port") == 5432)
        took = time.monotonic() - started
        self.say("findings")
        expect(any(p["name"] == "db" for p in finding["policies"]), "the finding does not name the policy shop/db")
        expect(took <= 1.0, f"it took {took:.2f} s")
        return f"{finding['id']} {took:.2f} s after the connection, naming the policy"

    def pod_without_policy(self):
        """A pod without a policy

        Somebody starts ops/debug, with a public address, and no policy selects it.

        SXT005: everything is allowed to it by default, and nobody has said that it should be.
        """
        self.debug = self.sim.add_pod("ops", "debug", "7", ["tcp:any:2345"])
        finding = self.expect_finding("SXT005", lambda f: f["endpoint"]["name"] == "debug")
        self.say("findings")
        return finding["id"]

    def host_socket(self):
        """A process listens on the node's public address

        A metrics exporter is started on the host, on every address, port 9100. No policy speaks of it.

        SXT008: the node's own socket, reachable from the internet by default.
        """
        self.listener = self.sim.serve(self.sim.host, "node-exporter", ["tcp:any:9100"])
        finding = self.expect_finding("SXT008", lambda f: f.get("port") == 9100)
        self.say("findings")
        return finding["id"]

    def dropped_client(self):
        """An intended client is dropped

        A wrong rule in the node's netfilter drops 443/TCP to shop/web. A customer tries to connect.

        SXT009, with the kernel's own reason for the drop.
        """
        self.sim.enforcement.drop(self.web.address, "tcp", 443)
        got = self.sim.connect(STRANGER, self.web.address, 443, timeout=0.9)
        expect(got == "timeout", f"the simulated node is wrong: the customer should be dropped, but: {got}")
        finding = self.expect_finding("SXT009", lambda f: f["endpoint"]["name"] == "web" and f.get("port") == 443)
        self.say("findings")
        reasons = " ".join([finding["message"], *(e["detail"] for e in finding["evidence"])])
        expect("NETFILTER_DROP" in reasons, "the finding does not say NETFILTER_DROP")
        return f"{finding['id']}, NETFILTER_DROP"

    def broken_file(self):
        """A policy file is broken

        An edit of policy-shop-db.yaml leaves a bracket open.

        SXT010 with file and line. The last good policy stays in force, so nothing else changes.
        """
        self.sim.write_manifest("policy-shop-db.yaml", manifests.DB_POLICY.replace("app: web } }", "app: web }"))
        finding = self.expect_finding("SXT010", lambda f: "policy-shop-db.yaml" in f["message"] + str(f["evidence"]))
        self.say("findings")
        return finding["id"]

    def repair(self):
        """Everything is repaired

        The rules are back, the debug pod gets a policy, the exporter is stopped, the wrong rule is gone, the file is mended. The
        same clients try again.

        Every finding is resolved, and says why.
        """
        self.sim.write_manifest("policy-shop-db.yaml", manifests.DB_POLICY)
        self.sim.enforcement.protect(self.db.address, [Allow("tcp", 5432, (self.web.address,))])
        self.sim.enforcement.drop_no_more(self.web.address, "tcp", 443)
        if self.debug:
            self.sim.enforcement.protect(self.debug.address, [])
            self.sim.write_manifest("policy-ops-debug.yaml", DEBUG_POLICY)
        if self.listener:
            self.sim.stop(self.listener)
        expect(self.sim.connect(STRANGER, self.web.address, 443) == "connected", "the simulated node is wrong: the customer is still dropped")
        expect(self.sim.connect(STRANGER, self.db.address, 5432) == "timeout", "the simulated node is wrong: the database is still open")
        self.daemon.wait_for("every finding resolved", lambda: not self.daemon.findings(), timeout=20)
        self.say("findings", "--all")
        return f"all {len(self.known)} findings are resolved"

    # What Sextant says.

    def say(self, *arguments):
        command = [str(self.daemon.cli_program), *arguments]
        output = self.terminal.capture(command, {**os.environ, "SEXTANT_SERVER": f"unix:{self.daemon.socket}"})
        self.terminal.said(" ".join(["sextant", *arguments]), output)

    def expect_finding(self, code, is_it):
        finding = self.daemon.wait_for(f"{code} is open", lambda: next(filter(is_it, self.daemon.findings(code)), None))
        self.known.add(finding["id"])
        others = [f"{f['id']} ({f['message']})" for f in self.daemon.findings() if f["id"] not in self.known]
        expect(not others, f"other findings that should not be: {'; '.join(others)}")
        return finding

    def expect_no_finding(self):
        others = [f"{f['id']} ({f['message']})" for f in self.daemon.findings()]
        expect(not others, f"findings that should not be: {'; '.join(others)}")


def how_to_look(sim, daemon, build):
    return f"""
The node and the daemon go on running.

  export SEXTANT_SERVER=unix:{daemon.socket}
  {build}/sextant status            findings --all, endpoints, exposure, attempts...
  nsenter --net=/run/netns/{sim.node} curl -s 'http://[::1]:9713/metrics'
  nsenter --net=/run/netns/{sim.inet} curl -m 2 'http://[{sim.pods["shop/web"].address}]:443'     the internet's side
  tail -f {daemon.log}
  {sim.folder}/manifests            the policies: edit them
  deploy/demo/run --clean           ends it and removes everything
"""


def main():
    parser = argparse.ArgumentParser(description="Plays Sextant's demo on a simulated node.")
    parser.add_argument("--build", required=True, help="folder of sextantd and sextant")
    parser.add_argument("--step", action="store_true", help="wait for Enter before each step")
    parser.add_argument("--keep", action="store_true", help="leave everything running in the end")
    options = parser.parse_args()
    terminal = Terminal()
    try:
        with SimNode() as sim:
            started = time.monotonic()
            sim.populate()
            daemon = Daemon(sim, os.path.abspath(options.build)).start_and_wait()
            terminal.title("A Kubernetes node made of network namespaces, the internet in another one, and Sextant on the node.")
            story = Story(sim, daemon, terminal, options.step)
            failed = story.play()
            if failed:
                print(f"\nThe end of the daemon's log:\n{daemon.log_end()}")
            if options.keep:
                sim.keep()
                print(how_to_look(sim, daemon, options.build))
            else:
                status = daemon.stop()
                if status != 0:
                    failed += 1
                    print(f"sextantd ended with status {status}:\n{daemon.log_end()}")
    except (DaemonFailed, Failed) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    outcome = "every step came true" if not failed else f"{failed} did not come true"
    terminal.title(f"{outcome} ({time.monotonic() - started:.0f} s){'' if options.keep else '; nothing is left behind'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
