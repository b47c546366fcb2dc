"""A process that records one event and ends: what that adds, and whether the event arrives."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..candidates import Candidate
from ..children import LONGEST_SECONDS, Sink, command, environment, new_home
from ..tables import Bars, Findings, Plan, Table, alternate, middle, senders, span
from .ending_targets import verdicts

LATER_SECONDS = 1.0  # between what failed and the process that finds the endpoint healthy again
ARRIVAL_SECONDS = 3.0
HOST = ("asyncio", "importlib.metadata")


@dataclass(frozen=True)
class End:
    """One process: seconds in all, seconds from the end of its program to its end."""

    wall: float
    leaving: float


@dataclass(frozen=True)
class Story:
    """What befell one home: the first process, the next, and what has arrived in the end.

    Attributes:
        by_first: events that had arrived when the first process had ended.
        by_last: of three events, how many had when a third process had ended, which found the
            endpoint healthy, and had no more to do than the others.
    """

    first: End
    next: End
    by_first: float
    by_last: float


def end(candidate: Candidate, url: str, home: Path, host: tuple[str, ...] = ()) -> End:
    """Run one process to its end."""
    began = time.monotonic()
    process = subprocess.Popen(
        command(candidate, "once", url, modules=host),
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    said = process.stdout.readline()  # not to its end: a process left behind may hold it open
    process.wait(LONGEST_SECONDS)
    ended = time.monotonic()
    process.stdout.close()
    return End(ended - began, ended - float(said))


def answered(candidate: Candidate, word: str, host: tuple[str, ...] = ()) -> tuple[End, float]:
    """Return one process in a new home, and how many of its one event have arrived."""
    with Sink(candidate.event, word) as sink, new_home() as home:
        ended = end(candidate, sink.url, home, host)
        return ended, sink.wait_for(1, 0 if candidate.kind == "floor" else 1)["events"]


def unanswered(candidate: Candidate, word: str) -> Story:
    """Return the story of a home whose endpoint is ``hung`` or ``closed``, and then healthy."""
    with Sink(candidate.event, word) as sink, new_home() as home:
        first = end(candidate, sink.url, home)
        by_first = sink.tell("count")["events"]
        then = end(candidate, sink.url, home)
        if candidate.kind == "floor":
            return Story(first, then, 0, 0)
        sink.tell("healthy")
        time.sleep(LATER_SECONDS)
        end(candidate, sink.url, home)
        return Story(first, then, by_first, sink.wait_for(3, ARRIVAL_SECONDS)["events"])


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Measure with an endpoint that answers, is far, hangs, and is closed."""
    bare = next(one for one in candidates if one.title == "bare call")
    all_of = [bare, *senders(candidates)]
    healthy = alternate(all_of, plan.rounds, lambda one: answered(one, "healthy"))
    host = alternate(all_of, plan.rounds, lambda one: answered(one, "healthy", HOST))
    far = alternate(all_of, plan.rounds, lambda one: answered(one, "far"))
    far_host = alternate(all_of, plan.rounds, lambda one: answered(one, "far", HOST))
    hung = alternate(all_of, plan.slow_rounds, lambda one: unanswered(one, "hung"))
    closed = alternate(all_of, plan.slow_rounds, lambda one: unanswered(one, "closed"))
    tables = [
        _answered_table(bare.title, healthy, host, far, far_host),
        _unanswered_table(bare.title, "hung", hung),
        _unanswered_table(bare.title, "closed", closed),
    ]
    added = {name: _added(runs, bare.title) for name, runs in (("healthy", healthy), ("far", far))}
    added |= {
        f"{name}, host": _added(runs, bare.title) for name, runs in (("healthy", host), ("far", far_host))
    }
    arrived = {t: all(n for _, n in healthy[t]) and all(n for _, n in far[t]) for t in healthy}
    return Findings(
        tables,
        verdicts(candidates, added, arrived, hung, closed, hung[bare.title], closed[bare.title]),
        [Bars("One event, then the end: seconds added, healthy", added["healthy"], "s")],
    )


def _added(runs: dict[str, list[tuple[End, float]]], bare: str) -> dict[str, float]:
    floor = middle(ended.wall for ended, _ in runs[bare])
    return {t: middle(e.wall for e, _ in runs[t]) - floor for t in runs if t != bare}


def _answered_table(bare: str, *conditions: dict[str, list[tuple[End, float]]]) -> Table:
    rows = []
    floors = [middle(ended.wall for ended, _ in runs[bare]) for runs in conditions]
    for title in conditions[0]:
        cells = []
        for runs, floor in zip(conditions, floors):
            arrived = sum(number for _, number in runs[title])
            cells.append(
                f"{span([e.wall - floor for e, _ in runs[title]], 3)}, {arrived:.0f}/{len(runs[title])}"
            )
        rows.append((title, *cells))
    note = (
        "Seconds more than the same program without telemetry (median, least-most), and how many "
        "of the events arrived. A new home each time. 200 ms away: the sink answers so much later."
    )
    host = "host with asyncio and importlib.metadata"
    columns = ("", "healthy", f"healthy, {host}", "200 ms away", f"200 ms away, {host}")
    return Table("One event, then the end: an endpoint that answers", note, columns, rows[1:])


def _unanswered_table(bare: str, word: str, found: dict[str, list[Story]]) -> Table:
    pick: list[Callable[[Story], End]] = [lambda story: story.first, lambda story: story.next]
    rows = []
    for title, stories in found.items():
        cells = []
        for which in pick:
            wall = middle(which(s).wall for s in found[bare])
            leaving = middle(which(s).leaving for s in found[bare])
            cells.append(span([which(s).wall - wall for s in stories], 3))
            cells.append(span([(which(s).leaving - leaving) * 1000 for s in stories]))
        rows.append((title, *cells, f"{min(s.by_last for s in stories):.0f} of 3"))
    note = (
        "Two processes one after the other, then, a second later, a third that finds the endpoint "
        "healthy. Seconds more than the same program without telemetry, and how much of that passes "
        "after the program's end."
    )
    columns = (
        "",
        "first: s added",
        "first: ms at exit",
        "next: s added",
        "next: ms at exit",
        "arrived after the third",
    )
    return Table(f"One event, then the end: an endpoint that is {word}", note, columns, rows[1:])
