"""Runs the end-to-end tests with unittest and prints a line for each."""

import argparse
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), *(str(HERE.parents[1] / folder) for folder in ("deploy/demo", "bench"))]

import lines  # noqa: E402
import support  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description="Sextant's end-to-end tests.")
    parser.add_argument("--build", default=str(HERE.parents[1] / "build" / "dev"))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    support.BUILD = pathlib.Path(options.build).resolve()
    support.FULL = options.full
    if os.geteuid() != 0:
        print("e2e: network namespaces need root", file=sys.stderr)
        return 2

    found = unittest.TestLoader().discover(str(HERE), "test_*.py")
    return lines.run(unittest.TestSuite(lines.chosen(found, options.patterns)))


if __name__ == "__main__":
    sys.exit(main())
