"""Groups, their shares, and the fold: no group of fewer than ``k`` installs is shown by itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from .tables import shown

Groups = Counter[str]
_PIECE = re.compile(r"\d+|[a-z]+")
RELEASED = 1


def grouped(pairs: Iterable[tuple[object, int]]) -> Groups:
    """Return the sum of each group, its name fit to be shown."""
    groups: Groups = Counter()
    for name, number in pairs:
        groups[shown(name)] += number
    return groups


def folded(groups: Mapping[str, int], fewest: int) -> tuple[Groups, int | None]:
    """Return the groups that may be shown, and the rest's sum.

    The rest is None where it is too small to be shown itself, and 0 where there is none.
    """
    kept = Counter({name: number for name, number in groups.items() if number >= fewest})
    rest = sum(groups.values()) - sum(kept.values())
    return kept, rest if rest == 0 or rest >= fewest else None


def enough(number: int, fewest: int) -> int | None:
    """Return a number of installs, None where it is too small to be shown."""
    return number if number == 0 or number >= fewest else None


def version_key(version: str) -> tuple[tuple[int, ...], int, tuple[tuple[int, str], ...]]:
    """Return what versions are sorted by: 3.9 before 3.10, 3.10.dev1 before 3.10."""
    head = re.match(r"\d+(\.\d+)*", version)
    release = tuple(int(one[:18]) for one in head[0].split(".")) if head else ()
    tail = version[len(head[0]) :].lower() if head else version.lower()
    is_released = RELEASED if not tail or tail.startswith((".post", "+")) else 0
    pieces = tuple(_piece(one) for one in _PIECE.findall(tail))
    return _without_zeros(release), is_released, pieces


def _piece(text: str) -> tuple[int, str]:
    return (int(text[:18]), "") if text.isdecimal() else (-1, text)


def _without_zeros(release: tuple[int, ...]) -> tuple[int, ...]:
    while release and release[-1] == 0:
        release = release[:-1]
    return release
