"""The store of one machine: a DuckDB file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import duckdb

from .base import Answer, Loss, Parameters, Row
from .columns import DAY_SECONDS, Columns, Loom, counts_of, losses_in, week_of
from .file import opened, translated
from .text import blocks, named


class DuckStore:
    """Keeps all in one file, which belongs to this process while it is open.

    May be used from several threads: one writes at a time, and readers do not wait for it.

    Args:
        path: of the file; made where there is none.
        clock: tells the time, Unix seconds; how old an event is when it comes is counted by it.
    """

    def __init__(self, path: str, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._loom = Loom()
        self._lock = threading.Lock()
        self._blocks = blocks("write.sql")
        self._connection = opened(path)

    def load(self, rows: Sequence[Row], losses: Sequence[Loss]) -> int:
        """Keep what is new, all or nothing, and return how many rows were."""
        with self._transaction() as run:
            events, environments = self._loom.events(rows)
            if losses:
                self._give("losses", losses_in(losses))
            if not rows:
                return 0
            self._give("arrive", events)
            self._give("environments", environments)
            run("fresh of arrivals")
            run("keep")
            run("count")
            run("sum")
            self._give("intake", counts_of(rows), now=int(self._clock()))
            return self._number_of("fresh")

    def forget(self, product: str, uid: int) -> int:
        """Remove every row of this uid, from all counts too, and return how many they were."""
        of_uid: Parameters = {"product": product, "uid": uid}
        with self._transaction() as run:
            for block in ("fresh of a uid", "uncount", "remove a uid"):
                run(block, **of_uid)
            run("sum")
            self._sweep()
            return self._number_of("fresh")

    def expire(self, before: int) -> int:
        """Remove the rows of events before this moment (Unix seconds); return how many."""
        day = before // DAY_SECONDS
        week = week_of(day)
        with self._transaction() as run:
            number = self._number_of("events")
            run("expire", before=before, day=day, week=week)
            run("fresh of a week", week=week)
            run("count")
            run("sum")
            self._sweep()
            return number - self._number_of("events")

    def rows(self, text: str, parameters: Parameters) -> Answer:
        """Answer a question; ``$name`` in its text is the parameter of this name."""
        with translated(self.path):
            return self._connection.cursor().execute(text, named(text, parameters)).fetchall()

    def close(self) -> None:
        """Write all down and give the file back; again is harmless."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., None]]:
        with self._lock, translated(self.path):
            self._connection.begin()
            try:
                yield self._run
                self._connection.commit()
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        self._loom = Loom()  # what it has called new was not kept
        try:
            self._connection.rollback()
        except duckdb.Error:
            pass  # a commit that failed has rolled back already

    def _sweep(self) -> None:
        """Remove the environments that no event has any more."""
        self._run("sweep")
        self._loom = Loom()

    def _give(self, block: str, columns: Columns, **parameters: int) -> None:
        """Run a block that reads ``given``."""
        self._connection.register("given", columns)
        try:
            self._run(block, **parameters)
        finally:
            self._connection.unregister("given")

    def _run(self, block: str, **parameters: int | str) -> None:
        for statement in self._blocks[block]:
            self._connection.execute(statement, named(statement, parameters))

    def _number_of(self, table: str) -> int:
        found = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(found[0]) if found else 0
