"""Which schemas are missing: of what products lines are refused for want of one, or of a newer one.

A client drops what was refused, so whoever runs the collector has to hear of it: on standard error,
on the page and in the report. Nothing that a stranger sent is repeated there but the name of a
product, and that only where it has the form of one.
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

PRODUCT = re.compile(r"[a-z][a-z0-9-]{0,15}")
NO_FIELD = "payload: Object contains unknown "  # as msgspec says it
SAY_SECONDS = 60.0
MOST = 20  # products without a schema that are remembered, beside all that have one
NAMED = 3  # products in one line

Lacking = tuple[str, bool]  # a product, and whether a schema of it is known, but an older one

log = logging.getLogger("jina_tel.collector")


def why_of(product: str, why: str, *, is_known: bool) -> str:
    """Return why a line is refused if it is for want of a schema, else ``""``.

    Args:
        product: that the line names.
        why: what was found wrong with it.
        is_known: whether a schema of the product is known.
    """
    if not is_known:
        wanted = (
            f"no schema of {product} is known here; the collector wants --schema {product}.json"
        )
        return f"product: {wanted}" if PRODUCT.fullmatch(product) else ""
    if why.startswith(NO_FIELD):
        field = why.removeprefix(NO_FIELD)
        return f"payload: the collector's schema of {product} is older than this line: no {field}"
    return ""


class Refused(NamedTuple):
    """Lines of one product that were refused for want of a schema, and what to do about it."""

    product: str
    lines: int
    why: str

    def __str__(self) -> str:
        return f"refused {self.lines} line{'s' * (self.lines != 1)} of {self.product}: {self.why}"


class Missing:
    """Counts refused lines by product, and says so, once a minute at the most.

    Args:
        clock: tells monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: Counter[Lacking] = Counter()
        self._unsaid: Counter[Lacking] = Counter()
        self._due = clock()

    def count(self, lacking: Mapping[Lacking, int]) -> None:
        """Count lines that were refused, and say so if it is time."""
        for counts in (self._lines, self._unsaid):
            counts.update(lacking)
            unknown = [key for key, _ in counts.most_common() if not key[1]]
            for key in unknown[MOST:]:  # somebody makes up names
                del counts[key]
        if self._unsaid and self._clock() >= self._due:
            self._due = self._clock() + SAY_SECONDS
            log.warning("%s", _said(_told(self._unsaid)))
            self._unsaid.clear()

    def told(self) -> list[Refused]:
        """Return what was refused since the start; any thread may ask.

        Products that have a schema come first, for no stranger can make up any; then most of it.
        """
        return _told(self._lines.copy())


def _told(lines: Counter[Lacking]) -> list[Refused]:
    first = sorted(lines.most_common(), key=lambda counted: not counted[0][1])
    return [Refused(name, n, _why(name, is_known)) for (name, is_known), n in first]


def _why(product: str, is_known: bool) -> str:
    if is_known:
        return "its schema here is older than they are; give the newer one, too"
    return f"no schema of it is known; start with --schema {product}.json"


def _said(refused: list[Refused]) -> str:
    more = len(refused) - NAMED
    named = "; ".join(map(str, refused[:NAMED]))
    return f"{named}; and of {more} more products" if more > 0 else named
