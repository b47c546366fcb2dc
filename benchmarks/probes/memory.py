"""The memory that telemetry adds: idle after one event, and after many that cannot be sent."""

from __future__ import annotations

import time
from pathlib import Path

from ..candidates import Candidate
from ..children import Sink, command, environment, new_home, staying
from ..tables import (
    BARE,
    Findings,
    Plan,
    Table,
    Verdict,
    at_most,
    at_once,
    middle,
    ours,
    senders,
    span,
    titled,
)

MOST_MB = 6.0
JOURNAL_MB = 16  # what ours may keep on disk by default
SETTLE_SECONDS = 2.0


def resident_mb(pid: int) -> float:
    """Return the resident set of a process, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def folder_mb(folder: Path) -> float:
    """Return the size of all files below a folder, in MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1024 / 1024


def after(candidate: Candidate, word: str, events: int) -> tuple[float, float]:
    """Return the memory of a process that has recorded ``events``, and what is on disk, in MB."""
    with Sink(candidate.event, word) as sink, new_home() as home:
        asked = min(events, candidate.most_events)
        environ = environment(home, BENCHMARK_JOURNAL_BYTES=str(JOURNAL_MB * 1024 * 1024))
        with staying(command(candidate, "stay", sink.url, asked), environ) as process:
            if word == "healthy" and candidate.kind != "floor":
                sink.wait_for(asked, 10)
            time.sleep(SETTLE_SECONDS)
            return resident_mb(process.pid), folder_mb(home)


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Measure all beside a program that does nothing."""
    bare = titled(candidates, BARE)
    all_of = [bare, *senders(candidates)]
    one_event = at_once(all_of, plan.slow_rounds, lambda one: after(one, "healthy", 1))
    many = at_once(
        all_of, min(plan.slow_rounds, 2), lambda one: after(one, "closed", plan.closed_events)
    )
    floor = middle(mb for mb, _ in one_event[bare.title])
    rows = []
    for title in one_event:
        idle = span([mb - floor for mb, _ in one_event[title]])
        closed = span([mb - floor for mb, _ in many[title]])
        rows.append((title, idle, closed, span([disk for _, disk in many[title]])))
    limited = ", ".join(
        f"{one.title} {one.most_events:,}" for one in all_of if one.most_events < plan.closed_events
    )
    note = (
        f"Resident MB more than a program that does nothing; {plan.closed_events:,} events "
        f"({limited}) into a closed port. The journal has its default bound here. Processes "
        "that a candidate starts are not counted."
    )
    columns = (
        "",
        "MB, idle after one event",
        "MB, after many into a closed port",
        "MB on disk",
    )
    table = Table("Memory", note, columns, rows[1:])
    verdicts = []
    for one in ours(candidates):
        verdicts += _verdicts(one.title, one_event, many, floor, plan)
    return Findings([table], verdicts)


def _verdicts(title, one_event, many, floor, plan: Plan) -> list[Verdict]:
    idle = middle(mb for mb, _ in one_event[title])
    closed = middle(mb for mb, _ in many[title])
    disk = max(disk for _, disk in many[title])
    return [
        at_most(f"memory ({title}), idle after one event", "6 MB", idle - floor, MOST_MB, "MB"),
        at_most(
            f"memory ({title}), after {plan.closed_events:,} events into a closed port",
            "6 MB, or what it has idle",
            closed - floor,
            max(MOST_MB, idle - floor) + 0.5,
            "MB",
        ),
        at_most(f"disk ({title}), the same", "the journal's bound", disk, JOURNAL_MB + 0.1, "MB"),
    ]
