"""What ``mypy --strict`` says of a program of an author's, who has us installed."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# One worker runs all of these, one after the other: what mypy knows by then, it keeps.
GROUP = pytest.mark.xdist_group("typed")
NEEDS_MYPY = pytest.mark.skipif(find_spec("mypy") is None, reason="stands beside one Python alone")
SAID = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: .*\[(?P<code>[\w-]+)\]$", re.MULTILINE)
EXPECTED = re.compile(r"# error: ([\w-]+)$")


def strictly(folder: Path, cache: Path, *but: str) -> str:
    """Return what mypy says of all that stands in ``folder``, ``but`` for what is allowed."""
    how = ["--explicit-package-bases", "--no-error-summary", "--cache-dir", str(cache)]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *but, *how, "."],
        cwd=folder,
        capture_output=True,
        text=True,
    )

    assert done.returncode in (0, 1), done.stdout + done.stderr  # 2: it could not look

    return done.stdout


def found_in(said: str) -> set[tuple[str, int, str]]:
    """Return the file, line and code of each error that mypy has said."""
    return {(one["file"], int(one["line"]), one["code"]) for one in SAID.finditer(said)}


def expected_in(name: str, text: str) -> set[tuple[str, int, str]]:
    """Return the same of what a program says of itself: ``# error: code`` at a line's end."""
    found = ((number, EXPECTED.search(line)) for number, line in enumerate(text.splitlines(), 1))
    return {(name, number, match[1]) for number, match in found if match}
