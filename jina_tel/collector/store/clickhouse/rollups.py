"""The roll-ups, counted again a week at a time from distinct ids.

Whoever loads says which weeks it has touched (``arrivals``); who counts says when (``makings``).
The new counts of a week come into a table as one block: a reader sees all of them or none. Two who
count at once do no harm, and an event that came twice, through whomever, is counted once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from .engine import Engine
from .tables import Place
from .views import of_shards

MADE_BITS = 32  # below the seconds, for the makings within one
WEEKS_AT_ONCE = 8  # more need fewer statements, and more memory
ALL_WEEKS = -1  # what the makings of the cohorts stand under
CHANCE_BITS = 20  # two who begin at once must not have one number
LAG_SECONDS = 60  # on a cluster: how far a replica may be behind, or two servers' clocks apart

CHANGED = """
SELECT a.week FROM (SELECT week, max(at) AS last FROM arrivals GROUP BY week) AS a
LEFT JOIN (SELECT week, max(made) AS made FROM makings GROUP BY week) AS m ON a.week = m.week
WHERE toUnixTimestamp(a.last) + $lag >= intDiv(m.made, 4294967296)
    AND toUnixTimestamp(now()) >= intDiv(m.made, 4294967296) + $calm
ORDER BY a.week
"""
NUMBERS = "SELECT toUnixTimestamp(now()), (SELECT max(made) FROM makings)"
# Every statement of some weeks. What was counted and is there no more is counted as nothing: a row
# of zeros takes its place.
OF_WEEKS = (
    """
INSERT INTO tallies_rows (product, week, event, version, who, starts, installs, made)
SELECT product, week, event, version, who, sum(s), sum(i), {made}
FROM (
    SELECT product, week, event, version, who, starts AS s, installs AS i
    FROM {tallies} WHERE week IN ({weeks})
    UNION ALL
    SELECT product, week, event, version, who, 0, 0 FROM tallies WHERE week IN ({weeks})
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
        SELECT product, week, who, environment, installs FROM {last} WHERE week IN ({weeks})
    ) AS l JOIN environments AS e ON l.environment = e.id
    UNION ALL
    SELECT product, week, who, version, python, platform, architecture, vendor, 0
    FROM actives WHERE week IN ({weeks})
) GROUP BY product, week, who, version, python, platform, architecture, vendor
""",
    """
INSERT INTO intake_rows
    (product, week, day, accepted, duplicate, in_minute, in_hour, in_day, later, made)
SELECT product, week, day, sum(n), greatest(sum(came) - sum(n), 0), sum(m), sum(h), sum(d), sum(l),
    {made}
FROM (
    SELECT product, week, day, accepted AS n, toInt64(0) AS came, in_minute AS m, in_hour AS h,
        in_day AS d, later AS l
    FROM {intake} WHERE week IN ({weeks})
    UNION ALL
    SELECT product, week, day, 0, came, 0, 0, 0, 0 FROM arrivals FINAL
    WHERE week IN ({weeks}) AND day > 0
) GROUP BY product, week, day
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
    """Count every week again that has changed, and return how many these were.

    Args:
        engine: that is asked.
        place: where the tables are.
        calm_seconds: leave a week alone that somebody has counted so short ago.
    """
    lag = LAG_SECONDS if place.cluster else 0
    weeks = [week for (week,) in engine.rows(CHANGED, {"lag": lag, "calm": calm_seconds})]
    for first in range(0, len(weeks), WEEKS_AT_ONCE):
        count_weeks(engine, place, weeks[first : first + WEEKS_AT_ONCE])
    if weeks:
        count_cohorts(engine, place)
    return len(weeks)


def count_weeks(engine: Engine, place: Place, weeks: Sequence[int]) -> None:
    """Count some weeks again, all of them at once."""
    made = number_of_making(engine)
    engine.run(*(_filled(statement, place, made, weeks) for statement in OF_WEEKS))
    engine.run(_noted(weeks, made))


def count_cohorts(engine: Engine, place: Place) -> None:
    """Count again who of which first week was there in which week."""
    made = number_of_making(engine)
    engine.run(_filled(OF_ALL_WEEKS, place, made), _noted([ALL_WEEKS], made))


def number_of_making(engine: Engine) -> int:
    """Return a number for what is counted from now on, higher than all that are known."""
    [(second, last)] = engine.rows(NUMBERS, {})
    return int(max(second << MADE_BITS, last)) + 1 + random.getrandbits(CHANCE_BITS)


def _noted(weeks: Sequence[int], made: int) -> str:
    rows = ", ".join(f"({week}, {made})" for week in weeks)
    return f"INSERT INTO makings (week, made) VALUES {rows}"


def _filled(statement: str, place: Place, made: int, weeks: Sequence[int] = ()) -> str:
    names = ("tallies", "last", "intake", "cohorts")
    spans = {name: of_shards(name, place) for name in names}
    return statement.format(made=made, weeks=", ".join(map(str, weeks)), **spans)
