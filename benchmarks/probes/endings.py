"""A process that records one event and ends: what that adds, and whether the event arrives."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..candidates import Candidate
from ..children import Sink, command, environment, new_home, not_forever
from ..tables import (
    BARE,
    Bars,
    Findings,
    Plan,
    Table,
    alternate,
    at_once,
    middle,
    neighbours,
    ours,
    senders,
    span,
    titled,
)
from .ending_targets import verdicts
from .floors import HOST

LATER_SECONDS = 1.0  # between what failed and the process that finds the endpoint healthy again
ARRIVAL_SECONDS = 1.0
SILENT = ("hung", "closed")
CONDITIONS = (
    ("healthy", "healthy", ()),
    ("healthy, host", "healthy", HOST),
    ("far", "far", ()),
    ("far, host", "far", HOST),
)


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
        by_third: of three events, how many had when a third process had ended, which found the
            endpoint healthy, and had no more to do than the others.
        by_fourth: of four, how many had when a fourth had ended, which went on for a second; of
            ours alone.
    """

    first: End
    next: End
    by_third: float = 0.0
    by_fourth: float = 0.0


def end(
    candidate: Candidate, url: str, home: Path, host: tuple[str, ...] = (), act: str = "once"
) -> End:
    """Run one process to its end."""
    began = time.monotonic()
    process = subprocess.Popen(
        command(candidate, act, url, modules=host),
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    with not_forever(process):
        said = process.stdout.readline()  # not to its end: a process left behind may hold it open
        process.wait()
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
        first, then = (end(candidate, sink.url, home) for _ in range(2))
        if candidate.kind == "floor":
            return Story(first, then)
        sink.tell("healthy")
        time.sleep(LATER_SECONDS)
        end(candidate, sink.url, home)
        by_third = sink.wait_for(3, ARRIVAL_SECONDS)["events"]
        if candidate.kind == "neighbour":
            return Story(first, then, by_third)  # what it has not kept, it will not send
        end(candidate, sink.url, home, act="linger")
        return Story(first, then, by_third, sink.wait_for(4, ARRIVAL_SECONDS)["events"])


def measure(candidates: list[Candidate], plan: Plan) -> Findings:
    """Measure with an endpoint that answers, is far, hangs, and is closed."""
    bare = titled(candidates, BARE)
    all_of = [bare, *senders(candidates)]
    runs = {
        name: alternate(
            all_of, plan.rounds, lambda one, word=word, host=host: answered(one, word, host)
        )
        for name, word, host in CONDITIONS
    }
    stories = _stories(candidates, bare, plan)
    added = {name: _added(found, bare.title) for name, found in runs.items()}
    return Findings(
        [_answered_table(bare.title, runs), *(_unanswered_table(w, stories[w]) for w in stories)],
        verdicts(candidates, added, _always(runs), stories),
        [_bars(added["healthy"], runs["healthy"])],
    )


def _stories(
    candidates: list[Candidate], bare: Candidate, plan: Plan
) -> dict[str, dict[str, list[Story]]]:
    """Return the stories of all, by what the endpoint did; ours one by one: milliseconds count."""
    mine = [bare, *ours(candidates)]

    def told_together(word: str) -> dict[str, list[Story]]:
        rounds = min(plan.slow_rounds, 2)
        return at_once(neighbours(candidates), rounds, lambda one: unanswered(one, word))

    with ThreadPoolExecutor() as pool:
        stories = dict(zip(SILENT, pool.map(told_together, SILENT)))
    for word in SILENT:
        found = alternate(mine, plan.story_rounds, lambda one, word=word: unanswered(one, word))
        stories[word] = {**found, **stories[word]}
    return stories


def _bars(added: dict[str, float], runs: dict[str, list[tuple[End, float]]]) -> Bars:
    lost = {title for title in added if not all(number for _, number in runs[title])}
    marked = {f"{title} *" if title in lost else title: s for title, s in added.items()}
    return Bars("One event, then the end: seconds added (* not all arrived)", marked, "s")


def _always(runs: dict[str, dict[str, list[tuple[End, float]]]]) -> dict[str, bool]:
    """Tell of whom every event has arrived."""
    titles = next(iter(runs.values()))
    return {t: all(number for found in runs.values() for _, number in found[t]) for t in titles}


def _added(runs: dict[str, list[tuple[End, float]]], bare: str) -> dict[str, float]:
    floor = middle(ended.wall for ended, _ in runs[bare])
    return {t: middle(e.wall for e, _ in runs[t]) - floor for t in runs if t != bare}


def _answered_table(bare: str, runs: dict[str, dict[str, list[tuple[End, float]]]]) -> Table:
    floors = {name: middle(ended.wall for ended, _ in found[bare]) for name, found in runs.items()}
    rows = []
    for title in next(iter(runs.values())):
        cells = []
        for name, found in runs.items():
            arrived = sum(number for _, number in found[title])
            seconds = span([ended.wall - floors[name] for ended, _ in found[title]], 3)
            cells.append(f"{seconds}, {arrived:.0f}/{len(found[title])}")
        rows.append((title, *cells))
    note = (
        "Seconds more than the same program without telemetry (median, least-most), and how many "
        "of the events arrived. A new home each time. Far: the sink answers 200 ms later. Host: "
        "one that has asyncio and importlib.metadata already."
    )
    return Table("One event, then the end: an endpoint that answers", note, ("", *runs), rows[1:])


def _unanswered_table(word: str, found: dict[str, list[Story]]) -> Table:
    bare = found[BARE]
    rows = []
    for title, stories in found.items():
        cells = []
        for which in (0, 1):
            wall = middle(both(story)[which].wall for story in bare)
            cells.append(span([both(story)[which].wall - wall for story in stories], 3))
            cells.append(span([both(story)[which].leaving * 1000 for story in stories]))
        third, fourth = (min(s.by_third for s in stories), min(s.by_fourth for s in stories))
        sent = (f"{third:.0f} of 3", f"{fourth:.0f} of 4" if fourth else "")
        rows.append((title, *cells, *sent))
    note = (
        "Two processes one after the other; a second later a third, which finds the endpoint "
        "healthy; of ours then a fourth, which goes on for a second. Seconds more than the same "
        "program without telemetry, and the milliseconds from the program's end to the process's. "
        "The neighbours run at the same time, as they mostly wait: good for seconds."
    )
    columns = (
        "",
        "first: s added",
        "first: ms to end",
        "next: s added",
        "next: ms to end",
        "arrived after the third",
        "after the fourth",
    )
    return Table(f"One event, then the end: an endpoint that is {word}", note, columns, rows)


def both(story: Story) -> tuple[End, End]:
    """Return the first process and the next."""
    return story.first, story.next
