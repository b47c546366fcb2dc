"""Starting what is measured: the sink, and candidates in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .candidates import HERE, Candidate

LONGEST_SECONDS = 300


class Sink:
    """The sink's process, as the probes see it; a context manager."""

    def __init__(self, pattern: str, word: str = "healthy") -> None:
        script = [sys.executable, str(HERE / "sink.py"), pattern]
        self._process = subprocess.Popen(
            script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._words, self._answers = pipes(self._process)
        self.url = f"http://127.0.0.1:{json.loads(self._answers.readline())}"
        self.tell(word)

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *error: object) -> None:
        self._words.close()
        self._process.wait(10)
        self._answers.close()

    def tell(self, word: str) -> dict[str, float]:
        """Say one word of ``sink.py``, and return the answer."""
        self._words.write(word + "\n")
        self._words.flush()
        answer: dict[str, float] = json.loads(self._answers.readline())
        return answer

    def wait_for(self, events: int, seconds: float) -> dict[str, float]:
        """Return the counts once ``events`` have arrived, or when the time is up."""
        until = time.monotonic() + seconds
        while True:
            counts = self.tell("count")
            if counts["events"] >= events or time.monotonic() >= until:
                return counts
            time.sleep(0.05)


def pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    """Return the two ends that we hold of a process's standard input and output."""
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


@contextmanager
def new_home() -> Iterator[Path]:
    """Yield an empty home, which is deleted afterwards."""
    home = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        yield home
    finally:
        # A process that a candidate has left behind may still be writing.
        shutil.rmtree(home, ignore_errors=True)


def command(
    candidate: Candidate, act: str, url: str, count: int = 1, modules: tuple[str, ...] = ()
) -> list[str]:
    """Return the command that runs ``act`` of ``inside.py``; ``-I`` keeps our folder away."""
    script = str(HERE / "inside.py")
    return [
        str(candidate.python),
        "-I",
        script,
        act,
        str(candidate.path),
        url,
        str(count),
        *modules,
    ]


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return a bare environment: no CI, no proxy, no answer about telemetry."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **variables}


@contextmanager
def not_forever(process: subprocess.Popen[str]) -> Iterator[None]:
    """Kill a process that takes far too long.

    Not by ``wait(timeout)``: that looks now and then, up to 50 ms late, which would be measured.
    """
    late = threading.Timer(LONGEST_SECONDS, process.kill)
    late.start()
    try:
        yield
    finally:
        late.cancel()


def run(line: list[str], environ: dict[str, str]) -> str:
    """Run to the end and return what was printed; what candidates complain of is dropped."""
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            line,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as process,
        not_forever(process),
    ):
        said = process.communicate()[0]
        if process.returncode:
            complaints.seek(0)
            raise RuntimeError(
                f"{' '.join(line)} ended with {process.returncode}:\n{complaints.read()}"
            )
        return said


def act(
    candidate: Candidate,
    verb: str,
    url: str,
    count: int = 1,
    modules: tuple[str, ...] = (),
    **variables: str,
) -> str:
    """Run one act in a home of its own, and return what it printed."""
    with new_home() as home:
        return run(command(candidate, verb, url, count, modules), environment(home, **variables))


@contextmanager
def staying(line: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that has said a first line and stays; ended afterwards."""
    process = subprocess.Popen(
        line,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    words, said = pipes(process)
    try:
        if not said.readline():
            raise RuntimeError(f"{' '.join(line)} ended before it had said a word")
        yield process
    finally:
        process.kill()
        process.wait()
        words.close()
        said.close()
