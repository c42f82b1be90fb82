"""sextantd in the simulated node's namespace, and its API on the Unix socket."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from . import kernel


class DaemonFailed(Exception):
    """The daemon ended, or did not become ready in time; the message has the end of its log."""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Daemon:
    def __init__(self, sim, build, name="sextant", **config):
        """`build` is the folder of the programs; `config` is laid over the sections of the default configuration."""
        self.sim = sim
        self.program = pathlib.Path(build) / "sextantd"
        self.cli_program = pathlib.Path(build) / "sextant"
        self.log = sim.folder / f"{name}d.log"
        self.socket = sim.folder / f"{name}.sock"
        self.config_file = sim.folder / f"{name}.yaml"
        self.process = None
        self.config = {
            "node": {"name": "n1"},
            "source": {"manifests": {"path": str(sim.folder / "manifests")}},
            "cilium": {"enable-host-firewall": True},
            "api": {"socket": str(self.socket), "listen": ["[::1]:9713"]},
            "store": {"path": str(sim.folder / f"{name}.db")},
        }
        for section, values in config.items():
            merged = isinstance(values, dict) and section in self.config
            self.config[section] = {**self.config[section], **values} if merged else values

    def command(self, *arguments):
        """What runs the daemon where the simulated node is."""
        return [*kernel.within(self.sim.node), str(self.program), "--config", str(self.config_file), *arguments]

    def write_config(self):
        self.config_file.write_text(json.dumps(self.config, indent=1) + "\n", encoding="utf-8")  # JSON is YAML

    def start(self, *arguments):
        self.write_config()
        with open(self.log, "ab") as log:
            self.process = kernel.start(self.sim.node, self.sim.helpers,
                                        [str(self.program), "--config", str(self.config_file), *arguments],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def start_and_wait(self, *arguments, timeout=30.0):
        return self.start(*arguments).wait_ready(timeout)

    def wait_ready(self, timeout=30.0):
        deadline = time.monotonic() + timeout
        why = "it never answered"
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise DaemonFailed(f"sextantd ended with status {self.process.returncode}:\n{self.log_end()}")
            try:
                status, why = self.get("/readyz")
                if status == 200:
                    return self
            except OSError:
                pass  # it does not listen yet
            time.sleep(0.02)
        raise DaemonFailed(f"sextantd is not ready after {timeout:g} s: {why}\n{self.log_end()}")

    def stop(self, number=signal.SIGTERM, timeout=15.0):
        """Ends it and returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def log_end(self, lines=30):
        try:
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    # Asking.

    def request(self, method, path, body=None, timeout=10.0):
        connection = UnixConnection(str(self.socket), timeout)
        try:
            connection.request(method, path, body=body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def view(self, name):
        status, body = self.get(f"/api/v1alpha1/{name}")
        if status != 200:
            raise DaemonFailed(f"GET {name}: {status} {body}")
        return json.loads(body)

    def watch(self, timeout=20.0):
        """Follows /api/v1alpha1/watch from now on: yields (event, data) for ever; OSError when nothing comes within `timeout`."""
        connection = UnixConnection(str(self.socket), timeout)
        connection.request("GET", "/api/v1alpha1/watch")
        answer = connection.getresponse()
        if answer.status != 200:
            raise DaemonFailed(f"GET watch: {answer.status} {answer.read().decode()}")
        return self._events(connection, answer)

    @staticmethod
    def _events(connection, answer):
        try:
            event = None
            for line in iter(answer.readline, b""):
                field, _, value = line.decode().rstrip("\n").partition(":")
                if field == "event":
                    event = value.strip()
                elif field == "data":
                    yield event, json.loads(value)
        finally:
            connection.close()

    def findings(self, code=None):
        """Open findings."""
        found = [f for f in self.view("findings")["findings"] if f["state"] == "open"]
        return [f for f in found if code in (None, f["code"])]

    def wait_for(self, what, holds, timeout=10.0, pause=0.05):
        """Asks `holds` until it gives something true, and returns that; DaemonFailed when it never does."""
        deadline = time.monotonic() + timeout
        while True:
            if result := holds():
                return result
            if not self.is_running():
                raise DaemonFailed(f"sextantd ended with status {self.process.returncode}:\n{self.log_end()}")
            if time.monotonic() > deadline:
                raise DaemonFailed(f"not within {timeout:g} s: {what}")
            time.sleep(pause)

    def cli(self, *arguments, **run):
        """The command line, talking to this daemon."""
        options = {"capture_output": True, "text": True, "check": False, **run}
        return subprocess.run([str(self.cli_program), *arguments],
                              env={**os.environ, "SEXTANT_SERVER": f"unix:{self.socket}"}, **options)
