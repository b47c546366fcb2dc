"""What is used, and what of it fails."""

from __future__ import annotations

from collections import Counter

from ..store import queries
from .asked import Asked, Rows, day
from .folding import enough
from .tables import Cell, Column, Table, number_of, shown
from .words import counted

STARTS, FAILURES = ".start", ".failed"
WORST, ENOUGH_STARTS = 3, 50  # versions that are named, and what they must have been started
FAILURE_COLUMNS = (Column("started"), Column("failed"), Column("rate", "share"))


def events(asked: Asked) -> Table:
    """Return the events by name."""
    starts, installs, most = _events(asked)
    shown_names = [name for name, _ in starts.most_common() if most[name] >= asked.fewest]
    total = sum(starts.values())
    rows: Rows = [
        (name, starts[name], starts[name] / total, enough(installs[name], asked.fewest))
        for name in shown_names
    ]
    rest = total - sum(starts[name] for name in shown_names)
    if rest:
        rows.append((asked.others, rest, rest / total, None))
    return Table(
        "events",
        "Events",
        "What is used, and by how many?",
        (Column("event", "text"), Column("events"), Column("share", "share"), Column("installs")),
        rows,
        f"Events of {counted(len(asked.weeks), 'week')}; installs of the week of "
        f"{day(asked.filters.week)} (one that was upgraded in it counts twice).",
    )


def failures(asked: Asked) -> Table:
    """Return how many starts failed, where failures are sent, and in which versions the most."""
    started, failed = _outcomes(asked)
    rows: Rows = []
    for name in sorted({name for name, _ in failed}):
        of_name = [
            (version, started[name, version], failed[name, version])
            for version in {version for known, version in (*started, *failed) if known == name}
        ]
        rows.append(_rate(name, "all", sum(s for _, s, _ in of_name), sum(f for *_, f in of_name)))
        each = [_rate(name, v, s, f) for v, s, f in of_name if f and s >= ENOUGH_STARTS]
        rows += sorted(each, key=lambda row: (-number_of(row[4]), str(row[1])))[:WORST]
    return Table(
        "failures",
        "Starts that failed",
        "What breaks, and since when?",
        (*(Column(name, "text") for name in ("class", "version")), *FAILURE_COLUMNS),
        rows,
        f"The {WORST} versions that fail most often. Only what is declared with failures=True "
        "sends this: that it failed, never how.",
    )


def _events(asked: Asked) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return of each event how often it came, from how many, and the most in one group."""
    starts: Counter[str] = Counter()
    installs: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for event, week, number, by, largest in asked.rows(queries.EVENTS):
        name = shown(event)
        starts[name] += number
        most[name] = max(most[name], largest)
        if week == asked.filters.week:
            installs[name] += by
    return starts, installs, most


def _outcomes(asked: Asked) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Return how often each class of each version started, and how often it failed."""
    started: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for event, version, number, most in asked.rows(queries.OUTCOMES):
        for ending, counts in ((STARTS, started), (FAILURES, failed)):
            if event.endswith(ending) and most >= asked.fewest:
                counts[shown(event.removesuffix(ending)), shown(version)] += number
    return started, failed


def _rate(name: str, version: str, started: int, failed: int) -> tuple[Cell, ...]:
    return name, version, started, failed, failed / (started + failed)
