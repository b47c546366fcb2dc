"""The installs of one week, and of what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..store import queries
from .asked import Asked, Rows, day
from .folding import Groups, folded, grouped, version_key
from .tables import Column, Table, number_of

CHANGE = Column("12 weeks", "change")
# A processor has the name that its system gives it; the wheels are for the processor.
SAME = {"AMD64": "x86_64", "amd64": "x86_64", "ARM64": "arm64", "aarch64": "arm64"}


def pythons(asked: Asked) -> Table:
    """Return the installs by version of Python."""
    question = "Which versions can be dropped?"
    return _breakdown(asked, 2, "version", "Python", question, by_version=True)


def platforms(asked: Asked) -> Table:
    """Return the installs by operating system."""
    return _breakdown(asked, 3, "system", "Platform", "Which systems matter?")


def architectures(asked: Asked) -> Table:
    """Return the installs by architecture."""
    question = "Which wheels are worth building?"
    found = _breakdown(asked, 4, "machine", "Architecture", question, same=SAME)
    return replace(found, note=f"{found.note} AMD64 is x86_64, and aarch64 is arm64.")


def vendors(asked: Asked) -> Table:
    """Return the CI runs by vendor."""
    found = asked.rows(queries.ENVIRONMENTS)
    of_ci = [row for row in found if row[1] == "ci" and row[0] == asked.filters.week]
    groups = grouped((row[5], row[-1]) for row in of_ci)
    kept, rest = folded(groups, asked.fewest)
    total = sum(groups.values())
    rows: Rows = [(name, n, n / total) for name, n in kept.most_common()]
    if rest != 0:
        rows.append((asked.others, rest, None if rest is None else rest / total))
    return Table(
        "vendors",
        "CI vendors",
        "Where is it tested?",
        (Column("vendor", "text"), Column("runs"), Column("share", "share")),
        rows,
        f"CI runs of the week of {day(asked.filters.week)}.",
    )


def _breakdown(
    asked: Asked,
    index: int,
    name: str,
    title: str,
    question: str,
    *,
    by_version: bool = False,
    same: Mapping[str, str] | None = None,
) -> Table:
    """Return the installs of the last whole week by one of their facts; ``same`` are one group."""
    now, before = _two_weeks(asked, index, same or {})
    kept, rest = folded(now, asked.fewest)
    total = sum(now.values())
    order = sorted(kept, key=version_key, reverse=True) if by_version else _largest_first(kept)
    rows: Rows = [
        (group, kept[group], kept[group] / total, _change(group, now, before, asked.fewest))
        for group in order
    ]
    if rest != 0:
        rows.append((asked.others, rest, None if rest is None else rest / total, None))
    columns = [Column(name, "text"), Column("installs"), Column("share", "share"), CHANGE]
    if by_version:
        columns, rows = [*columns, Column("and older", "share")], _with_older(rows)
    note = (
        f"Installs that were active in the week of {day(asked.filters.week)}; the change is in "
        "percentage points, against 12 weeks earlier."
    )
    return Table(title.lower(), title, question, tuple(columns), rows, note)


def _two_weeks(asked: Asked, index: int, same: Mapping[str, str]) -> tuple[Groups, Groups]:
    """Return the groups of the last whole week, and those of twelve weeks earlier."""
    found = asked.rows(queries.ENVIRONMENTS)
    wanted = [row for row in found if asked.filters.ci == "in" or row[1] == "people"]
    parameters = asked.filters.parameters()
    now, before = (
        grouped(
            (same.get(row[index], row[index]), row[-1])
            for row in wanted
            if row[0] == parameters[week]
        )
        for week in ("week", "before")
    )
    return now, before


def _largest_first(groups: Groups) -> list[str]:
    return sorted(groups, key=lambda group: (-groups[group], group))


def _change(group: str, now: Groups, before: Groups, fewest: int) -> float | None:
    """Return by how much a group's share has grown; None where it is not known."""
    total, total_before = sum(now.values()), sum(before.values())
    if not total_before or 0 < before[group] < fewest:
        return None
    return now[group] / total - before[group] / total_before


def _with_older(rows: Rows) -> Rows:
    """Return the rows with the share of each and all that stand below it."""
    beneath, whole = 0.0, []
    for row in reversed(rows):
        beneath += number_of(row[2])
        whole.append((*row, beneath))
    return whole[::-1]
