"""Rows as the columns of ClickHouse's tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from ....facts import UNSET
from ..base import Row
from ..columns import DAY_SECONDS, Columns, Environment, Loom

ENVIRONMENT_TYPES = ("Int64", *["String"] * 7)
LOSS_TYPES = {
    "id": "String",
    "product": "String",
    "reason": "String",
    "lost": "Int64",
    "day": "Int32",
    "week": "Int32",
}
UPTIME_CHARACTERS = len("2026-01-05T09:00:00.123456")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

Lists = dict[str, list[Any]]


def lists(columns: Columns) -> Lists:
    """Return columns as lists of what Python has."""
    return {name: column.tolist() for name, column in columns.items()}


def events_of(loom: Loom, rows: Sequence[Row], arrived: int) -> Lists:
    """Return the columns of events, of those with one id the first."""
    columns, environments = loom.known(rows)
    weeks = (columns["moment"] // DAY_SECONDS + 3) // 7
    events = lists(columns)
    began = [began_of(str(uptime)) for uptime in events["uptime"]]
    said = ["" if moment >= 0 else text for moment, text in zip(began, events["uptime"])]
    kept = events["kept"]
    return {
        **events,
        "kept": [int(bool(one)) for one in kept],
        "version": [one.version for one in environments],
        "who": [who_of(one, bool(is_kept)) for one, is_kept in zip(environments, kept)],
        "began": [*began],
        "uptime": [*said],
        "week": weeks.tolist(),
        "arrived": [arrived] * len(began),
    }


def environments_of(loom: Loom) -> Lists:
    """Return the columns of the environments that were new to the loom."""
    return lists(loom.news())


def active_in(events: Lists) -> Lists:
    """Return who of the people was there in which week."""
    rows = zip(events["product"], events["uid"], events["week"], events["who"], strict=True)
    active = {row[:3] for row in rows if row[3] == "people"}
    named = zip(*active, strict=True) if active else ((), (), ())
    return dict(zip(("product", "uid", "week"), map(list, named), strict=True))


def arrivals_of(rows: Sequence[Row], arrived: int) -> Counter[tuple[str, int, int]]:
    """Return how many rows came, by product, their day, and the day on which they came."""
    came_on = arrived // DAY_SECONDS
    came = Counter((row.product, row.at // DAY_SECONDS, came_on) for row in rows)
    return came if arrived else Counter(dict.fromkeys(came, 0))


def who_of(environment: Environment, is_kept: bool) -> str:
    """Return what an event is counted as, as ``tables.sql`` says."""
    if environment.vendor != UNSET:
        return "ci"
    return "people" if is_kept else "passing"


@lru_cache(maxsize=50_000)
def began_of(uptime: str) -> int:
    """Return the moment that a text says, microseconds since 1970; -1 where it says it not so."""
    if len(uptime) != UPTIME_CHARACTERS:
        return -1
    try:
        began = datetime.fromisoformat(uptime)
    except ValueError:
        return -1
    if began.tzinfo is not None or began.isoformat(timespec="microseconds") != uptime:
        return -1
    since = began.replace(tzinfo=timezone.utc) - EPOCH
    return (since.days * DAY_SECONDS + since.seconds) * 1_000_000 + since.microseconds
