"""Rows of what a packet costs: `sextant bench`, with its goals and at three numbers of prefixes.

    packet.py BUILD [--json] [--quick]
"""
import argparse
import json
import pathlib
import subprocess
import sys

from rows import Row, show

SIZES = (16, 1_000, 100_000)
MOST_TIMES = 1.3  # of the cost with the fewest prefixes, with more of them
MOST_MIB = 32  # of the kernel's tables
# Held against each other by number of prefixes.
RATIOS = ("TCP SYN, allowed", "TCP SYN, new listed sources")


def run(build, seconds):
    command = [build / "sextant", "bench", f"--prefixes={','.join(map(str, SIZES))}", f"--duration={seconds}s", "-o", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def rows_of(report):
    by_prefixes = {(case["hook"], case["name"]) for table in report["tables"][1:] for case in table["cases"]}
    rows = [Row("an empty program, which the rest is net of", round(report["emptyNanoseconds"], 2), "ns", spread=round(report["emptySpread"], 2))]
    costs = {}
    for table in report["tables"]:
        for case in table["cases"]:
            name = f"{case['hook']}: {case['name']}"
            if case["notMeasured"]:
                print(f"packet: {name}: {case['notMeasured']}", file=sys.stderr)
                continue
            if (case["hook"], case["name"]) in by_prefixes:
                costs[case["name"], table["prefixes"]] = case
                name += f", {table['prefixes']:,} prefixes"
            goal = case["goal"]
            rows.append(Row(name, round(case["nanoseconds"], 2), "ns", goal, "at most" if goal else None, round(case["spread"], 2)))
    for name in RATIOS:
        rows += [ratio(name, size, costs[name, SIZES[0]], costs[name, size]) for size in SIZES[1:]]
    rows.append(Row("kernel memory of the tables", round(sum(int(use["bytes"]) for use in report["maps"]) / 2**20, 1), "MiB", MOST_MIB, "at most"))
    return rows


def ratio(name, size, few, many):
    value = many["nanoseconds"] / few["nanoseconds"]
    spread = value * (few["spread"] / few["nanoseconds"] + many["spread"] / many["nanoseconds"])
    return Row(f"{name}: {size:,} prefixes to {SIZES[0]}", round(value, 2), "times", MOST_TIMES, "at most", round(spread, 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    show("packet", rows_of(run(options.build, 3 if options.quick else 30)), options.json)


if __name__ == "__main__":
    main()
