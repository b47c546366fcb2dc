"""What leaves: what is too old, and what was forgotten. Once a day, whoever comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..columns import DAY_SECONDS, week_of
from . import rollups
from .engine import Engine, quoted
from .tables import (
    ACTIVES,
    ACTIVITY,
    ARRIVALS,
    DAY_MAKINGS,
    ENVIRONMENTS,
    EVENTS,
    FIRSTS,
    INTAKE,
    LOSSES,
    MAKINGS,
    MOVED,
    TALLIES,
    USES,
    Place,
    Table,
)

OF_WEEKS = (ACTIVITY, TALLIES, ACTIVES, INTAKE, ARRIVALS)  # their partitions
OF_DAYS = (EVENTS, USES)
OF_UIDS = (EVENTS, USES, ACTIVITY, FIRSTS)
MOST_AT_ONCE = 10_000
DROPPED_AT_ONCE = 20  # partitions
UNUSED_SECONDS = 2 * DAY_SECONDS  # a collector says again every hour what it takes to be known

HORIZON = "SELECT max(moment) FROM horizons"
OLD = "SELECT count() FROM events WHERE moment < $before AND week <= $week"
DAYS = "SELECT DISTINCT day FROM makings_of_days WHERE day < $day ORDER BY day"
WEEKS = "SELECT DISTINCT week FROM makings WHERE week >= 0 AND week < $week ORDER BY week"
UNSWEPT = "SELECT product, uid FROM tombstones GROUP BY product, uid HAVING max(swept) = 0 LIMIT $n"
UNUSED = """
SELECT id FROM environments_rows WHERE toUnixTimestamp(at) < toUnixTimestamp(now()) - $seconds
    AND id NOT IN (SELECT environment FROM events) LIMIT $n
"""
ACTIVE = """
INSERT INTO {activity} (product, uid, week)
SELECT DISTINCT product, uid, week FROM events WHERE week = {week} AND who = 'people'
"""
# Who is still there keeps the first week, though that has expired, or the part of it that counted.
KEEP_FIRSTS = """
INSERT INTO {firsts} (product, uid, week, made)
SELECT product, uid, min(week) AS first, {before} FROM (
    SELECT product, uid, week, 1 AS there FROM {activity}
    UNION ALL
    SELECT product, uid, week, 0 AS there FROM {firsts}
    WHERE toInt64(made) IN (SELECT max(moment) FROM {database}.horizons)
) GROUP BY product, uid HAVING maxIf(week, there = 1) >= {week} AND first <= {week}
"""


def expire(engine: Engine, place: Place, before: int) -> int:
    """Remove what is too old or was forgotten, unless that was done within a day; return how many.

    Where it is interrupted, the next one does all of it.
    """
    horizon = engine.number(HORIZON, {})
    if horizon and before < horizon + DAY_SECONDS:
        return 0
    day = before // DAY_SECONDS
    week = week_of(day)
    rollups.settle(engine, place)  # who was there in which week is known then
    number = engine.number(OLD, {"before": before, "week": week})
    sweep(engine, place)
    weeks = [one for (one,) in engine.rows(WEEKS, {"week": week})]
    days = [one for (one,) in engine.rows(DAYS, {"day": day})]
    engine.run(*_of_events(place, days, before))
    rollups.count_days(engine, place, [day])
    rollups.count_weeks(engine, place, [week])
    engine.run(_filled(KEEP_FIRSTS, place, week, before))
    engine.run(*drops(ACTIVITY, place, [str(week)]), _filled(ACTIVE, place, week))
    engine.run(*_of_counts(place, weeks, before, week))
    engine.run(f"INSERT INTO horizons (moment) VALUES ({before})")
    rollups.count_cohorts(engine, place)
    return number


def sweep(engine: Engine, place: Place) -> None:
    """Remove from the disk who was forgotten, and the environments that nobody has any more."""
    while found := engine.rows(UNSWEPT, {"n": MOST_AT_ONCE}):
        uids = ", ".join(f"({quoted(product)}, {uid})" for product, uid in found)
        for table in OF_UIDS:
            engine.run(_delete(table, place, f"(product, uid) IN ({uids})"))
        swept = {"product": [one[0] for one in found], "uid": [one[1] for one in found]}
        columns = {**swept, "swept": [1] * len(found)}
        engine.insert("tombstones", columns, ("String", "Int64", "UInt8"))
    unused = engine.rows(UNUSED, {"seconds": UNUSED_SECONDS, "n": MOST_AT_ONCE})
    if unused:
        ids = ", ".join(str(one) for (one,) in unused)
        engine.run(_delete(ENVIRONMENTS, place, f"id IN ({ids})"))


def drops(table: Table, place: Place, partitions: Sequence[str]) -> Iterator[str]:
    """Yield what drops partitions, many at once: on a cluster a statement takes about a second."""
    name = f"{place.database}.{table.stands_as}"
    for first in range(0, len(partitions), DROPPED_AT_ONCE):
        some = partitions[first : first + DROPPED_AT_ONCE]
        drops = ", ".join(f"DROP PARTITION {one}" for one in some)
        yield f"ALTER TABLE {name}{place.on_cluster} {drops}"


def _of_events(place: Place, days: Sequence[int], before: int) -> Iterator[str]:
    for table in OF_DAYS:
        yield from drops(table, place, [f"({week_of(one)}, {one})" for one in days])
    day = before // DAY_SECONDS
    yield _delete(EVENTS, place, f"day = {day} AND moment < {before}")


def _of_counts(place: Place, weeks: Sequence[int], before: int, week: int) -> Iterator[str]:
    for table in OF_WEEKS:
        yield from drops(table, place, [str(one) for one in weeks])
    day = before // DAY_SECONDS
    for table in (LOSSES, MOVED, ARRIVALS, DAY_MAKINGS):
        yield _delete(table, place, f"day < {day}")
    yield _delete(INTAKE, place, f"came_on < {day}")
    yield _delete(MAKINGS, place, f"week >= 0 AND week < {week}")


def _filled(statement: str, place: Place, week: int, before: int = 0) -> str:
    firsts, activity = FIRSTS.written_to(place), ACTIVITY.written_to(place)
    return statement.format(
        firsts=firsts, activity=activity, database=place.database, before=before, week=week
    )


def _delete(table: Table, place: Place, which: str) -> str:
    name = f"{place.database}.{table.stands_as}"
    return f"ALTER TABLE {name}{place.on_cluster} DELETE WHERE {which}"
