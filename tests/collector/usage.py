"""Rows that a test makes up, and what a store must say of them.

The store is one of DuckDB; ``tests/scale`` runs the same tests on another: it sets ``Fresh``.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import date

from hypothesis import HealthCheck, settings

from jina_tel.collector.store import Archive, Row
from jina_tel.collector.store.columns import environment_of, week_of

DAY = 86_400
MONDAY = 20_458 * DAY  # 2026-01-05
FACTS = {
    "architecture": "x86_64",
    "ci-vendor": "(unset)",
    "jina": "3.34.0",
    "platform": "Linux",
    "python": "3.11.7",
}
UPTIME = "2026-01-05T09:00:00.123456"


class Fresh:
    """How a store is made that holds nothing yet; ends with the last that knows it."""

    examples_of = 1  # of so many examples one is tried, where a store takes long to be made

    @staticmethod
    def make(clock=time.time) -> Archive:
        from jina_tel.collector.store.duck import DuckStore

        return DuckStore(":memory:", clock)


def fresh(clock=time.time) -> Archive:
    return Fresh.make(clock)


def slow(examples: int):
    return settings(
        max_examples=max(2, examples // Fresh.examples_of),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


def row(id: str, at: int = MONDAY, uid: int = 1, **changes) -> Row:
    """Return an event; what is not a column of a row is a fact."""
    columns = {"product": "jina", "kept": True, "event": "Flow.start"}
    given = {name: changes.pop(name, value) for name, value in columns.items()}
    own = {"uptime": changes.pop("uptime", UPTIME), "session": changes.pop("session", "")}
    facts = {**FACTS, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return Row(id=id, at=at, uid=uid, facts=facts, **given, **own)


def who_of(one: Row) -> str:
    if one.facts["ci-vendor"] != "(unset)":
        return "ci"
    return "people" if one.kept else "passing"


def counts_of(rows) -> dict[str, Counter]:
    """Return what every roll-up must hold for these rows, worked out from nothing else."""
    unique = list({one.id: one for one in reversed(list(rows))}.values())
    return {
        "actives": _actives(unique),
        "starts": Counter((*_place(one), one.event, _version(one), who_of(one)) for one in unique),
        "installs": Counter(key[:-1] for key in {(*_use(one), one.uid) for one in unique}),
        "cohorts": _cohorts(unique),
    }


def counts_in(store) -> dict[str, Counter]:
    """Return what the roll-ups of a store hold, once it has counted all."""
    store.settle()
    tallies = store.rows(
        "SELECT product, week, event, version, who, starts, installs FROM tallies", {}
    )
    return {
        "actives": _summed(store, "product, week, who, version, python, platform", "actives"),
        "starts": Counter({tuple(key): starts for *key, starts, _ in tallies}),
        "installs": Counter({tuple(key): installs for *key, _, installs in tallies}),
        "cohorts": _summed(store, "product, cohort, week", "cohorts"),
    }


def day_of(year: int, month: int, day: int) -> int:
    """Return the moment at which a day begins."""
    return (date(year, month, day) - date(1970, 1, 1)).days * DAY


def _summed(store, keys: str, table: str) -> Counter:
    found = store.rows(f"SELECT {keys}, sum(installs) FROM {table} GROUP BY {keys}", {})
    return Counter({tuple(key): int(number) for *key, number in found})


def _place(one: Row) -> tuple[str, int]:
    return one.product, week_of(one.at // DAY)


def _version(one: Row) -> str:
    return environment_of(one.product, one.facts).version


def _use(one: Row) -> tuple:
    return (*_place(one), one.event, _version(one), who_of(one))


def _actives(unique: list[Row]) -> Counter:
    """Return the installs of each week, each where it was last."""
    last: dict[tuple, tuple] = {}
    for one in unique:
        environment = environment_of(one.product, one.facts)
        key = (*_place(one), who_of(one), one.uid)
        last[key] = max(last.get(key, (0, 0, None)), (one.at, environment.id, environment))
    return Counter(
        (product, week, who, found.version, found.python, found.platform)
        for (product, week, who, _), (_, _, found) in last.items()
    )


def _cohorts(unique: list[Row]) -> Counter:
    weeks = {(*_place(one), one.uid) for one in unique if who_of(one) == "people"}
    first: dict[tuple, int] = {}
    for product, week, uid in weeks:
        first[product, uid] = min(week, first.get((product, uid), week))
    return Counter((product, first[product, uid], week) for product, week, uid in weeks)
