"""The store of one machine: a DuckDB file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import duckdb

from .base import Answer, Loss, Parameters, Row
from .columns import DAY_SECONDS, INTAKE, Columns, Loom, counts_of, losses_in, table_of, week_of
from .file import STORAGE, opened, translated
from .text import blocks, columns_of_facts, identifier, literal, named

OLD = """
SELECT 1 FROM events WHERE moment < $before
UNION ALL SELECT 1 FROM losses WHERE day < $day
UNION ALL SELECT 1 FROM intake WHERE day < $day
LIMIT 1
"""
FACTS = "SELECT DISTINCT unnest(json_keys(facts)) FROM environments ORDER BY 1"


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
        self._taking = threading.Lock()
        self._blocks = blocks("duck.sql")
        self._connection = opened(path)
        self._name = str(self.rows("SELECT current_database()", {})[0][0])

    def load(self, rows: Sequence[Row], losses: Sequence[Loss], segment: str = "") -> int:
        """Keep what is new, all or nothing, and return how many rows were."""
        with self._transaction() as run:
            self._keep(run, rows, losses)
            if not rows:
                return 0
            self._give("intake", counts_of(rows), now=int(self._clock()))
            return self._number_of("fresh")

    def move(self, rows: Sequence[Row], losses: Sequence[Loss], segment: str) -> None:
        """Keep rows of another store, all or nothing, and count no intake."""
        with self._transaction() as run:
            self._keep(run, rows, losses)

    def move_intake(self, rows: Answer) -> None:
        """Have the intake of another store in the place of ours."""
        with self._transaction() as run:
            run("forget the intake")
            if rows:
                self._give("move the intake", table_of(rows, INTAKE))

    def settle(self, calm_seconds: int = 0) -> int:
        """Do nothing: a load has counted what it brought."""
        return 0

    def problems(self) -> list[str]:
        """Return nothing: tables that are not ours are not opened."""
        return []

    def forget(self, product: str, uid: int) -> int:
        """Remove every row of this uid, from all counts too, and return how many they were."""
        of_uid: Parameters = {"product": product, "uid": uid}
        with self._transaction() as run:
            for block in ("fresh of a uid", "uncount", "remove a uid", "sum", "sweep a uid"):
                run(block, **of_uid)
            self._loom = Loom()
            return self._number_of("fresh")

    def forgotten(self) -> set[tuple[str, int]]:
        """Return nobody: the one who writes to a file is the one who is told."""
        return set()

    def expire(self, before: int) -> int:
        """Remove the rows of events before this moment (Unix seconds); return how many."""
        day = before // DAY_SECONDS
        week = week_of(day)
        with self._lock, translated(self.path):
            self._revive()
        if not self.rows(OLD, {"before": before, "day": day}):
            return 0  # as it is on most days; nothing is locked, and no week counted again
        with self._transaction() as run:
            number = self._number_of("events")
            run("expire", before=before, day=day, week=week)
            run("fresh of a week", week=week)
            run("count")
            run("sum")
            run("sweep")
            self._loom = Loom()  # what it calls known may have been swept away
            return number - self._number_of("events")

    def rows(self, text: str, parameters: Parameters) -> Answer:
        """Answer a question; ``$name`` in its text is the parameter of this name."""
        with translated(self.path):
            return self._connection.cursor().execute(text, named(text, parameters)).fetchall()

    def copy(self, path: str) -> None:
        """Write a copy of now to a new file, which is a store itself."""
        with self._aside() as run:
            run("copy", path=literal(path), storage=literal(STORAGE), mine=identifier(self._name))

    def parquet(self, path: str, parameters: Parameters) -> None:
        """Write the events to a new file of Parquet, a column for each fact."""
        bounds = {name: literal(value) for name, value in parameters.items()}
        with self._aside() as run:
            names = [name for (name,) in self.rows(FACTS, {})]
            run("flatten", facts=columns_of_facts(names))
            run("parquet", path=literal(path), **bounds)

    def close(self) -> None:
        """Write all down and give the file back; again is harmless."""
        with self._lock:
            self._connection.close()

    def _keep(self, run: Callable[..., None], rows: Sequence[Row], losses: Sequence[Loss]) -> None:
        events, environments = self._loom.events(rows)
        if losses:
            self._give("losses", losses_in(losses))
        if not rows:
            return
        self._give("arrive", events)
        self._give("environments", environments)
        for block in ("fresh of arrivals", "keep", "count", "sum"):
            run(block)

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., None]]:
        with self._lock, translated(self.path):
            self._revive()
            self._connection.begin()
            try:
                yield self._run
                self._connection.commit()
            except BaseException:
                self._roll_back()
                raise

    @contextmanager
    def _aside(self) -> Iterator[Callable[..., None]]:
        """Run blocks with their parameters written into them, while others go on writing."""

        def run(block: str, **written: str) -> None:
            for statement in self._blocks[block]:
                cursor.execute(statement.format(**written))

        with self._taking, translated(self.path), self._connection.cursor() as cursor:
            yield run

    def _revive(self) -> None:
        """Open the file again where DuckDB has given it up, as when its disk was full.

        It then answers nothing any more, though nothing that it has taken is lost.
        """
        try:
            self._connection.execute("SELECT 1")
        except (duckdb.FatalException, duckdb.ConnectionException):
            self._connection.close()
            self._connection = opened(self.path)

    def _roll_back(self) -> None:
        self._loom = Loom()  # what it has called new was not kept
        try:
            self._connection.rollback()
        except duckdb.Error:
            pass  # a commit that failed has rolled back already

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
