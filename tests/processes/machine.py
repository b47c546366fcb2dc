"""Real child processes: programs on one machine, which share a home and an endpoint."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from support import ROOT

HERE = Path(__file__).resolve().parent
HANG_SECONDS = 60.0  # what is not over by then never ends

NEXT = """
from flow import Flow, flush
Flow().start()
assert flush(30), "something still waits"
"""


class Ended(NamedTuple):
    """What came of a process: its exit code, its output, and the monotonic moment of its end."""

    code: int
    out: str
    err: str
    at: float


class Machine:
    """One user's machine.

    Attributes:
        folder: of the user, and of the scripts.
        home: of our files.
        endpoint: where events go.
        variables: what every program's environment holds; None takes one away.
    """

    def __init__(self, folder: Path, endpoint: str, **variables) -> None:
        self.folder = folder
        self.home = folder / "jina_tel"
        self.state = self.home / "jina"
        self.endpoint = endpoint
        self.variables = variables
        self._processes: list[subprocess.Popen] = []

    def start(self, script: str, *arguments, under=(), stdin=subprocess.DEVNULL, **variables):
        """Start a program; a variable that is None is taken out of its environment."""
        text = textwrap.dedent(script)
        path = self.folder / f"script_{zlib.crc32(text.encode()):08x}.py"
        if not path.exists():  # or another process may be reading it
            path.write_text(text)
        process = subprocess.Popen(
            [*under, sys.executable, *arguments, str(path)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment(variables),
            cwd=self.folder,
        )
        self._processes.append(process)
        return process

    def _environment(self, variables):
        inherited = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
        ours = {
            "JINA_TEL_ENDPOINT": self.endpoint,
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, HERE))),
            "PYTHONDONTWRITEBYTECODE": "1",
            # Since Python 3.12 a fork amid threads warns, and a request of ours is a thread. What
            # must not warn is asked for by -W, which comes first.
            "PYTHONWARNINGS": "ignore:This process:DeprecationWarning",
        }
        given = {**inherited, **ours, **self.variables, **variables}
        return {name: value for name, value in given.items() if value is not None}

    def run(self, script: str, *arguments, **options) -> Ended:
        """Run a program to its end."""
        return ended(self.start(script, *arguments, **options))

    def deliver(self) -> None:
        """Let a next program come, which starts once and sees all sent."""
        assert (0, "", "") == self.run(NEXT)[:3]

    @contextlib.contextmanager
    def leading(self) -> Iterator[None]:
        """Lead in the place of the programs that come, which then merely wait."""
        import fcntl

        self.deliver()
        [path] = self.state.glob("*/shipper.lock")
        with open(path, "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def parts(self) -> list[Path]:
        """Return the journal's files, what was claimed first."""
        claimed = [p for p in self.state.glob("*/sending-*") if p.suffix != ".at"]
        return [*sorted(claimed), *self.state.glob("*/events.jsonl")]

    def waiting(self) -> list[dict]:
        """Return the lines that wait in the journal."""
        return [
            json.loads(line)
            for part in self.parts()
            for line in content_of(part)[sent_of(part) :].split(b"\n")
            if line
        ]

    def contact(self) -> dict:
        """Return what is known of the endpoint, once something is."""
        [path] = wait_until(lambda: list(self.state.glob("*/contact.json")))
        return json.loads(path.read_text())

    def close(self) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.communicate()


def lost(receiver) -> dict[str, int]:
    """Return what the ledger's lines say together, by reason."""
    total: dict[str, int] = {}
    for line in receiver.losses:
        for reason, number in line["lost"].items():
            total[reason] = total.get(reason, 0) + number
    return total


def sent_of(part: Path) -> int:
    """Return how much of a claimed file was sent; its shipper may be writing that down just now."""
    return int(content_of(part.with_name(f"{part.name}.at")) or 0)


def content_of(path: Path) -> bytes:
    """Return a file's content; none where a shipper has removed it by now."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def ended(process: subprocess.Popen, seconds: float = HANG_SECONDS) -> Ended:
    """Wait for a program's end."""
    out, err = process.communicate(timeout=seconds)
    return Ended(process.returncode, out, err, time.monotonic())


def wait_until(holds, seconds: float = 30.0):
    """Wait until ``holds()`` is true, and return what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = holds()
        if result:
            return result
        assert time.monotonic() < deadline, "it does not come to hold"
        time.sleep(0.005)
