"""How the story looks: steps, what they do, what is expected, what is said, and whether it came true."""

import fcntl
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
import textwrap

MARGIN = "     "


class Terminal:
    def __init__(self):
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.width = max(60, min(shutil.get_terminal_size((110, 24)).columns, 140))
        utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        self.good, self.bad, self.bar = ("✔", "✘", "│") if utf8 else ("ok", "FAILED", "|")

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def title(self, text):
        print(f"\n{self.paint('1', text)}", flush=True)

    def step(self, number, text):
        print(f"\n{self.paint('1;36', f'{number:2}  {text}')}", flush=True)

    def line(self, label, text):
        first = f"{MARGIN}{label:<8} "
        wrapped = textwrap.wrap(text, self.width - len(first)) or [""]
        print(self.paint("2", first) + wrapped[0])
        for rest in wrapped[1:]:
            print(" " * len(first) + rest)
        sys.stdout.flush()

    def said(self, command, output):
        print(f"{MARGIN}{self.paint('2', '$ ' + command)}")
        for line in output.rstrip().splitlines():
            print(f"{MARGIN}{self.paint('2', self.bar)} {line}")
        sys.stdout.flush()

    def verdict(self, came_true, text):
        mark = self.paint("32", self.good) if came_true else self.paint("1;31", self.bad)
        print(f"{MARGIN}{mark} {text}", flush=True)

    def capture(self, command, env):
        """The command's output as it would look here: on a terminal it gets one too, so that it draws in colour."""
        if not self.colour:
            done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            return done.stdout
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, self.width - len(MARGIN) - 2, 0, 0))
        with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs):
            os.close(theirs)
            output = b""
            try:
                while data := os.read(ours, 65536):
                    output += data
            except OSError:
                pass  # EIO: the other end is closed
        os.close(ours)
        return output.decode(errors="replace").replace("\r\n", "\n")
