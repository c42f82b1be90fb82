"""A line for each unittest test, and which tests are asked for: what the programs that run tests in Python share."""

import time
import unittest


def claim(test):
    """ "test_findings: a dropped packet of an intended client is SXT009" """
    name, _, case = test.id().partition(" ")  # a subtest's id goes on with what is special to it
    parts = name.split(".")
    return f"{parts[0].removeprefix('test_')}: {parts[-1].removeprefix('test_').replace('_', ' ')}{case and ' ' + case}"


class Lines(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.passed = 0
        self._started = time.monotonic()  # what is done for a whole class comes before its first test

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()

    def _line(self, outcome, test, why=""):
        print(f"  {outcome:4} {time.monotonic() - self._started:6.1f} s  {claim(test)}{why and ': ' + why}", flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self._line("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("skip", test, reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._wrong(test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._wrong(test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            found = self.failures if issubclass(err[0], test.failureException) else self.errors
            self._wrong(subtest, found[-1][1])

    def _wrong(self, test, trace):
        self._line("FAIL", test)
        print("\n".join("       " + line for line in trace.splitlines()), flush=True)


def chosen(suite, patterns):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from chosen(test, patterns)
        elif not patterns or any(p.lower() in claim(test).lower() or p in test.id() for p in patterns):
            yield test


def run(tests):
    """Runs them, prints the totals last, and returns the exit status."""
    result = Lines()
    tests.run(result)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.passed} passed, {failed} failed, {len(result.skipped)} skipped")
    return 1 if failed else 0
