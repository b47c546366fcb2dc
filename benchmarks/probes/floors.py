"""What nobody can go below: starting Python, and the imports of what we are built on."""

from __future__ import annotations

import time

from ..candidates import Candidate
from ..children import environment, new_home, run
from ..tables import Findings, Plan, Table, alternate, ours, span

HOST = ("asyncio", "importlib.metadata")  # what a program like Jina has loaded by itself
IMPORTS = """
import sys, time
for name in sys.argv[2:]: __import__(name)
began = time.perf_counter()
__import__(sys.argv[1])
print((time.perf_counter() - began) * 1000)
"""


def import_ms(candidate: Candidate, name: str, host: tuple[str, ...] = ()) -> float:
    """Return how long one import takes in a fresh process."""
    with new_home() as home:
        line = [str(candidate.python), "-I", "-c", IMPORTS, name, *host]
        return float(run(line, environment(home)))


def start_seconds(candidate: Candidate) -> float:
    """Return how long a program that does nothing takes."""
    with new_home() as home:
        began = time.perf_counter()
        run([str(candidate.python), "-I", "-c", "pass"], environment(home))
        return time.perf_counter() - began


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Measure the start of Python, and the imports in a bare host and in one like Jina."""
    mine = ours(candidates)
    starts = alternate(mine[:1], plan.rounds, start_seconds)
    rows = [("python -I -c pass", span([s * 1000 for s in starts[mine[0].title]]), "")]
    for name in ("wrapt", "platformdirs"):
        bare = alternate(mine, plan.rounds, lambda one, name=name: import_ms(one, name))
        host = alternate(mine, plan.rounds, lambda one, name=name: import_ms(one, name, HOST))
        rows += [
            (f"import {name} ({one.title})", span(bare[one.title]), span(host[one.title]))
            for one in mine
        ]
    columns = ("", "ms", "ms, in a host with asyncio and importlib.metadata")
    note = "A fresh process each time, median (least-most)."
    return Findings(
        [Table("Floors: starting, and importing what we stand on", note, columns, rows)]
    )
