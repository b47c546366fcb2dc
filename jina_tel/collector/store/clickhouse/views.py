"""What is read: the names that the questions know, and the counts of a shard.

On each server stand views that count what its shard holds, ``<name>_of_shard``; on a cluster
``<name>_all`` spans them, so that a uid is counted where it lives and only sums travel.
"""

from __future__ import annotations

from collections.abc import Iterator

from .creation import spanning
from .tables import EVENTS, USES, Place

# Nobody who has asked to be forgotten is read, from that moment on.
_REMEMBERED = "(product, uid) NOT IN (SELECT product, uid FROM {database}.tombstones)"

# FINAL: of the rows of one id, one.
_OF_SHARD = {
    "events": """
SELECT {columns} FROM {database}.events_local FINAL WHERE {remembered}
""",
    # Of each day by itself. A row of zeros is one that was taken back.
    "uses": """
SELECT {uses} FROM {database}.uses_local FINAL WHERE starts <> 0 AND {remembered}
""",
    "days": """
SELECT product, uid, week, day, event, version, who, sum(s) AS starts,
    tupleElement(max(l), 1) AS moment, tupleElement(max(l), 2) AS environment
FROM (
    SELECT product, uid, week, day, event, version, who, toInt64(count()) AS s,
        max((moment, environment)) AS l
    FROM {database}.events_of_shard GROUP BY product, uid, week, day, event, version, who
    UNION ALL
    SELECT product, uid, week, day, event, version, who, toInt64(0) AS s,
        (toInt64(0), toInt64(0)) AS l
    FROM {database}.uses_of_shard
) GROUP BY product, uid, week, day, event, version, who
""",
    # Of a week, put together from its days.
    "last": """
SELECT product, week, who, environment, count() AS installs FROM (
    SELECT product, week, who, uid, tupleElement(max((moment, environment)), 2) AS environment
    FROM {database}.uses_of_shard GROUP BY product, week, who, uid
) GROUP BY product, week, who, environment
""",
    "tallies": """
SELECT product, week, event, version, who, sum(s) AS starts, uniqExact(uid) AS installs
FROM (
    SELECT product, week, event, version, who, uid, starts AS s FROM {database}.uses_of_shard
) GROUP BY product, week, event, version, who
""",
    "intake": """
SELECT product, week, day, toInt32(intDiv(arrived, 86400)) AS came_on, count() AS accepted,
    countIf(arrived - moment <= 60) AS in_minute,
    countIf(arrived - moment > 60 AND arrived - moment <= 3600) AS in_hour,
    countIf(arrived - moment > 3600 AND arrived - moment <= 86400) AS in_day,
    countIf(arrived - moment > 86400) AS later
FROM {database}.events_of_shard WHERE arrived > 0
GROUP BY product, week, day, intDiv(arrived, 86400)
""",
    "cohorts": """
SELECT product, cohort, active AS week, count() AS installs FROM (
    SELECT product, uid, min(week) AS cohort, groupUniqArrayIf(week, there = 1) AS weeks FROM (
        SELECT product, uid, week, 1 AS there FROM {database}.activity_local
        UNION ALL
        SELECT product, uid, week, 0 AS there FROM {database}.firsts_local
        WHERE toInt64(made) IN (SELECT max(moment) FROM {database}.horizons)
    ) WHERE {remembered} GROUP BY product, uid
) ARRAY JOIN weeks AS active
GROUP BY product, cohort, active
""",
}

# A row of zeros is one that was taken back.
_READ = {
    "events": "SELECT {columns} FROM {database}.{events}",
    "environments": """
SELECT id, product, version, python, platform, architecture, vendor, facts
FROM {database}.environments_rows FINAL
""",
    "actives": """
SELECT product, week, who, version, python, platform, architecture, vendor, installs
FROM {database}.actives_rows FINAL WHERE installs <> 0
""",
    "tallies": """
SELECT product, week, event, version, who, starts, installs
FROM {database}.tallies_rows FINAL WHERE starts <> 0
""",
    "cohorts": """
SELECT product, cohort, week, installs FROM {database}.cohorts_rows FINAL WHERE installs <> 0
""",
    "intake": """
SELECT product, n AS day, sum(a) AS accepted, sum(u) AS duplicate, sum(m) AS in_minute,
    sum(h) AS in_hour, sum(d) AS in_day, sum(l) AS later
FROM (
    SELECT product, came_on AS n, accepted AS a, duplicate AS u, in_minute AS m, in_hour AS h,
        in_day AS d, later AS l
    FROM {database}.intake_of_days FINAL
    UNION ALL
    SELECT product, day, accepted, duplicate, in_minute, in_hour, in_day, later
    FROM {database}.intake_kept FINAL
) GROUP BY product, n HAVING accepted <> 0 OR duplicate <> 0
""",
    "losses": """
SELECT id, day, week, product, reason, lost FROM {database}.losses_rows FINAL
""",
}


def create_views(place: Place) -> Iterator[str]:
    """Yield the statements that make all views, each after those that it reads."""
    for name, text in _OF_SHARD.items():
        yield _view(f"{name}_of_shard", text, place)
        if place.cluster:
            yield spanning(f"{name}_of_shard", f"{name}_of_shard", place)
    for name, text in _READ.items():
        yield _view(name, text, place)


def drop_views(place: Place) -> Iterator[str]:
    """Yield the statements that remove all views and what spans them; no row is lost."""
    for name in _READ:
        yield f"DROP TABLE IF EXISTS {place.database}.{name}{place.on_cluster}"
    for name in reversed(_OF_SHARD):
        if place.cluster:
            yield f"DROP TABLE IF EXISTS {place.database}.{name}_of_shard_all{place.on_cluster}"
        yield f"DROP TABLE IF EXISTS {place.database}.{name}_of_shard{place.on_cluster}"


def of_shards(name: str, place: Place) -> str:
    """Return what to read for a count over all shards."""
    return f"{place.database}.{name}_of_shard{'_all' if place.cluster else ''}"


def names() -> list[str]:
    """Return the names of all views."""
    return [*(f"{name}_of_shard" for name in _OF_SHARD), *_READ]


def _view(name: str, text: str, place: Place) -> str:
    filled = text.strip().format(
        database=place.database,
        columns=", ".join(EVENTS.columns),
        uses=", ".join(USES.columns),
        events="events_of_shard_all" if place.cluster else "events_of_shard",
        remembered=_REMEMBERED.format(database=place.database),
    )
    return f"CREATE VIEW IF NOT EXISTS {place.database}.{name}{place.on_cluster} AS {filled}"
