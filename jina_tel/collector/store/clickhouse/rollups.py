"""The roll-ups, counted again a week at a time from distinct ids.

Whoever loads says which weeks it has touched (``arrivals``); whoever counts says which making of
a week is to be read (``makings``), once all its rows are there. So a reader never sees half a week,
two who count at once do no harm, and an event that came twice, through whomever, is counted once.
"""

from __future__ import annotations

import random

from .engine import Engine
from .tables import Place
from .views import of_shards

MADE_BITS = 20  # below the seconds: two who count in one second must not have one number
LAG_SECONDS = 60  # on a cluster: how far a replica may be behind, or two servers' clocks apart
ALL_WEEKS = -1

CHANGED = """
SELECT a.week FROM (SELECT week, max(at) AS last FROM arrivals GROUP BY week) AS a
LEFT JOIN (SELECT week, max(made) AS made FROM makings GROUP BY week) AS m ON a.week = m.week
WHERE toUnixTimestamp(a.last) + $lag >= intDiv(m.made, 1048576)
    AND toUnixTimestamp(now()) >= intDiv(m.made, 1048576) + $calm
ORDER BY a.week
"""
# Every statement of a week; {made} and {week} are numbers.
OF_A_WEEK = (
    """
INSERT INTO {activity} (product, uid, week, made)
SELECT DISTINCT product, uid, week, {made} FROM {events} WHERE week = {week} AND who = 'people'
""",
    """
INSERT INTO tallies_rows (product, week, event, version, who, starts, installs, made)
SELECT product, week, event, version, who, sum(starts), sum(installs), {made}
FROM {tallies} WHERE week = {week} GROUP BY product, week, event, version, who
""",
    """
INSERT INTO actives_rows
    (product, week, who, version, python, platform, architecture, vendor, installs, made)
SELECT l.product, l.week, l.who, e.version, e.python, e.platform, e.architecture, e.vendor,
    sum(l.installs), {made}
FROM {last} AS l JOIN environments AS e ON l.environment = e.id WHERE l.week = {week}
GROUP BY l.product, l.week, l.who, e.version, e.python, e.platform, e.architecture, e.vendor
""",
    """
INSERT INTO intake_rows
    (product, week, day, accepted, duplicate, in_minute, in_hour, in_day, later, made)
SELECT product, week, day, sum(n), greatest(sum(came) - sum(n), 0), sum(m), sum(h), sum(d), sum(l),
    {made}
FROM (
    SELECT product, week, day, accepted AS n, toInt64(0) AS came, in_minute AS m, in_hour AS h,
        in_day AS d, later AS l
    FROM {intake} WHERE week = {week}
    UNION ALL
    SELECT product, week, day, 0, came, 0, 0, 0, 0 FROM arrivals FINAL
    WHERE week = {week} AND day > 0
) GROUP BY product, week, day
""",
)
OF_ALL_WEEKS = """
INSERT INTO cohorts_rows (product, cohort, week, installs, made)
SELECT product, cohort, week, sum(installs), {made} FROM {cohorts} GROUP BY product, cohort, week
"""


def settle(engine: Engine, place: Place, calm_seconds: int = 0) -> int:
    """Count every week again that has changed, and return how many these were.

    Args:
        engine: that is asked.
        place: where the tables are.
        calm_seconds: leave a week alone that somebody has counted so short ago.
    """
    lag = LAG_SECONDS if place.cluster else 0
    weeks = [week for (week,) in engine.rows(CHANGED, {"lag": lag, "calm": calm_seconds})]
    for week in weeks:
        count_week(engine, place, week)
    if weeks:
        count_cohorts(engine, place)
    return len(weeks)


def count_week(engine: Engine, place: Place, week: int) -> None:
    """Count one week again, and have it read from then on."""
    made = number_of_making(engine)
    for statement in OF_A_WEEK:
        engine.run(_filled(statement, place, made, week))
    _publish(engine, week, made)


def count_cohorts(engine: Engine, place: Place) -> None:
    """Count again who of which first week was there in which week."""
    made = number_of_making(engine)
    engine.run(_filled(OF_ALL_WEEKS, place, made, ALL_WEEKS))
    _publish(engine, ALL_WEEKS, made)


def number_of_making(engine: Engine) -> int:
    """Return a number for what is counted from now on: higher than those of earlier seconds."""
    second = engine.number("SELECT toUnixTimestamp(now())", {})
    return (second << MADE_BITS) + random.getrandbits(MADE_BITS)


def _publish(engine: Engine, week: int, made: int) -> None:
    engine.run(f"INSERT INTO makings (week, made) VALUES ({week}, {made})")


def _filled(statement: str, place: Place, made: int, week: int) -> str:
    names = ("events", "tallies", "last", "intake", "cohorts")
    spans = {name: of_shards(name, place) for name in names}
    activity = f"activity_{'all' if place.cluster else 'local'}"
    return statement.format(made=made, week=week, activity=activity, **spans)
