"""From the lines of a segment to the rows of a store.

What stands in a segment was checked by its schema; here it is by the types alone, so that a line
which the disk has changed is left out, and does not keep all others from the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated

import msgspec

from ..identity import session_id
from .alike import EXACT, rests_of
from .decode import moment
from .store import Loss, Row

KNOWN = 20_000  # rests of lines whose facts are known; some 2 kB each
AT_ONCE = 1000  # lines that are read together; more would leave the processor's cache
BESIDE = frozenset(("id", "time"))  # stand beside a payload, and are cut out of it, too

Count = Annotated[int, msgspec.Meta(ge=0, le=EXACT)]


class Line(msgspec.Struct):
    """A line of any product: a segment outlives the schema by which its lines were taken."""

    id: str
    time: str
    product: str
    kept: bool = True
    payload: dict[str, str | int] | None = None
    lost: dict[str, Count] | None = None


class Payload(msgspec.Struct, gc=False):
    """What is an event's own in its payload."""

    uid: Count
    session: str = msgspec.field(default="", name="session-id")
    uptime: str = ""


class Own(msgspec.Struct, gc=False):
    """What is an event's own; all else is read where its rest is seen for the first time."""

    id: str
    time: str
    payload: Payload


class Alike(msgspec.Struct, frozen=True):
    """What events have alike; ``facts`` is one object for all of them."""

    product: str
    kept: bool
    event: str
    facts: dict[str, str | int]


class Known(dict[bytes, Alike]):
    """What is known of events by their rests (``alike``), from one segment to the next."""

    def learn(self, rest: bytes, alike: Alike) -> None:
        """Know it the next time."""
        if len(self) >= KNOWN:
            self.clear()
        if not BESIDE & alike.facts.keys():
            self[rest] = alike


class Rows:
    """What stands in some lines.

    Args:
        lines: with or without their newlines.
        known: what was seen in others.

    Attributes:
        events: a row for each event.
        losses: one for each ledger line.
        corrupt: how many lines could not be read; the disk has changed them.
    """

    def __init__(self, lines: Iterable[bytes], known: Known | None = None) -> None:
        self.events: list[Row] = []
        self.losses: list[Loss] = []
        self.corrupt = 0
        self._known = Known() if known is None else known
        self._whole = msgspec.json.Decoder(Line).decode
        self._own = msgspec.json.Decoder(Own).decode
        for some in _some(lines):
            for line, rest in zip(some, rests_of(some), strict=True):
                try:
                    self._add(line, rest)
                except (ValueError, KeyError):
                    self.corrupt += 1

    def _add(self, line: bytes, rest: bytes) -> None:
        alike = self._known.get(rest)
        if alike is None:
            alike = self._look_at(line, rest)
        if alike is None:
            return
        own = self._own(line)
        payload, session = own.payload, own.payload.session
        if session and session == session_id(own.id):
            session = ""  # it can be made again
        row = Row(
            own.id,
            moment(own.time),
            alike.product,
            payload.uid,
            alike.kept,
            alike.event,
            alike.facts,
            payload.uptime,
            session,
        )
        self.events.append(row)

    def _look_at(self, line: bytes, rest: bytes) -> Alike | None:
        """Read all of a line; return what it has alike with others, None where it is no event."""
        whole = self._whole(line)
        if whole.lost is not None:
            self.losses.append(Loss(whole.id, moment(whole.time), whole.product, whole.lost))
        if whole.lost is not None or whole.payload is None:
            return None
        facts = whole.payload
        event = facts.pop("event")
        if not isinstance(event, str):
            raise ValueError("no event")
        for name in ("uid", "session-id", "uptime"):
            facts.pop(name, None)
        alike = Alike(whole.product, whole.kept, event, facts)
        self._known.learn(rest, alike)
        return alike


def _some(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    iterator = iter(lines)
    while some := [line.rstrip(b"\n") for line in islice(iterator, AT_ONCE)]:
        yield some
