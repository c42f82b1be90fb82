"""Adds up what GoogleTest programs wrote with GTEST_OUTPUT=xml:FOLDER/ and lists what they skipped.

The last line is "N passed, N failed, N skipped".
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as xml


def reason(skip):
    """Without the place that GoogleTest puts before it."""
    text = " ".join((skip.text or skip.get("message") or "no reason").split())
    return re.sub(r"^\S+:\d+ ", "", text)


def main(folder):
    passed = failed = 0
    skipped = []
    for file in sorted(pathlib.Path(folder).glob("*.xml")):
        for case in xml.parse(file).getroot().iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            if case.find("failure") is not None:
                failed += 1
                print(f"FAIL {name}")
            elif (skip := case.find("skipped")) is not None:
                skipped.append(f"skip {name}: {reason(skip)}")
            elif case.get("status") == "run":
                passed += 1
            else:
                skipped.append(f"skip {name}: disabled")
    print("\n".join([*skipped, f"{passed} passed, {failed} failed, {len(skipped)} skipped"]))


if __name__ == "__main__":
    main(sys.argv[1])
