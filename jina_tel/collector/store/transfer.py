"""From one store to another: every event once, and the ledgers and the intake."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import StoreError
from .archive import ALWAYS, Archive, decoded, uptime_of
from .base import Answer, Loss, Parameters, Row, Store
from .columns import DAY_SECONDS
from .queries import EXPORT

COUNTS = """
SELECT product, day, event, count(*) FROM events GROUP BY product, day, event
ORDER BY product, day, event
"""
DAYS = """
SELECT day, count(*) FROM events
WHERE moment >= $since AND moment < $until AND ($product = '' OR product = $product)
GROUP BY day ORDER BY day
"""
LOSSES = "SELECT id, day, product, reason, lost FROM losses WHERE week = $week ORDER BY id"
LOSS_WEEKS = "SELECT DISTINCT week FROM losses ORDER BY week"
LOST = "SELECT day, reason, sum(lost) FROM losses GROUP BY day, reason ORDER BY day, reason"
INTAKE = """
SELECT product, day, sum(accepted), sum(duplicate), sum(in_minute), sum(in_hour), sum(in_day),
    sum(later)
FROM intake GROUP BY product, day ORDER BY product, day
"""

AT_ONCE = 50_000  # events that are moved together, of however many days

Told = Callable[[int], None]


def number_of(store: Store) -> int:
    """Return how many events there are."""
    return sum(count for _, count in store.rows(DAYS, ALWAYS))


def copy(source: Archive, target: Archive, told: Told = lambda done: None) -> int:
    """Copy all that is not there yet, hold the counts of both against each other; return how many.

    Where it was interrupted, the next one goes on: a day that is whole is left alone, and what is
    sent again counts once. Nothing else may write to either meanwhile.

    Args:
        source: is only read.
        target: holds nothing, or a part of what the source holds.
        told: how many events have been looked after, now and then.

    Raises:
        StoreError: the target holds what the source does not, or the counts differ in the end.
    """
    source.settle()
    _refuse_others(source, target)
    done = copy_events(source, target, ALWAYS, told)
    for (week,) in source.rows(LOSS_WEEKS, {}):
        target.move([], _losses(source.rows(LOSSES, {"week": week})), "moved")
    target.settle()
    target.move_intake(source.rows(INTAKE, {}))
    _compare(source, target)
    return done


def copy_events(
    source: Store, target: Archive, parameters: Parameters, told: Told = lambda done: None
) -> int:
    """Copy the events that are meant, a day after the other; return how many they are."""
    there: dict[int, int] = dict(target.rows(DAYS, parameters))
    days: dict[int, int] = dict(source.rows(DAYS, parameters))
    left = [day for day, count in days.items() if there.get(day) != count]
    done = sum(count for day, count in days.items() if day not in left)
    waiting: list[Row] = []
    for rows in (rows for day in left for rows in _pages(source, {**parameters, "day": day})):
        waiting += rows
        if len(waiting) >= AT_ONCE:
            done += _move(target, waiting)
            waiting = []
        told(done)
    done += _move(target, waiting)
    told(done)
    return done


@contextmanager
def aside(path: str) -> Iterator[Path]:
    """Have a folder beside a file for what is made on the way to it."""
    with tempfile.TemporaryDirectory(prefix="transfer-", dir=Path(path).absolute().parent) as one:
        yield Path(one)


def _move(target: Archive, rows: list[Row]) -> int:
    if rows:
        target.move(rows, [], "moved")
    return len(rows)


def _pages(source: Store, parameters: Parameters) -> Iterator[list[Row]]:
    at: Parameters = {**parameters, "from_moment": -1, "from_id": ""}
    while found := source.rows(EXPORT, at):
        yield [_row(*one) for one in found]
        at = {**at, "from_moment": found[-1][1], "from_id": found[-1][0]}


def _row(
    id: str,
    moment: int,
    product: str,
    uid: int,
    kept: bool,
    event: str,
    began: int,
    uptime: str,
    session: str,
    facts: str,
) -> Row:
    if not uptime and began >= 0:
        uptime = uptime_of(began)
    return Row(id, moment, product, uid, bool(kept), event, decoded(facts), uptime, session)


def _losses(rows: Answer) -> list[Loss]:
    lines: dict[str, Loss] = {}
    for id, day, product, reason, lost in rows:
        line = lines.setdefault(id, Loss(id, day * DAY_SECONDS, product, {}))
        lines[id] = Loss(id, line.at, product, {**line.lost, reason: int(lost)})
    return list(lines.values())


def _refuse_others(source: Store, target: Store) -> None:
    there: dict[int, int] = dict(source.rows(DAYS, ALWAYS))
    for day, count in target.rows(DAYS, ALWAYS):
        if count > there.get(day, 0):
            raise StoreError(
                f"the target holds {count} events of day {day} (counted from 1970-01-01), and the "
                f"source {there.get(day, 0)}: copy into a store that holds nothing else"
            )


def _compare(source: Store, target: Store) -> None:
    """Raise StoreError where the counts of both differ."""
    for text, what in ((COUNTS, "events"), (LOST, "losses"), (INTAKE, "intake")):
        ours, theirs = _plain(source.rows(text, {})), _plain(target.rows(text, {}))
        if ours != theirs:
            differing = next(iter(sorted(set(ours) ^ set(theirs))))
            raise StoreError(f"the counts of {what} differ, first at {differing}: copy again")


def _plain(rows: Answer) -> list[tuple[Any, ...]]:
    return [tuple(int(c) if not isinstance(c, str) else c for c in row) for row in rows]
