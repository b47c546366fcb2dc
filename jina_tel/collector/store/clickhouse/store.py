"""The store of many machines: rows go in as they come, and are counted where they are."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

from .. import transfer
from ..base import Answer, Loss, Parameters, Row
from ..columns import DAY_SECONDS, INTAKE, Loom, digest_of, losses_in, table_of, week_of
from ..duck import DuckStore
from . import care, expiry, rollups
from .engine import Engine
from .rows import (
    ENVIRONMENT_TYPES,
    LOSS_TYPES,
    Lists,
    active_in,
    arrivals_of,
    environments_of,
    events_of,
    lists,
)
from .tables import ACTIVITY, ARRIVALS, EVENTS, MOVED, Place

FORGOTTEN = "SELECT product, uid FROM tombstones GROUP BY product, uid"
OF_A_UID = """
SELECT product, day, toInt32(intDiv(arrived, 86400)) AS came_on, count() FROM events
WHERE product = $product AND uid = $uid GROUP BY product, day, came_on
"""


class ClickHouseStore:
    """Keeps all in a ClickHouse database, which any number of collectors share.

    May be used from several threads. A row is counted once it has been settled.

    Args:
        engine: connected to the database.
        place: where the tables are.
        clock: tells the time, Unix seconds; how old an event is when it comes is counted by it.
    """

    def __init__(
        self, engine: Engine, place: Place, clock: Callable[[], float] = time.time
    ) -> None:
        self.path = engine.shown
        self.engine = engine
        self.place = place
        self._clock = clock
        self._loom = Loom()
        self._lock = threading.Lock()

    def load(self, rows: Sequence[Row], losses: Sequence[Loss], segment: str = "") -> int:
        """Keep what is not there yet, and return how many rows these may be.

        What came before is found when it is counted, not now. If this fails, some of it may be
        there; loaded again, all of it is there once.
        """
        with self._lock:
            return self._load(rows, losses, segment or uuid.uuid4().hex, int(self._clock()))

    def move(self, rows: Sequence[Row], losses: Sequence[Loss], segment: str) -> None:
        """Keep rows of another store: its intake tells when they came, not ours."""
        with self._lock:
            if rows:  # first, too: a copy that is ended in the middle leaves alone what is whole
                self._arrive(arrivals_of(rows, arrived=0), segment)
            self._load(rows, losses, segment, arrived=0)

    def move_intake(self, rows: Answer) -> None:
        """Have the intake of another store beside ours, in the place of what was moved before."""
        if rows:
            columns = lists(table_of(rows, INTAKE))
            types = ["String", "Int32", *["Int64"] * (len(columns) - 2)]
            self.engine.insert(MOVED.stands_as, columns, types)

    def settle(self, calm_seconds: int = 0) -> int:
        """Count again what has changed, but nothing that was counted so short ago."""
        return rollups.settle(self.engine, self.place, calm_seconds)

    def forget(self, product: str, uid: int) -> int:
        """Read no row of this uid from now on, and return how many they were.

        They leave the counts when these are settled, and the disk when what is old does.
        """
        found = self.engine.rows(OF_A_UID, {"product": product, "uid": uid})
        self.engine.insert(
            "tombstones",
            {"product": [product], "uid": [uid], "swept": [0]},
            ("String", "Int64", "UInt8"),
        )
        name = f"forgotten-{uuid.uuid4().hex}"
        for one, day, on, count in found:  # so that the intake does not take them for resends
            self._arrive({(one, day, on): -count if on else 0}, f"{name}-{on}")
        return sum(count for *_, count in found)

    def forgotten(self) -> set[tuple[str, int]]:
        """Return all who were, through whichever collector."""
        return {(product, uid) for product, uid in self.engine.rows(FORGOTTEN, {})}

    def expire(self, before: int) -> int:
        """Remove the rows of events before this moment (Unix seconds); return how many.

        A day at a time: what has become too old since the last time within a day stays until then.
        """
        with self._lock:
            self._loom = Loom()  # what it calls known may be swept away
        return expiry.expire(self.engine, self.place, before)

    def rows(self, text: str, parameters: Parameters) -> Answer:
        """Answer a question; ``$name`` in its text is the parameter of this name."""
        return self.engine.rows(text, parameters)

    def problems(self) -> list[str]:
        """Return what is wrong with the tables and their servers, a sentence each."""
        return care.problems(self.engine, self.place)

    def copy(self, path: str) -> None:
        """Write a copy to a new file of DuckDB, which is a store itself."""
        with closing(DuckStore(path)) as file:
            transfer.copy(self, file)

    def parquet(self, path: str, parameters: Parameters) -> None:
        """Write the events to a new file of Parquet, a column for each fact."""
        with transfer.aside(path) as folder, closing(DuckStore(str(folder / "copy"))) as file:
            transfer.copy_events(self, file, parameters)
            file.parquet(path, parameters)

    def close(self) -> None:
        """Give the connection back; again is harmless."""
        self.engine.close()

    def _load(self, rows: Sequence[Row], losses: Sequence[Loss], segment: str, arrived: int) -> int:
        rows = self._remembered(rows)
        try:
            events = events_of(self._loom, rows, arrived)
            lost = lists(losses_in(losses))
            environments = environments_of(self._loom)
            if lost["id"]:
                self._lose(lost)
            if environments["id"]:
                self.engine.insert("environments_rows", environments, ENVIRONMENT_TYPES)
            if rows:
                self._note_active(events)
                self._keep(events, segment)
                self._arrive(arrivals_of(rows, arrived), segment)
        except BaseException:
            self._loom = Loom()  # what it has called new may not have been kept
            raise
        return len(events["id"])

    def _keep(self, events: Lists, segment: str) -> None:
        types = [EVENTS.columns[name].split()[0] for name in events]
        # With their ids in it: those of a segment from which somebody was left out meanwhile may
        # stand in other blocks, and none of these may be taken for one that came.
        token = f"{segment}-{digest_of(events['id'])}"
        self.engine.insert(EVENTS.written_to(self.place), events, types, token)

    def _note_active(self, events: Lists) -> None:
        """Say who was there in which week; for what is counted again, it is all the same."""
        active = active_in(events)
        if active["uid"]:
            types = list(ACTIVITY.columns.values())
            self.engine.insert(ACTIVITY.written_to(self.place), active, types)

    def _lose(self, lost: Lists) -> None:
        moments = lost.pop("moment")
        days = [int(moment) // DAY_SECONDS for moment in moments]
        columns = {**lost, "day": days, "week": [week_of(day) for day in days]}
        self.engine.insert("losses_rows", columns, [LOSS_TYPES[name] for name in columns])

    def _arrive(self, came: Mapping[tuple[str, int, int], int], segment: str) -> None:
        """Say which days have changed: last, so that who counts them finds what changed them."""
        self.engine.insert(
            ARRIVALS.stands_as,
            {
                "product": [product for product, _, _ in came],
                "week": [week_of(day) for _, day, _ in came],
                "day": [day for _, day, _ in came],
                "came_on": [on for _, _, on in came],
                "came": list(came.values()),
                "segment": [segment] * len(came),
            },
            ("String", "Int32", "Int32", "Int32", "Int64", "String"),
        )

    def _remembered(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of those who have not asked to be forgotten."""
        forgotten = self.forgotten() if rows else set()
        if not forgotten:
            return rows
        return [row for row in rows if (row.product, row.uid) not in forgotten]
