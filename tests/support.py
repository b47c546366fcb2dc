"""What several tests here share: a program of its own process, and what stands on a disk."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from jina_tel import environment

ROOT = Path(__file__).resolve().parent.parent

# Coverage imports modules and opens files of its own: taken away where those are what is tested.
BARE = dict.fromkeys(("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"))


# In CI root installs what the tests use. Asked now: each test has variables of its own.
IS_INSTALLED = bool(os.environ.get("CI")) and getattr(os, "geteuid", lambda: 1)() == 0


def is_missing(why: str) -> None:
    """Skip the test; where all should have been installed, it fails."""
    (pytest.fail if IS_INSTALLED else pytest.skip)(why)


def run(script: str, *arguments: str, cwd=None, under=(), **variables) -> str:
    """Run a program to its end and return what it prints; a variable that is None is taken away."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    done = subprocess.run(
        [*under, sys.executable, *arguments, "-c", textwrap.dedent(script)],
        env={name: value for name, value in environ.items() if value is not None},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert (0, "") == (done.returncode, done.stderr), done.stderr

    return done.stdout


def files_below(folder: Path) -> set[str]:
    """Return the paths of all that stands below ``folder``."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def may_be_kept(folder: Path) -> bool:
    """Tell whether a uid in ``folder`` is there tomorrow: tests run in containers, too."""
    while not folder.exists():
        folder = folder.parent
    return not environment.passing(str(folder))


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777
