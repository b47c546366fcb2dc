"""Rows as columns, the form in which an engine takes many at once.

What a process's events have in common is its *environment*; it is kept once, under a hash.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b

import numpy
from numpy.typing import NDArray

from ...facts import UNSET
from .base import Answer, Loss, Row

DAY_SECONDS = 86_400
MOST_KNOWN = 50_000  # environments that are remembered; more are only hashed again
INTAKE = ("product", "day", "accepted", "duplicate", "in_minute", "in_hour", "in_day", "later")

Columns = dict[str, "NDArray[numpy.generic]"]
Facts = Mapping[str, "str | int"]


@dataclass(frozen=True, slots=True)
class Environment:
    """All facts of a process but when it began: a row of the table of this name."""

    id: int
    product: str
    version: str
    python: str
    platform: str
    architecture: str
    vendor: str
    facts: str


def week_of(day: int) -> int:
    """Return the week of a day; both counted as ``tables.sql`` says."""
    return (day + 3) // 7


def first_day(week: int) -> int:
    """Return the day with which a week begins, a Monday."""
    return week * 7 - 3


def environment_of(product: str, facts: Facts) -> Environment:
    """Return the environment of an event with these facts; its id is 48 bits of their hash."""
    given = {name: facts[name] for name in sorted(facts)}
    text = json.dumps(given, separators=(",", ":"))
    digest = blake2b(f"{product}\0{text}".encode(), digest_size=6).digest()
    return Environment(
        id=int.from_bytes(digest, "big"),
        product=product,
        version=str(given.get(product, given.get("version", UNSET))),
        python=".".join(str(given.get("python", UNSET)).split(".")[:2]),
        platform=str(given.get("platform", UNSET)),
        architecture=str(given.get("architecture", UNSET)),
        vendor=str(given.get("ci-vendor", UNSET)),
        facts=text,
    )


class Loom:
    """Makes columns of rows; remembers the environments that it has seen lately."""

    def __init__(self) -> None:
        self._known: dict[object, Environment] = {}
        self._seen: dict[int, tuple[Facts, Environment]] = {}  # by which object the facts are
        self._new: list[Environment] = []

    def events(self, rows: Sequence[Row]) -> tuple[Columns, Columns]:
        """Return the columns of events, of those with one id the first, and of new environments."""
        events, _ = self.known(rows)
        return events, self.news()

    def known(self, rows: Sequence[Row]) -> tuple[Columns, list[Environment]]:
        """Return the columns of events, as ``events`` does, and the environment of each."""
        unique = {row.id: row for row in reversed(rows)}.values()
        environments = [self._environment(row) for row in unique]
        events = {
            "id": _texts([row.id for row in unique]),
            "moment": _numbers([row.at for row in unique]),
            "product": _texts([row.product for row in unique]),
            "uid": _numbers([row.uid for row in unique]),
            "kept": numpy.array([row.kept for row in unique], dtype=numpy.bool_),
            "event": _texts([row.event for row in unique]),
            "environment": _numbers([one.id for one in environments]),
            "uptime": _texts([row.uptime for row in unique]),
            "session": _texts([row.session for row in unique]),
        }
        return events, environments

    def _environment(self, row: Row) -> Environment:
        facts, known = self._seen.get(id(row.facts), (None, None))
        if known is not None and facts is row.facts and known.product == row.product:
            return known
        if len(self._seen) >= MOST_KNOWN:
            self._seen.clear()
        known = self._environment_of(row.product, row.facts)
        self._seen[id(row.facts)] = row.facts, known  # kept, so that no other has this id
        return known

    def _environment_of(self, product: str, facts: Facts) -> Environment:
        # Names and values as two tuples: three times as fast as a tuple of pairs.
        key = (product, tuple(facts), tuple(facts.values()))
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = environment_of(product, facts)
            self._new.append(known)
        return known

    def news(self) -> Columns:
        """Return the environments that were not known, once."""
        new, self._new = {one.id: one for one in self._new}.values(), []
        numbers = _numbers([one.id for one in new])
        rest = (field.name for field in fields(Environment)[1:])
        return {"id": numbers, **{name: _texts([getattr(e, name) for e in new]) for name in rest}}


def digest_of(ids: Iterable[str]) -> str:
    """Return a name for these events in this order, which no others have."""
    return blake2b("\n".join(ids).encode(), digest_size=16).hexdigest()


def losses_in(lines: Sequence[Loss]) -> Columns:
    """Return the columns of losses, a row for each reason; of lines with one id the first."""
    unique = {line.id: line for line in reversed(lines)}.values()
    flat = [(line, *pair) for line in unique for pair in line.lost.items()]
    return {
        "id": _texts([line.id for line, _, _ in flat]),
        "moment": _numbers([line.at for line, _, _ in flat]),
        "product": _texts([line.product for line, _, _ in flat]),
        "reason": _texts([reason for _, reason, _ in flat]),
        "lost": _numbers([number for _, _, number in flat]),
    }


def counts_of(rows: Sequence[Row]) -> Columns:
    """Return how many rows came of each product."""
    came = Counter(row.product for row in rows)
    return {"product": _texts([*came]), "n": _numbers([*came.values()])}


def table_of(rows: Answer, names: Sequence[str]) -> Columns:
    """Return the columns of rows: the first is text, the others are numbers."""
    columns = list(zip(*rows, strict=True))
    numbers = {name: _numbers(column) for name, column in zip(names[1:], columns[1:], strict=True)}
    return {names[0]: _texts(columns[0]), **numbers}


def _texts(values: Sequence[object]) -> NDArray[numpy.object_]:
    return numpy.array(values, dtype=numpy.object_)


def _numbers(values: Sequence[int]) -> NDArray[numpy.int64]:
    return numpy.array(values, dtype=numpy.int64)
