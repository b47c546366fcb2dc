"""How many hosts that close all descriptors have a file or socket of theirs harmed by us.

Each closes all at the moment an answer comes, give or take two milliseconds, and opens files and
sockets that get the numbers of ours: the script is that of the tests.

    .venv/bin/python benchmarks/closing.py 100
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/processes")]

from machine import Machine  # noqa: E402
from numbered import NUMBERED  # noqa: E402
from support import BARE  # noqa: E402
from test_fork_children import CLOSING  # noqa: E402

from jina_tel.testing import Healthy, Receiver, Slow  # noqa: E402

ANSWER_SECONDS = 0.05
WHEN = (0, 0.0002, 0.0005, 0.001, 0.002, 0.05, 0.051, 0.052)
FREE = {**BARE, **dict.fromkeys(("JINA_OPTOUT_TELEMETRY", "DO_NOT_TRACK", "CI"))}


def main(hosts: int) -> None:
    """Print how many of so many hosts were harmed."""
    harmed = sum(not _is_unharmed(random.choice(WHEN)) for _ in range(hosts))
    print(f"{harmed} of {hosts} hosts harmed, Python {sys.version.split()[0]}")


def _is_unharmed(seconds: float) -> bool:
    with tempfile.TemporaryDirectory() as folder, Receiver() as receiver:
        receiver.behaviour = [Slow(ANSWER_SECONDS), Healthy()]
        machine = Machine(Path(folder), receiver.url, JINA_TEL_HOME=f"{folder}/jina_tel", **FREE)
        try:
            ended = machine.run(NUMBERED + CLOSING.format(seconds=seconds))
        finally:
            machine.close()
        return (0, "", "") == ended[:3]


if __name__ == "__main__":
    main(int(sys.argv[1]))
