"""From the lines of a segment to the rows of a store.

What stands in a segment was checked by its schema; here it is by the types alone, so that a line
which the disk has changed is left out, and does not keep all others from the store.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from ..identity import session_id
from .decode import moment
from .shapes import EXACT
from .store import Loss, Row

Count = Annotated[int, msgspec.Meta(ge=0, le=EXACT)]


class Line(msgspec.Struct):
    """A line of any product: a segment outlives the schema by which its lines were taken."""

    id: str
    time: str
    product: str
    kept: bool = True
    payload: dict[str, str | int] | None = None
    lost: dict[str, Count] | None = None


class Rows:
    """What stands in some lines.

    Attributes:
        events: a row for each event.
        losses: one for each ledger line.
        corrupt: how many lines could not be read; the disk has changed them.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.events: list[Row] = []
        self.losses: list[Loss] = []
        self.corrupt = 0
        decode = msgspec.json.Decoder(Line).decode
        for text in lines:
            try:
                self._add(decode(text))
            except (ValueError, KeyError):
                self.corrupt += 1

    def _add(self, line: Line) -> None:
        at = moment(line.time)
        if line.lost is not None:
            self.losses.append(Loss(line.id, at, line.product, line.lost))
        elif line.payload is not None:
            self.events.append(_row(line, at, line.payload))


def _row(line: Line, at: int, facts: dict[str, str | int]) -> Row:
    uid, event = facts.pop("uid"), facts.pop("event")
    if not (isinstance(uid, int) and 0 <= uid <= EXACT and isinstance(event, str)):
        raise ValueError("no uid, or no event")
    if facts.get("session-id") == session_id(line.id):
        del facts["session-id"]  # it can be made again
    return Row(line.id, at, line.product, uid, line.kept, event, facts)
