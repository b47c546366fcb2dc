"""What is taken out of a store whole: events as lines, as a table, and the store itself."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import msgspec

from ...event import FORMAT
from ...identity import session_id
from .base import Answer, Loss, Parameters, Row, Store
from .queries import DAYS, EXPORT

EPOCH = datetime(1970, 1, 1)
MICROSECOND = timedelta(microseconds=1)
ALWAYS: Parameters = {"product": "", "since": 0, "until": 1 << 40}


@runtime_checkable
class Archive(Store, Protocol):
    """A store that gives itself away whole, while others go on writing to it."""

    def copy(self, path: str) -> None:
        """Write a copy of now to a new file, which is a store itself."""
        ...

    def parquet(self, path: str, parameters: Parameters) -> None:
        """Write the events to a new file of Parquet, a column for each fact."""
        ...

    def move(self, rows: Sequence[Row], losses: Sequence[Loss], segment: str) -> None:
        """Keep rows of another store, as ``load`` does, but count no intake: that is moved, too."""
        ...

    def move_intake(self, rows: Answer) -> None:
        """Take over the intake of another store, in the place of what was taken over before.

        Args:
            rows: product, day, and the counts, as the columns of ``intake`` stand.
        """
        ...


def ndjson(store: Store, parameters: Parameters = ALWAYS) -> Iterator[bytes]:
    """Yield the events as lines of the wire, many at once, the oldest first.

    Args:
        store: any.
        parameters: ``product`` (``""`` for all), and ``since`` and ``until``, Unix seconds.
    """
    for (day,) in store.rows(DAYS, parameters):
        at: Parameters = {**parameters, "day": day, "from_moment": -1, "from_id": ""}
        while rows := store.rows(EXPORT, at):
            yield b"".join(map(_line, rows))
            at = {**at, "from_moment": rows[-1][1], "from_id": rows[-1][0]}


def _line(row: tuple[Any, ...]) -> bytes:
    id, moment, product, uid, kept, event, began, uptime, session, facts = row
    payload = {**decoded(facts), "event": event, "uid": uid}
    payload["session-id"] = session or session_id(id)
    if uptime or began >= 0:
        payload["uptime"] = uptime or uptime_of(began)
    line = {
        "id": id,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment)),
        "product": product,
        "v": FORMAT,
        **({} if kept else {"kept": False}),
        "payload": dict(sorted(payload.items())),
    }
    return msgspec.json.encode(line) + b"\n"


@lru_cache(maxsize=10_000)
def decoded(facts: str) -> dict[str, str | int]:
    """Return the facts of an environment; many events have the same."""
    return msgspec.json.decode(facts, type=dict[str, str | int])


def uptime_of(began: int) -> str:
    """Return the text of a moment, microseconds since 1970."""
    return (EPOCH + began * MICROSECOND).isoformat(timespec="microseconds")
