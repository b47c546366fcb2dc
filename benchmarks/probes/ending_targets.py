"""What the endings say of their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..candidates import Candidate
from ..tables import Verdict, at_most, middle, neighbours, ours, share_of

if TYPE_CHECKING:
    from .endings import Story

EXIT_SECONDS = 0.3  # what ours waits by default
STARTS_MS = 100.0  # what the machine may take to wake a process that has waited so long
NEXT_MS = 10.0


def verdicts(
    candidates: list[Candidate],
    added: dict[str, dict[str, float]],
    arrived: dict[str, bool],
    hung: dict[str, list[Story]],
    closed: dict[str, list[Story]],
    bare_hung: list[Story],
    bare_closed: list[Story],
) -> list[Verdict]:
    """Return the verdicts on each variant of ours."""
    delivering = [one.title for one in neighbours(candidates) if arrived[one.title]]
    found: list[Verdict] = []
    for one in ours(candidates):
        found += _answered(one, added, arrived, delivering)
        found += _hung(one.title, hung[one.title], bare_hung)
        found += _closed(one.title, closed[one.title], bare_closed)
    return found


def _answered(
    one: Candidate,
    added: dict[str, dict[str, float]],
    arrived: dict[str, bool],
    delivering: list[str],
) -> list[Verdict]:
    found = [
        Verdict(
            f"one event, then the end ({one.title}), healthy and 200 ms away",
            "delivered",
            "always" if arrived[one.title] else "not always",
            arrived[one.title],
        )
    ]
    for name, figures in added.items():
        fastest = min(figures[title] for title in delivering)
        half = name.endswith("host") or share_of(one, 1.0, 0.5) < 1
        target = "half of the fastest neighbour that delivers" if half else "less than the fastest"
        bound = fastest / 2 if half else fastest
        measure = f"one event, then the end ({one.title}), {name}"
        found.append(at_most(measure, target, figures[one.title], bound, "s"))
    return found


def _hung(title: str, stories: list[Story], bare: list[Story]) -> list[Verdict]:
    measure = f"one event, then the end ({title}), hung"
    return [
        at_most(
            f"{measure}, the first process, at exit",
            "exit_seconds, 0.3 s",
            _leaving(stories, bare, 0),
            EXIT_SECONDS * 1000 + STARTS_MS,
            "ms",
        ),
        at_most(f"{measure}, the next, at exit", "10 ms", _leaving(stories, bare, 1), NEXT_MS, "ms"),
        _delivered(measure, stories),
    ]


def _closed(title: str, stories: list[Story], bare: list[Story]) -> list[Verdict]:
    measure = f"one event, then the end ({title}), closed port"
    return [
        at_most(f"{measure}, at exit", "10 ms", _leaving(stories, bare, 0), NEXT_MS, "ms"),
        at_most(f"{measure}, the next, at exit", "10 ms", _leaving(stories, bare, 1), NEXT_MS, "ms"),
        _delivered(measure, stories),
    ]


def _leaving(stories: list[Story], bare: list[Story], which: int) -> float:
    """Return the milliseconds from the end of the program that ours adds."""

    def middle_of(some: list[Story]) -> float:
        return middle((story.first, story.next)[which].leaving for story in some)

    return (middle_of(stories) - middle_of(bare)) * 1000


def _delivered(measure: str, stories: list[Story]) -> Verdict:
    least = min(story.by_last for story in stories)
    target = "all three events, when a process has found the endpoint healthy"
    return Verdict(f"{measure}, delivered", target, f"{least:.0f} of 3", least == 3)
