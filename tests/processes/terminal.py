"""Programs behind a real pseudo-terminal, as a person sees them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import NamedTuple

from machine import HANG_SECONDS
from support import ROOT

CLI = (sys.executable, "-m", "jina_tel")


class Seen(NamedTuple):
    """What came of it: the exit code, and all that the terminal was sent."""

    code: int
    text: str


class Terminal:
    """A program whose three streams are one terminal."""

    def __init__(self, *words: str, columns: int = 80, under=(), cwd=None, **variables) -> None:
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [*under, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(variables),
            cwd=cwd,
            start_new_session=True,
        )
        os.close(theirs)
        self.text = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()

    def wait_for(self, text: str, times: int = 1) -> None:
        """Read until ``text`` was shown so many times."""
        deadline = time.monotonic() + HANG_SECONDS
        while self.text.count(text) < times:
            assert time.monotonic() < deadline, self.text
            assert self._read(deadline), self.text

    def read_what_is_there(self) -> None:
        """Read what was shown by now."""
        while select.select([self._ours], [], [], 0.0)[0] and self._read(time.monotonic()):
            pass

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C: whatever runs there is told."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> Seen:
        """Read until the program's end."""
        deadline = time.monotonic() + HANG_SECONDS
        while self._read(deadline):
            assert time.monotonic() < deadline, self.text
        os.close(self._ours)
        return Seen(self.process.wait(HANG_SECONDS), self.text.replace("\r\n", "\n"))

    def _read(self, deadline: float) -> bool:
        if not select.select([self._ours], [], [], max(deadline - time.monotonic(), 0.0))[0]:
            return True
        try:
            piece = os.read(self._ours, 65536)
        except OSError:  # EIO: the other side was closed
            return False
        self.text += piece.decode()
        return bool(piece)


def environment(variables):
    """Return the environment of a program that finds us and no CI; None takes a variable away.

    Its output is buffered, as a person's is.
    """
    inherited = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    ours = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "TERM": "xterm"}
    given = {**inherited, **ours, "PYTHONUNBUFFERED": None, **variables}
    return {name: value for name, value in given.items() if value is not None}


def on_terminal(*words: str, **options) -> Seen:
    """Run a command on a terminal, to its end."""
    return Terminal(*CLI, *words, **options).end()


def in_pipe(*words: str, under=(), stdout=subprocess.PIPE, **variables):
    """Run a command in a pipe, to its end."""
    return subprocess.run(
        [*under, *CLI, *words],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment(variables),
        timeout=HANG_SECONDS,
    )


def started(*words: str, **variables) -> subprocess.Popen:
    return subprocess.Popen(
        [*CLI, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(variables),
    )
