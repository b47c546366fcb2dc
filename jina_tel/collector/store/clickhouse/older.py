"""What stands in the tables of an older format, taken over into those of this one.

Format 1 counted weeks: its events stood in partitions of weeks, and no count was known of a day.
Nothing else may write meanwhile. What was interrupted goes on the next time.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import rollups
from .creation import spanning
from .engine import Engine
from .tables import ARRIVALS, EVENTS, MOVED, Place
from .views import drop_views

THERE = "SELECT name FROM system.tables WHERE database = $database"
WEEKLY = "events_weekly"
NOT_TAKEN_OVER = "intake_moved"  # of format 1; goes when all that is wanted of it is here
GONE = (f"{WEEKLY}_all", WEEKLY, "arrivals", "intake_rows")
WEEKS = "SELECT DISTINCT week FROM {database}.{weekly} ORDER BY week"
# What was there is as if it had been moved here from another store: its intake is told as a whole.
EVENTS_OF = """
INSERT INTO {database}.{events} ({columns}, arrived)
SELECT {columns}, 0 FROM {database}.{weekly} FINAL WHERE week = {week}
"""
COUNTS = "accepted, duplicate, in_minute, in_hour, in_day, later"
INTAKE = """
INSERT INTO {database}.{moved} (product, day, {counts})
SELECT product, day, sum(accepted), sum(duplicate), sum(in_minute), sum(in_hour), sum(in_day),
    sum(later)
FROM (
    SELECT product, day, {counts} FROM {database}.intake_rows FINAL
    UNION ALL
    SELECT product, day, {counts} FROM {database}.intake_moved FINAL
) GROUP BY product, day
"""
DAYS = """
INSERT INTO {database}.{arrivals} (week, day, product, segment, came_on, came)
SELECT week, day, product, 'of format 1', 0, 0 FROM {database}.events GROUP BY week, day, product
"""


def set_aside(engine: Engine, place: Place) -> None:
    """Give the tables of format 1 other names, where those of this one have theirs."""
    there = _names(engine, place)
    if NOT_TAKEN_OVER in there and WEEKLY not in there:
        old, new = (f"{place.database}.{name}" for name in (EVENTS.stands_as, WEEKLY))
        engine.run(*drop_views(place), f"RENAME TABLE {old} TO {new}{place.on_cluster}")


def take_over(engine: Engine, place: Place) -> None:
    """Have what was set aside in the tables of this format, counted; then remove it."""
    there = _names(engine, place)
    if NOT_TAKEN_OVER in there:
        if place.cluster:
            engine.run(spanning(WEEKLY, WEEKLY, place))
        weekly = f"{WEEKLY}_all" if place.cluster else WEEKLY
        text = WEEKS.format(database=place.database, weekly=weekly)
        for (week,) in engine.rows(text, {}):
            engine.run(_filled(EVENTS_OF, place, weekly=weekly, week=week))
        engine.run(_filled(INTAKE, place), _filled(DAYS, place))
        engine.use(place.database)
        rollups.settle(engine, place)
    engine.run(*_drop(place, [name for name in (NOT_TAKEN_OVER, *GONE) if name in there]))


def _filled(text: str, place: Place, **given: object) -> str:
    columns = [name for name, kind in EVENTS.columns.items() if " " not in kind]
    return text.format(
        database=place.database,
        events=EVENTS.written_to(place),
        columns=", ".join(name for name in columns if name != "arrived"),
        moved=MOVED.stands_as,
        arrivals=ARRIVALS.stands_as,
        counts=COUNTS,
        **given,
    )


def _drop(place: Place, names: list[str]) -> Iterator[str]:
    for name in names:
        yield f"DROP TABLE IF EXISTS {place.database}.{name}{place.on_cluster}"


def _names(engine: Engine, place: Place) -> set[str]:
    return {name for (name,) in engine.rows(THERE, {"database": place.database})}
