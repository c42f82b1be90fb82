"""Rows of others that count packets, measured like Sextant: by what a packet costs more on its way out of a device.

    peers.py BUILD [--json] [--quick]

nftables: a ruleset that counts the same (every packet; of SYNs to a pod, by pod and port, with the verdict of 1,000 prefixes
and one open port), but neither heavy sources nor anything that is not TCP. Both are hooked in at egress, where
`send_bench` can send packets from one thread; the two take turns, with nothing hooked in between.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys

from rows import Row, show

NAMESPACE, DEVICE = f"sextant-peers-{os.getpid()}", "out0"
PREFIXES, PODS = 1_000, 250
RULESET = """
table netdev bench {{
  set listed {{ type ipv6_addr; flags interval; elements = {{ {listed} }} }}
  set pods {{ type ipv6_addr; elements = {{ {pods} }} }}
  set attempts {{ type ipv6_addr . inet_service; size 65536; flags dynamic; }}
  chain judge {{
    ip6 saddr @listed update @attempts {{ ip6 daddr . tcp dport counter }} accept
    tcp dport 443 update @attempts {{ ip6 daddr . tcp dport counter }} accept
    update @attempts {{ ip6 daddr . tcp dport counter }}
  }}
  chain seen {{
    type filter hook egress device {device} priority 0;
    counter
    ip6 daddr @pods tcp flags & (syn | ack | rst) == syn goto judge
  }}
}}
"""


def inside(*command, **options):
    return subprocess.run(["ip", "netns", "exec", NAMESPACE, *map(str, command)], check=True, text=True, **options)


def ruleset():
    """Prefixes and pods as datapath::bench_intent() has them."""
    step = (1 << 52) // PREFIXES & ~((1 << 17) - 1)
    highs = [(0x2a << 56) + i * step for i in range(PREFIXES)]
    listed = ", ".join(f"{high >> 48:x}:{high >> 32 & 0xffff:x}:{high >> 16 & 0xffff:x}::/48" for high in highs)
    return RULESET.format(listed=listed, pods=", ".join(f"2001:db8:be:c::{5 + i:x}" for i in range(PODS)), device=DEVICE)


def sent(build, what, times):
    """Nanoseconds a packet, by its name."""
    told = inside(build / "bench/send_bench", DEVICE, what, times, PREFIXES, stdout=subprocess.PIPE).stdout
    return {name: float(figure) for name, figure in (line.split("\t") for line in told.splitlines())}


def with_nftables(build, times):
    inside("nft", "-f", "-", input=ruleset())
    try:
        return sent(build, "none", times)
    finally:
        inside("nft", "delete", "table", "netdev", "bench")


def measure(build, rounds, times):
    """(who, packet) -> what it cost more than nothing, for each round."""
    costs = {}
    for _ in range(rounds):
        nothing = sent(build, "none", times)
        for who, figures in (("Sextant", sent(build, "sextant", times)), ("nftables", with_nftables(build, times))):
            for packet, figure in figures.items():
                costs.setdefault((who, packet), []).append(figure - nothing[packet])
    return costs


def row(who, packet, costs):
    quarter = statistics.quantiles(costs, n=4) if len(costs) > 1 else [0, 0, 0]
    return Row(f"{who}: {packet}", round(statistics.median(costs), 1), "ns", spread=round(quarter[2] - quarter[0], 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        # The other end stays down: what is sent is dropped at once, in the sender's own time.
        for command in (["link", "add", DEVICE, "type", "veth", "peer", "name", "in0"], ["link", "set", DEVICE, "up"]):
            subprocess.run(["ip", "-n", NAMESPACE, *command], check=True)
        costs = measure(options.build.resolve(), *((3, 20_000) if options.quick else (11, 200_000)))
    except subprocess.CalledProcessError as failed:
        sys.exit(f"peers: {failed}")
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=True)
    show("peers", [row(who, packet, each) for (who, packet), each in sorted(costs.items(), key=lambda item: item[0][1])], options.json)


if __name__ == "__main__":
    main()
