"""The roll-ups, counted again a day at a time from distinct ids.

Whoever loads says which days it has touched (``arrivals_of_days``); who counts says when
(``makings_of_days``). Of a day it is counted who used what, and how often (``uses``): a uid's days
are together where the uid is. Who was there in a *week*, and in which environment last, no sum of
days can tell; so its weeks are put together from their days' uses, which are far fewer than events.
The new counts of a week come into a table as one block: a reader sees all of them or none. Two who
count at once do no harm, and an event that came twice, through whomever, is counted once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from .engine import Engine
from .tables import USES, Place
from .views import of_shards

MADE_BITS = 32  # below the seconds, for the makings within one
AT_ONCE = 8  # days, or weeks; more need fewer statements, and more memory
ALL_WEEKS = -1  # what the makings of the cohorts stand under
CHANCE_BITS = 20  # two who begin at once must not have one number
LAG_SECONDS = 60  # on a cluster: how far a replica may be behind, or two servers' clocks apart

CHANGED_DAYS = """
SELECT a.day FROM (SELECT day, max(at) AS last FROM arrivals_of_days GROUP BY day) AS a
LEFT JOIN (SELECT day, max(made) AS made FROM makings_of_days GROUP BY day) AS m ON a.day = m.day
WHERE toUnixTimestamp(a.last) + $lag >= intDiv(m.made, 4294967296)
    AND toUnixTimestamp(now()) >= intDiv(m.made, 4294967296) + $calm
ORDER BY a.day
"""
CHANGED_WEEKS = """
SELECT d.week FROM (
    SELECT toInt32(intDiv(day + 3, 7)) AS week, max(at) AS last FROM makings_of_days GROUP BY week
) AS d
LEFT JOIN (SELECT week, max(made) AS made FROM makings GROUP BY week) AS m ON d.week = m.week
WHERE toUnixTimestamp(d.last) + $lag >= intDiv(m.made, 4294967296)
    AND toUnixTimestamp(now()) >= intDiv(m.made, 4294967296) + $calm
ORDER BY d.week
"""
NUMBERS = """
SELECT toUnixTimestamp(now()), (SELECT max(made) FROM makings),
    (SELECT max(made) FROM makings_of_days)
"""
# Every statement of some days, and of some weeks. What was counted and is there no more is counted
# as nothing: a row of zeros takes its place.
OF_DAYS = (
    """
INSERT INTO {uses} (product, uid, week, day, event, version, who, starts, moment, environment, made)
SELECT product, uid, week, day, event, version, who, starts, moment, environment, {made}
FROM {days} WHERE day IN ({numbers})
""",
    """
INSERT INTO intake_of_days
    (product, week, day, came_on, accepted, duplicate, in_minute, in_hour, in_day, later, made)
SELECT product, week, day, came_on, sum(n), greatest(sum(c) - sum(n), 0), sum(m), sum(h), sum(d),
    sum(l), {made}
FROM (
    SELECT product, week, day, came_on, accepted AS n, toInt64(0) AS c, in_minute AS m,
        in_hour AS h, in_day AS d, later AS l
    FROM {intake} WHERE day IN ({numbers})
    UNION ALL
    SELECT product, week, day, came_on, 0, came, 0, 0, 0, 0 FROM arrivals_of_days FINAL
    WHERE day IN ({numbers}) AND came_on > 0
) GROUP BY product, week, day, came_on
""",
)
OF_WEEKS = (
    """
INSERT INTO tallies_rows (product, week, event, version, who, starts, installs, made)
SELECT product, week, event, version, who, sum(s), sum(i), {made}
FROM (
    SELECT product, week, event, version, who, starts AS s, installs AS i
    FROM {tallies} WHERE week IN ({numbers})
    UNION ALL
    SELECT product, week, event, version, who, 0, 0 FROM tallies WHERE week IN ({numbers})
) GROUP BY product, week, event, version, who
""",
    """
INSERT INTO actives_rows
    (product, week, who, version, python, platform, architecture, vendor, installs, made)
SELECT product, week, who, version, python, platform, architecture, vendor, sum(n), {made}
FROM (
    SELECT l.product AS product, l.week AS week, l.who AS who, e.version AS version,
        e.python AS python, e.platform AS platform, e.architecture AS architecture,
        e.vendor AS vendor, l.installs AS n
    FROM (
        SELECT product, week, who, environment, installs FROM {last} WHERE week IN ({numbers})
    ) AS l JOIN environments AS e ON l.environment = e.id
    UNION ALL
    SELECT product, week, who, version, python, platform, architecture, vendor, 0
    FROM actives WHERE week IN ({numbers})
) GROUP BY product, week, who, version, python, platform, architecture, vendor
""",
)
OF_ALL_WEEKS = """
INSERT INTO cohorts_rows (product, cohort, week, installs, made)
SELECT product, cohort, week, sum(n), {made} FROM (
    SELECT product, cohort, week, installs AS n FROM {cohorts}
    UNION ALL
    SELECT product, cohort, week, 0 FROM cohorts
) GROUP BY product, cohort, week
"""


def settle(engine: Engine, place: Place, calm_seconds: int = 0) -> int:
    """Count every day again that has changed, and the weeks of these; return how many days.

    Args:
        engine: that is asked.
        place: where the tables are.
        calm_seconds: leave a day, or a week, alone that somebody has counted so short ago.
    """
    given = {"lag": LAG_SECONDS if place.cluster else 0, "calm": calm_seconds}
    days = [day for (day,) in engine.rows(CHANGED_DAYS, given)]
    for first in range(0, len(days), AT_ONCE):
        count_days(engine, place, days[first : first + AT_ONCE])
    # Once the days are there: whoever does so at the same time may have seen a part of them.
    weeks = [week for (week,) in engine.rows(CHANGED_WEEKS, given)]
    for first in range(0, len(weeks), AT_ONCE):
        count_weeks(engine, place, weeks[first : first + AT_ONCE])
    if weeks:
        count_cohorts(engine, place)
    return len(days)


def count_days(engine: Engine, place: Place, days: Sequence[int]) -> None:
    """Count some days again, all of them at once."""
    made = number_of_making(engine)
    engine.run(*(_filled(statement, place, made, days) for statement in OF_DAYS))
    engine.run(_noted("makings_of_days (day, made)", days, made))


def count_weeks(engine: Engine, place: Place, weeks: Sequence[int]) -> None:
    """Put some weeks together again from their days, all of them at once."""
    made = number_of_making(engine)
    engine.run(*(_filled(statement, place, made, weeks) for statement in OF_WEEKS))
    engine.run(_noted("makings (week, made)", weeks, made))


def count_cohorts(engine: Engine, place: Place) -> None:
    """Count again who of which first week was there in which week."""
    made = number_of_making(engine)
    engine.run(_filled(OF_ALL_WEEKS, place, made))
    engine.run(_noted("makings (week, made)", [ALL_WEEKS], made))


def number_of_making(engine: Engine) -> int:
    """Return a number for what is counted from now on, higher than all that are known."""
    [(second, *last)] = engine.rows(NUMBERS, {})
    return int(max(second << MADE_BITS, *last)) + 1 + random.getrandbits(CHANCE_BITS)


def _noted(table: str, numbers: Sequence[int], made: int) -> str:
    rows = ", ".join(f"({number}, {made})" for number in numbers)
    return f"INSERT INTO {table} VALUES {rows}"


def _filled(statement: str, place: Place, made: int, numbers: Sequence[int] = ()) -> str:
    names = ("tallies", "last", "days", "intake", "cohorts")
    spans = {name: of_shards(name, place) for name in names}
    told = ", ".join(map(str, numbers))
    return statement.format(made=made, numbers=told, uses=USES.written_to(place), **spans)
