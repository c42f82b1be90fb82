"""What a simulated node leaves in the system, how it is taken away, and how a later run finds what a crash has left.

Each node has a folder under /run/sextant-sim: it is made first, removed last, and holds all its files. Everything else is
found by name: namespaces sxt-ID-*, cgroups recorded in the folder, and the processes in either.
"""

import json
import os
import pathlib
import shutil
import signal
import time

from . import kernel

ROOT = pathlib.Path("/run/sextant-sim")


def start_time(pid):
    """When the process started, in clock ticks since boot: a reused id has another (proc_pid_stat(5), field 22)."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])


class Remains:
    """The folder of one node and the record in it of what is to be removed."""

    def __init__(self, ident):
        self.ident = ident
        self.folder = ROOT / ident

    @classmethod
    def make(cls):
        """A new folder with a number that no other node has."""
        ROOT.mkdir(mode=0o755, exist_ok=True)
        draft = cls(f".{os.getpid()}")  # it gets its name when its record is there, so that nobody takes it for a crash's
        shutil.rmtree(draft.folder, ignore_errors=True)
        draft.folder.mkdir(mode=0o755)
        draft._write({"pid": os.getpid(), "started": start_time(os.getpid()), "kept": False, "cgroups": []})
        for number in range(4096):
            remains = cls(f"{(os.getpid() + number) % 4096:03x}")
            try:
                draft.folder.rename(remains.folder)
                return remains
            except OSError:
                continue  # not empty: another node's
        raise kernel.Failed(f"{ROOT} holds 4096 nodes: python3 -m simnode cleanup")

    def namespace(self, name):
        return f"sxt-{self.ident}-{name}"

    def make_cgroup(self, path):
        """Makes the cgroup with its parents. Removed in the end: those that were not there, or are another simulated node's."""
        others = {p for folder in node_folders() for p in Remains(folder.name)._read()["cgroups"]}
        ours = [str(p) for p in (path, *path.parents) if not p.exists() or str(p) in others]
        record = self._read()
        record["cgroups"] = sorted({*record["cgroups"], *ours})
        self._write(record)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def keep(self):
        self._write({**self._read(), "kept": True})

    def is_kept(self):
        return self._read()["kept"]

    def is_in_use(self):
        record = self._read()
        return record["pid"] is not None and start_time(record["pid"]) == record["started"]

    def remove(self):
        """Takes everything away; safe to call again, and after being interrupted half-way."""
        namespaces = sorted(p.name for p in kernel.NETNS.glob(self.namespace("*")))
        cgroups = [pathlib.Path(p) for p in self._read()["cgroups"]]
        end_processes(lambda: [pid for name in namespaces for pid in kernel.namespace_processes(name)] +
                      [pid for path in cgroups for pid in self._own_processes(path)])
        for name in namespaces:
            kernel.remove_namespace(name)
        for path in sorted(cgroups, key=lambda p: len(p.parts), reverse=True):
            remove_cgroup(path)
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            ROOT.rmdir()
        except OSError:
            pass

    def _own_processes(self, cgroup):
        # A process in a slice itself would not be ours.
        return kernel.cgroup_processes(cgroup) if cgroup.suffix != ".slice" else []

    def _read(self):
        try:
            return json.loads((self.folder / "record.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {"pid": None, "started": None, "kept": False, "cgroups": []}

    def _write(self, record):
        draft = self.folder / "record.json.new"
        draft.write_text(json.dumps(record), encoding="utf-8")
        draft.rename(self.folder / "record.json")


def node_folders():
    return sorted(p for p in ROOT.glob("*") if not p.name.startswith(".")) if ROOT.exists() else []


def remove_cgroup(path, patience=1.0):
    """A cgroup stays busy for a moment after its last process; one that another node uses stays."""
    deadline = time.monotonic() + patience
    while path.exists():
        try:
            path.rmdir()
        except OSError:
            if any(p.is_dir() for p in path.iterdir()) or time.monotonic() > deadline:
                return
            time.sleep(0.01)


def end_processes(find, patience=5.0):
    """Kills what `find` finds until it finds nothing: a process may have forked meanwhile."""
    deadline = time.monotonic() + patience
    while pids := set(find()) - {os.getpid()}:
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)  # ours are reaped here; others by their parent
            except (ProcessLookupError, ChildProcessError):
                pass
        if time.monotonic() > deadline:
            raise kernel.Failed(f"processes {sorted(pids)} do not end")
        time.sleep(0.01)


def clean_remains(kept_too=False, only=()):
    """Removes nodes whose maker is gone; kept ones only when asked to. Returns their names."""
    removed = []
    for folder in node_folders():
        remains = Remains(folder.name)
        if remains.is_in_use() or (remains.is_kept() and not kept_too) or (only and folder.name not in only):
            continue
        remains.remove()
        removed.append(folder.name)
    return removed
