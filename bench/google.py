"""Rows of a Google Benchmark program of ours: NAME_bench.

    google.py policy|explain BUILD [--json] [--quick]
"""
import argparse
import dataclasses
import json
import pathlib
import statistics
import subprocess
import sys

from rows import Row, show

REPETITIONS = 5


@dataclasses.dataclass
class Case:
    name: str  # for people
    goal: float | None = None
    rate: bool = False  # items a second; else milliseconds


# By what the program calls it.
CASES = {
    "policy": {
        "policies_from_nothing/mixed": Case("1,000 policies and 250 pods from nothing, mixed kinds", 100),
        "policies_from_nothing/one_pod": Case("the same, all policies on one pod", 100),
        "policies_from_nothing/all_pods": Case("the same, all policies on all pods", 100),
        "prefixes_from_nothing/in_a_group": Case("10,000 prefixes in a CiliumCIDRGroup", 50),
        "prefixes_from_nothing/in_a_policy": Case("10,000 prefixes in fromCIDRSet", 50),
        "one_changed/its_port": Case("one policy of 1,000 gets another port", 10),
        "one_changed/its_prefixes": Case("one policy of 1,000 names another prefix", 10),
        "to_the_kernel": Case("of these, writing the kernel's tables"),
    },
    "explain": {
        "compiled_checks": Case("verdicts of a compiled scenario, on one core", 1_000_000, rate=True),
        "one_long_line": Case("checks of one long line, four releases each, on one core", rate=True),
        "corpus_end_to_end": Case("checks of the corpus, four releases each, on every core", rate=True),
    },
}


def run(part, build, quick):
    """What each case took, by its own name: a figure for each repetition."""
    command = [build / f"bench/{part}_bench", "--benchmark_format=json", f"--benchmark_repetitions={1 if quick else REPETITIONS}"]
    if quick:
        command.append("--benchmark_min_time=0.05")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    figures = {}
    for each in json.loads(done.stdout)["benchmarks"]:
        if each["run_type"] == "iteration":
            figures.setdefault(each["run_name"], []).append(each)
    return figures


def value_of(case, figure):
    if figure.get("error_occurred"):
        sys.exit(f"{figure['run_name']}: {figure['error_message']}")
    return figure["items_per_second"] if case.rate else figure["real_time"]


def rows_of(part, figures):
    rows = []
    for name, case in CASES[part].items():
        found = next((runs for run_name, runs in figures.items() if run_name == name or run_name.startswith(name + "/")), None)
        if found is None:
            sys.exit(f"{part}_bench has no case {name}")
        values = [value_of(case, figure) for figure in found]
        spread = (max(values) - min(values)) / 2 if len(values) > 1 else None
        goal_is = None if case.goal is None else "at least" if case.rate else "at most"
        rows.append(Row(case.name, statistics.median(values), "checks/s" if case.rate else "ms", case.goal, goal_is, spread))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=CASES)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    show(options.part, rows_of(options.part, run(options.part, options.build, options.quick)), options.json)


if __name__ == "__main__":
    main()
