"""A store of an older format is brought up to date, also where that is interrupted."""

from __future__ import annotations

import pytest
from usage import DAY, MONDAY, counts_in, counts_of, fresh, row

from jina_tel.collector.errors import StoreError
from jina_tel.collector.store.clickhouse import care
from jina_tel.collector.store.clickhouse.engine import Engine
from jina_tel.collector.store.clickhouse.opening import found
from jina_tel.collector.store.clickhouse.views import drop_views

COUNTS = (
    "accepted Int64, duplicate Int64, in_minute Int64, in_hour Int64, in_day Int64, later Int64"
)
MOVED = "intake_moved (product String, day Int32, {}, at DateTime DEFAULT now())"
INTAKE = "intake_rows (product String, week Int32, day Int32, {}, made UInt64)"
# What a store of format 1 had: events by weeks, and no counts of days.
FORMAT_1 = (
    "RENAME TABLE events_local TO by_day",
    "CREATE TABLE events_local AS by_day ENGINE = ReplacingMergeTree(rank)"
    " PARTITION BY (week, intDiv(day + 3, 7)) ORDER BY (product, uid, id)",
    "INSERT INTO events_local SELECT * FROM by_day",
    f"CREATE TABLE {MOVED.format(COUNTS)} ENGINE = ReplacingMergeTree ORDER BY (product, day)",
    "INSERT INTO intake_moved VALUES ('jina', 20000, 5, 1, 1, 1, 1, 2, now())",
    f"CREATE TABLE {INTAKE.format(COUNTS)} ENGINE = ReplacingMergeTree(made) PARTITION BY week"
    " ORDER BY (product, week, day)",
    "INSERT INTO intake_rows SELECT product, week, came_on, sum(accepted), sum(duplicate),"
    " sum(in_minute), sum(in_hour), sum(in_day), sum(later), max(made) FROM intake_of_days FINAL"
    " GROUP BY product, week, came_on",
    "CREATE TABLE arrivals (week Int32, product String, segment String, day Int32, came Int64)"
    " ENGINE = ReplacingMergeTree PARTITION BY week ORDER BY (week, product, segment)",
    "DROP TABLE by_day",
    "DROP TABLE uses_local",
    "DROP TABLE intake_of_days",
    "DROP TABLE arrivals_of_days",
    "DROP TABLE makings_of_days",
    "DROP TABLE intake_kept",
    "TRUNCATE TABLE format",
    "INSERT INTO format VALUES (1, '')",
)
BEFORE = ("jina", 20000, 5, 1, 1, 1, 1, 2)
ROWS = [row(f"{n}", at=MONDAY + n * DAY, uid=n % 7, jina=f"3.{n % 3}.0") for n in range(20)]
TODAY = MONDAY + 20 * DAY
KINDS = "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE '%weekly%'"
ARRIVED = "SELECT * FROM intake ORDER BY product, day"


class Stopped(Engine):
    """An engine that takes so many statements, and no more."""

    def __init__(self, engine: Engine, statements: int) -> None:
        super().__init__(engine._client, engine.shown)
        self.left = statements

    def run(self, *statements: str) -> None:
        for one in statements:
            if not self.left:
                raise StoreError("stopped")
            self.left -= 1
            super().run(one)


@pytest.fixture
def old():
    opened = fresh(lambda: TODAY)
    opened.load([*ROWS, *ROWS[:3]], [], "a")
    opened.load(ROWS[:2], [], "again")
    opened.settle()
    opened.engine.run(*drop_views(opened.place), *FORMAT_1)
    yield opened
    opened.close()


def test_a_store_of_format_1_has_the_same_counts_and_the_same_intake_afterwards(old):
    with pytest.raises(StoreError, match="store migrate"):
        found(old.engine, old.place.database)

    assert care.migrate(old.engine, old.place)
    assert found(old.engine, old.place.database) == old.place
    assert [] == old.rows(KINDS, {}) == old.problems()
    assert [BEFORE, ("jina", TODAY // DAY, 20, 5, 0, 0, 1, 19)] == old.rows(ARRIVED, {})
    assert counts_of(ROWS) == counts_in(old)

    old.load([ROWS[0], row("new")], [], "afterwards")

    assert counts_of([*ROWS, row("new")]) == counts_in(old)
    assert [BEFORE, ("jina", TODAY // DAY, 21, 6, 0, 0, 1, 20)] == old.rows(ARRIVED, {})


def test_a_migration_that_was_interrupted_anywhere_goes_on(old):
    for statements in range(200):
        try:
            care.migrate(Stopped(old.engine, statements), old.place)
            break
        except StoreError:
            continue

    assert 40 < statements < 200
    assert counts_of(ROWS) == counts_in(old)
    assert [BEFORE, ("jina", TODAY // DAY, 20, 5, 0, 0, 1, 19)] == old.rows(ARRIVED, {})
    assert [] == care.migrate(old.engine, old.place)
