"""What changes from week to week: who uses it, which version, and who stays."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from ..store import queries
from .asked import Asked, Rows
from .filters import monday
from .folding import Groups, enough, version_key
from .tables import Column, Table, shown

NAMED_VERSIONS = 5
LEAST_SHARE = 0.005  # a version that one client has made up is not the newest
OLDER = "older"
COHORTS, FOLLOWED = 12, 12
PEOPLE_COLUMN = 1  # of the weekly answer


def weekly(asked: Asked) -> Table:
    """Return who was active in which week."""
    found: dict[tuple[int, str], int] = {(w, who): n for w, who, n in asked.rows(queries.WEEKLY)}
    rows: Rows = [
        (
            monday(week),
            *(
                enough(found.get((week, who), 0), asked.fewest)
                for who in ("people", "ci", "passing")
            ),
        )
        for week in asked.weeks
    ]
    return Table(
        "weekly",
        "Weekly active installs",
        "How many use it, and is it growing?",
        (Column("week", "week"), Column("people"), Column("CI runs"), Column("one-off runs")),
        rows,
        "People: installs that keep their id. A CI run has an id of its own, and so has a one-off "
        "run, in a container or a home that cannot be written; neither is an install.",
    )


def versions(asked: Asked) -> Table:
    """Return how many installs were on which version in which week."""
    weeks: defaultdict[int, Groups] = defaultdict(Counter)
    for week, version, number in asked.rows(queries.ADOPTION):
        weeks[week][shown(version)] += number
    named = newest(weeks, asked.fewest)
    rows: Rows = []
    for week in asked.weeks:
        known = [enough(weeks[week][version], asked.fewest) for version in named]
        rest = sum(weeks[week].values()) - sum(weeks[week][version] for version in named)
        rows.append((monday(week), *known, enough(rest, asked.fewest)))
    return Table(
        "versions",
        "Version adoption",
        "How fast do releases reach people?",
        (Column("week", "week"), *map(Column, named), Column(OLDER)),
        rows,
        f"Installs by the version that they used last in a week; the {NAMED_VERSIONS} newest "
        "versions by name.",
    )


def newest(weeks: Mapping[int, Groups], fewest: int) -> list[str]:
    """Return the newest versions that are in use, the newest first."""
    peak: Counter[str] = Counter()
    for groups in weeks.values():
        least = max(fewest, LEAST_SHARE * sum(groups.values()))
        peak |= Counter({version: n for version, n in groups.items() if n >= least})
    return sorted(peak, key=version_key, reverse=True)[:NAMED_VERSIONS]


def retention(asked: Asked) -> Table:
    """Return which share of each week's new installs came back; None for weeks to come."""
    cohorts: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for cohort, week, number in asked.rows(queries.RETENTION):
        cohorts[cohort][week - cohort] += number
    last = min(asked.filters.until, asked.filters.now - 1)
    shown_cohorts = [week for week in asked.weeks if week <= last][-COHORTS:]
    rows: Rows = []
    for cohort in shown_cohorts:
        size = cohorts[cohort][0]
        if size == 0:
            continue
        known = size >= asked.fewest
        back = (
            enough(cohorts[cohort][age], asked.fewest) if known and cohort + age <= last else None
            for age in range(1, FOLLOWED + 1)
        )
        shares = (None if number is None else number / size for number in back)
        rows.append((monday(cohort), enough(size, asked.fewest), *shares))
    ages = (Column(f"week {age}", "share") for age in range(1, FOLLOWED + 1))
    return Table(
        "retention",
        "Weekly retention",
        "Do new installs stay?",
        (Column("first week", "week"), Column("installs"), *ages),
        rows,
        "Of the installs that were first seen in a week, the share that was active so many weeks "
        "later. Weeks that have not ended are blank. For all versions.",
    )
