"""Rows of a part of the benchmark: printed as a table, or as one JSON object for bench/run."""

import dataclasses
import json


@dataclasses.dataclass
class Row:
    name: str
    value: float
    unit: str = ""
    goal: float | None = None
    goal_is: str | None = None  # "at most", "at least"
    spread: float | None = None  # half the width of the interval that the value lies in

    def missed(self):
        """Whether the goal is missed by more than the spread; what lies within it is no result."""
        if self.goal is None:
            return False
        short = self.value - self.goal if self.goal_is == "at most" else self.goal - self.value
        return short > (self.spread or 0)

    def to_line(self, width=0):
        """`width`: of the longest name beside it."""
        value = f"{self.value:,.0f}" if float(self.value).is_integer() else f"{self.value:,.4g}" if self.value < 100 else f"{self.value:,.0f}"
        spread = f" ± {self.spread:.2g}" if self.spread is not None else ""
        goal = f"{self.goal_is} {self.goal:g}" if self.goal is not None else ""
        return f"  {self.name:{width}s} {value + spread:>18s} {self.unit:14s} {goal:14s} {'missed' if self.missed() else ''}".rstrip()


def lines(rows):
    rows = list(rows)
    width = max((len(row.name) for row in rows), default=0)
    return [row.to_line(width) for row in rows]


def show(part, rows, as_json):
    if as_json:
        print(json.dumps({"part": part, "rows": [dataclasses.asdict(row) for row in rows]}))
    else:
        print("\n".join([part, *lines(rows)]))
