"""What the parts of the benchmark measured, as one report: where, as a table, and held against an earlier one."""
import datetime
import os
import pathlib
import platform
import re
import subprocess

from rows import Row, lines as lines_of


def _text(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def head(project):
    """What the figures must be read with."""
    model = re.search(r"^model name\s*: (.*)$", _text("/proc/cpuinfo"), re.MULTILINE)
    described = subprocess.run(["git", "-C", str(project), "describe", "--always", "--dirty"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, check=False)
    return {
        "kernel": platform.release(),
        "cpu": model.group(1) if model else platform.machine(),
        "cpus": os.cpu_count(),
        "jit": _text("/proc/sys/net/core/bpf_jit_enable"),
        "clock": _text("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "version": described.stdout.strip(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "load": round(os.getloadavg()[0], 1),
    }


def _place(report):
    return (f"Linux {report['kernel']}, {report['cpu']}, {report['cpus']} CPUs, JIT {report['jit']}, clock {report['clock']}, "
            f"{report['version']}, {report['date']}, load {report['load']}")


def rows_of(report):
    """(part, name) -> Row."""
    return {(part["part"], row["name"]): Row(**row) for part in report["parts"] for row in part["rows"]}


def table(report):
    lines = [_place(report)]
    for part in report["parts"]:
        lines += ["", part["part"], *lines_of(Row(**row) for row in part["rows"])]
    return "\n".join(lines)


def verdict(old, new):
    """What became of one figure: None when the noise of both is as large as the difference."""
    difference = new.value - old.value
    if abs(difference) <= (old.spread or 0) + (new.spread or 0):
        return None
    return new.value / old.value if old.value else float("inf")


def comparison(report, earlier):
    """The report's figures as ratios to the earlier ones. Rows that only one of them has are named."""
    lines = [_place(report), f"against {_place(earlier)}"]
    new, old = rows_of(report), rows_of(earlier)
    measured = {part["part"] for part in report["parts"]}
    part = None
    for key, row in new.items():
        if key[0] != part:
            part = key[0]
            lines += ["", part]
        if key not in old:
            told = "not measured earlier"
        elif (ratio := verdict(old[key], row)) is None:
            told = "no difference"
        else:
            told = f"{ratio:.2f} times"
        was = f"{old[key].value:,.4g} to " if key in old else ""
        lines.append(f"  {row.name:58s} {was + format(row.value, ',.4g'):>18s} {row.unit:14s} {told}")
    gone = [f"  {name}" for part, name in old if part in measured and (part, name) not in new]
    return "\n".join(lines + (["", "measured earlier only"] + gone if gone else []))
