"""The questions, as text that DuckDB and ClickHouse both run as it stands.

So: the tables of ``tables.sql``, sums and comparisons; no date functions, common table
expressions, windows or FILTER; and no sum has the name of a column, which ClickHouse would take for
the sum wherever it stands. All but the last two read roll-ups, so what a question costs grows
with the weeks and the versions, not with the events. ``$name`` is a parameter.

``$version`` is ``''`` for all versions. ``$ci`` is ``'in'`` for everybody, ``'out'`` for people.
"""

from __future__ import annotations

PRODUCTS = """
SELECT product, min(week)
FROM tallies GROUP BY product ORDER BY product
"""

VERSIONS = """
SELECT version, sum(installs)
FROM actives WHERE product = $product GROUP BY version ORDER BY version
"""

# Answers the same for as long as nothing has changed; its rows come in any order.
PULSE = """
SELECT 'actives', sum(installs), count(*) FROM actives
UNION ALL SELECT 'tallies', sum(starts), count(*) FROM tallies
UNION ALL SELECT 'intake', sum(accepted + duplicate), count(*) FROM intake
UNION ALL SELECT 'losses', sum(lost), count(*) FROM losses
"""

WEEKLY = """
SELECT week, who, sum(installs)
FROM actives
WHERE product = $product AND week >= $since AND week <= $until
    AND ($version = '' OR version = $version)
GROUP BY week, who ORDER BY week, who
"""

ADOPTION = """
SELECT week, version, sum(installs)
FROM actives
WHERE product = $product AND week >= $since AND week <= $until
    AND ($version = '' OR version = $version) AND ($ci = 'in' OR who = 'people')
GROUP BY week, version ORDER BY week, version
"""

# One week, by everything that an install is told by.
ENVIRONMENTS = """
SELECT week, who, python, platform, architecture, vendor, sum(installs)
FROM actives
WHERE product = $product AND (week = $week OR week = $before)
    AND ($version = '' OR version = $version)
GROUP BY week, who, python, platform, architecture, vendor
ORDER BY week, who, python, platform, architecture, vendor
"""

EVENTS = """
SELECT event, week, sum(starts), sum(installs), max(installs)
FROM tallies
WHERE product = $product AND week >= $since AND week <= $until
    AND ($version = '' OR version = $version) AND ($ci = 'in' OR who = 'people')
GROUP BY event, week ORDER BY event, week
"""

OUTCOMES = """
SELECT event, version, sum(starts), max(installs)
FROM tallies
WHERE product = $product AND week >= $since AND week <= $until
    AND ($version = '' OR version = $version) AND ($ci = 'in' OR who = 'people')
GROUP BY event, version ORDER BY event, version
"""

RETENTION = """
SELECT cohort, week, sum(installs)
FROM cohorts
WHERE product = $product AND cohort >= $since AND week <= $until
GROUP BY cohort, week ORDER BY cohort, week
"""

INTAKE = """
SELECT sum(accepted), sum(duplicate), sum(in_minute),
    sum(in_hour), sum(in_day), sum(later)
FROM intake
WHERE product = $product AND day >= $first AND day <= $last
"""

# What was rejected before its product was known stands under ''.
LOSSES = """
SELECT reason, sum(lost)
FROM losses
WHERE (product = $product OR product = '') AND week >= $since AND week <= $until
GROUP BY reason ORDER BY reason
"""

DAYS = """
SELECT DISTINCT day FROM events
WHERE moment >= $since AND moment < $until AND ($product = '' OR product = $product)
ORDER BY day
"""

# The events of a day, one page after the other: $from_moment and $from_id are those of the last.
EXPORT = """
SELECT e.id, e.moment, e.product, e.uid, e.kept, e.event, e.began, e.uptime, e.session, v.facts
FROM events AS e JOIN environments AS v ON e.environment = v.id
WHERE e.day = $day AND ($product = '' OR e.product = $product)
    AND (e.moment > $from_moment OR (e.moment = $from_moment AND e.id > $from_id))
    AND e.moment >= $since AND e.moment < $until
ORDER BY e.moment, e.id
LIMIT 50000
"""
