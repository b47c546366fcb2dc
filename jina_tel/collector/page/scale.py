"""Where a value stands on a drawing; numbers as short as the eye needs them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

HEIGHT = 200
STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


def ceiling(most: float) -> int:
    """Return a round number that is no less than ``most``, four equal whole steps high."""
    least = max(most, 4) / 4
    power = 10 ** (len(str(int(least))) - 1)
    steps = (step * power for step in STEPS)
    return 4 * next(int(step) for step in steps if step >= least and step == int(step))


def ticks(top: float) -> list[float]:
    """Return the values at which lines are drawn."""
    return [top * part / 4 for part in range(5)]


def across(index: int, count: int) -> float:
    """Return how far right the ``index``-th of ``count`` stands, 0 to 100."""
    return round(100 * index / (count - 1), 2) if count > 1 else 50.0


def height(value: float, top: float) -> float:
    """Return how far down a value stands, 0 to ``HEIGHT``."""
    return round(HEIGHT * (1 - value / top), 1) if top else HEIGHT


def months(weeks: Sequence[date]) -> list[tuple[int, str]]:
    """Return where the weeks' axis is labelled, and with what; eight labels at the most."""
    if len(weeks) <= 8:
        return [(index, f"{week:%-d %b}") for index, week in enumerate(weeks)]
    begun = [i for i in range(1, len(weeks)) if weeks[i].month != weeks[i - 1].month]
    every = -(-len(begun) // 8)
    return [(i, f"{weeks[i]:%b %Y}" if weeks[i].month == 1 else f"{weeks[i]:%b}") for i in begun][
        ::every
    ]
