"""The questions, as text that DuckDB and ClickHouse both run as it stands.

So: the tables of ``tables.sql``, sums and comparisons; no date functions, common table
expressions, windows or FILTER. All but the last two read roll-ups, so what a question costs grows
with the weeks and the versions, not with the events. ``$name`` is a parameter.

``$version`` is ``''`` for all versions. ``$ci`` is ``'in'`` for everybody, ``'out'`` for people.
"""

from __future__ import annotations

PRODUCTS = """
SELECT product, min(week) AS oldest, max(week) AS newest
FROM tallies GROUP BY product ORDER BY product
"""

VERSIONS = """
SELECT version, sum(installs) AS installs
FROM actives WHERE product = $product GROUP BY version ORDER BY version
"""

# Answers the same for as long as nothing has changed.
PULSE = """
SELECT a.installs, t.starts, i.came, l.lost, l.lines
FROM (SELECT sum(installs) AS installs FROM actives) AS a
CROSS JOIN (SELECT sum(starts) AS starts FROM tallies) AS t
CROSS JOIN (SELECT sum(accepted + duplicate) AS came FROM intake) AS i
CROSS JOIN (SELECT sum(lost) AS lost, count(*) AS lines FROM losses) AS l
"""

WEEKLY = """
SELECT week, who, sum(installs) AS installs
FROM actives
WHERE product = $product AND week >= $since AND week <= $until
    AND ($version = '' OR version = $version)
GROUP BY week, who ORDER BY week, who
"""

ADOPTION = """
SELECT week, version, sum(installs) AS installs
FROM actives
WHERE product = $product AND week >= $since AND week <= $until
    AND ($version = '' OR version = $version) AND ($ci = 'in' OR who = 'people')
GROUP BY week, version ORDER BY week, version
"""

# One week, by everything that an install is told by.
ENVIRONMENTS = """
SELECT week, who, python, platform, architecture, vendor, sum(installs) AS installs
FROM actives
WHERE product = $product AND (week = $week OR week = $before)
    AND ($version = '' OR version = $version)
GROUP BY week, who, python, platform, architecture, vendor
ORDER BY week, who, python, platform, architecture, vendor
"""

EVENTS = """
SELECT event, week, sum(starts) AS starts, sum(installs) AS installs, max(installs) AS most
FROM tallies
WHERE product = $product AND week >= $since AND week <= $until
    AND ($version = '' OR version = $version) AND ($ci = 'in' OR who = 'people')
GROUP BY event, week ORDER BY event, week
"""

RETENTION = """
SELECT cohort, week, sum(installs) AS installs
FROM cohorts
WHERE product = $product AND cohort >= $since AND week <= $until
GROUP BY cohort, week ORDER BY cohort, week
"""

INTAKE = """
SELECT sum(accepted) AS accepted, sum(duplicate) AS duplicate, sum(in_minute) AS in_minute,
    sum(in_hour) AS in_hour, sum(in_day) AS in_day, sum(later) AS later
FROM intake
WHERE product = $product AND day >= $first AND day <= $last
"""

LOSSES = """
SELECT reason, sum(lost) AS lost
FROM losses
WHERE product = $product AND week >= $since AND week <= $until
GROUP BY reason ORDER BY reason
"""

# Every event, one page after the other: $from_moment and $from_id are those of the last one.
EXPORT = """
SELECT e.id, e.moment, e.product, e.uid, e.kept, e.event, e.began, e.uptime, e.session, v.facts
FROM events AS e JOIN environments AS v ON e.environment = v.id
WHERE (e.moment > $from_moment OR (e.moment = $from_moment AND e.id > $from_id))
    AND ($product = '' OR e.product = $product)
    AND e.moment >= $since AND e.moment < $until
ORDER BY e.moment, e.id
LIMIT 50000
"""
