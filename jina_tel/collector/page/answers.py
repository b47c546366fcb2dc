"""The maintainer's questions, answered: for the page, the report and every file alike."""

from __future__ import annotations

from collections.abc import Callable

from ..store import queries
from .asked import Asked, Rows
from .breakdowns import architectures, platforms, pythons, vendors
from .tables import Column, Table, shown
from .trends import retention, versions, weekly
from .usage import events, failures


def health(asked: Asked) -> Table:
    """Return what came in, what did not, and how late."""
    sums = asked.rows(queries.INTAKE)
    accepted, duplicate, *ages = (int(number or 0) for number in (sums[0] if sums else [0] * 6))
    lost: dict[str, int] = {shown(reason): int(n) for reason, n in asked.rows(queries.LOSSES)}
    came = accepted + duplicate
    rows: Rows = [
        ("accepted", accepted, accepted / came if came else None),
        ("sent again, counted once", duplicate, duplicate / came if came else None),
        ("rejected", lost.pop("rejected", 0), None),
    ]
    names = ("within a minute", "within an hour", "within a day", "later")
    rows += [
        (f"came {name}", number, number / accepted if accepted else None)
        for name, number in zip(names, ages, strict=True)
    ]
    rows += [(f"lost: {reason.replace('_', ' ')}", n, None) for reason, n in lost.items()]
    return Table(
        "health",
        "Health of ingest",
        "Is what is shown here all there is?",
        (Column("measure", "text"), Column("events"), Column("share", "share")),
        rows,
        "By the day on which they came, for all versions. A client that left before its answer "
        "sends again, which is no fault; lost is what the clients' own ledgers say.",
    )


QUESTIONS: dict[str, Callable[[Asked], Table]] = {
    "weekly": weekly,
    "versions": versions,
    "python": pythons,
    "platform": platforms,
    "architecture": architectures,
    "events": events,
    "failures": failures,
    "retention": retention,
    "vendors": vendors,
    "health": health,
}


def all_of(asked: Asked) -> dict[str, Table]:
    """Return every answer, in the order in which they are asked."""
    return {name: question(asked) for name, question in QUESTIONS.items()}
