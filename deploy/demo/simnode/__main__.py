"""python3 -m simnode cleanup [ID]...: removes what crashed or kept runs have left behind, or only the ones named."""

import sys

from .remains import clean_remains


def main() -> int:
    if sys.argv[1:2] != ["cleanup"]:
        print(__doc__, file=sys.stderr)
        return 2
    for name in clean_remains(kept_too=True, only=sys.argv[2:]):
        print(f"removed {name}")
    return 0


sys.exit(main())
