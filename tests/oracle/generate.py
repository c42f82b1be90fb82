#!/usr/bin/env python3
"""Random scenarios in the conformance format, without verdicts: generate.py FAMILY [--seed N] [--count N].

A family is a function of families.py that fills a Scenario with policies. Everything that a policy names (prefixes,
ports, labels) is remembered, and the checks aim at its edges.
"""

import argparse
import json
import random

import families
from scenario import Scenario


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("family", choices=sorted(families.FAMILIES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--checks", type=int, default=40)
    arguments = parser.parse_args()
    for number in range(arguments.count):
        rng = random.Random(f"{arguments.family}/{arguments.seed}/{number}")
        scenario = Scenario(f"{arguments.family}-{arguments.seed}-{number:05}", arguments.family, rng)
        families.FAMILIES[arguments.family](scenario)
        print(json.dumps(scenario.finish(arguments.checks), separators=(",", ":")))


if __name__ == "__main__":
    main()
