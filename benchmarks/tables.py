"""What a probe brings back: tables of figures, and what they say of the targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

from .candidates import Candidate

Figure = TypeVar("Figure")

BARE = "bare call"  # the floor that does nothing; what others take beyond it is theirs


@dataclass(frozen=True)
class Plan:
    """How much to do: the whole, or enough to see the same in three minutes."""

    rounds: int = 9
    slow_rounds: int = 3
    story_rounds: int = 5
    burst_events: int = 10_000
    rate_events: int = 20_000
    closed_events: int = 100_000
    workers: int = 64
    idle_seconds: float = 10.0


QUICK = Plan(
    rounds=2,
    slow_rounds=1,
    story_rounds=1,
    burst_events=1_000,
    rate_events=5_000,
    closed_events=1_000,
    workers=4,
    idle_seconds=2.0,
)


@dataclass(frozen=True)
class Table:
    """Figures of all candidates.

    Attributes:
        title: what was measured.
        note: how, and what to know when reading it.
        columns: the heads; the first is the candidate's.
        rows: text, a row a candidate.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Verdict:
    """One target, and whether it was reached."""

    measure: str
    target: str
    found: str
    reached: bool


@dataclass(frozen=True)
class Bars:
    """What one panel of the chart shows; shorter is better unless ``more`` says so."""

    title: str
    values: dict[str, float]
    unit: str
    more: bool = False


@dataclass(frozen=True)
class Findings:
    """All that a probe brings back."""

    tables: list[Table]
    verdicts: list[Verdict] = field(default_factory=list)
    bars: list[Bars] = field(default_factory=list)


def alternate(
    candidates: Sequence[Candidate], rounds: int, measure: Callable[[Candidate], Figure]
) -> dict[str, list[Figure]]:
    """Measure all candidates in turn, ``rounds`` times, beginning with another one each time."""
    found: dict[str, list[Figure]] = {candidate.title: [] for candidate in candidates}
    for number in range(rounds):
        first = number % len(candidates)
        for candidate in (*candidates[first:], *candidates[:first]):
            found[candidate.title].append(measure(candidate))
    return found


def at_once(
    candidates: Sequence[Candidate], rounds: int, measure: Callable[[Candidate], Figure]
) -> dict[str, list[Figure]]:
    """Measure all candidates at the same time, ``rounds`` times: what waits, or is counted."""
    found: dict[str, list[Figure]] = {candidate.title: [] for candidate in candidates}
    with ThreadPoolExecutor(len(candidates)) as pool:
        for _ in range(rounds):
            for candidate, figure in zip(candidates, pool.map(measure, candidates)):
                found[candidate.title].append(figure)
    return found


def middle(figures: Iterable[float]) -> float:
    """Return the median."""
    return median(list(figures))


def span(figures: Sequence[float], digits: int = 1) -> str:
    """Return the median with the least and the most behind it."""
    return f"{middle(figures):,.{digits}f} ({min(figures):,.{digits}f}-{max(figures):,.{digits}f})"


def short(figure: float) -> str:
    """Return three digits that count, and never an exponent that asks to be worked out."""
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.2g}" if abs(figure) < 0.001 else f"{figure:.3g}"


def at_most(measure: str, target: str, found: float, bound: float, unit: str) -> Verdict:
    """Return the verdict on a figure that may not pass a bound of the same run."""
    text = f"{short(found)} {unit}, allowed {short(bound)}"
    return Verdict(measure, target, text, found <= bound)


def at_least(measure: str, target: str, found: float, bound: float, unit: str) -> Verdict:
    """Return the verdict on a figure that must reach a bound of the same run."""
    text = f"{short(found)} {unit}, wanted {short(bound)}"
    return Verdict(measure, target, text, found >= bound)


def ours(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the variants of ours."""
    return [candidate for candidate in candidates if candidate.kind == "ours"]


def neighbours(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the neighbours."""
    return [candidate for candidate in candidates if candidate.kind == "neighbour"]


def senders(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return all that send something."""
    return [candidate for candidate in candidates if candidate.kind != "floor"]


def titled(candidates: Sequence[Candidate], title: str) -> Candidate:
    """Return the candidate of this title."""
    return next(candidate for candidate in candidates if candidate.title == title)


def share_of(candidate: Candidate, full: float, half: float) -> float:
    """Return what a target asks of a variant: ``full`` with wrapt 2, ``half`` with 1.17."""
    return half if candidate.title.endswith("1.17") else full
