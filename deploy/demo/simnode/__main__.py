"""python3 -m simnode cleanup: removes what crashed or kept runs have left behind."""

import sys

from .remains import clean_remains


def main() -> int:
    if sys.argv[1:] != ["cleanup"]:
        print("usage: python3 -m simnode cleanup", file=sys.stderr)
        return 2
    for name in clean_remains(kept_too=True):
        print(f"removed {name}")
    return 0


sys.exit(main())
