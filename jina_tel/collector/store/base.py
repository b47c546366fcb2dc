"""What a store is: where the rows of all events are kept and counted.

The collector writes through this seam, and the page, the report and the export read through it.
The text of a question (``queries``) is the same for each store; only its parameters are bound in
the engine's own way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import msgspec

REJECTED = "rejected"  # the one reason that the collector counts itself; no client sends it

Parameters = Mapping[str, int | str]
Answer = list[tuple[Any, ...]]


# Structs and no dataclasses: one is made in a tenth of the time, and the garbage collector does not
# look at them; tens of thousands are made a second.


class Row(msgspec.Struct, frozen=True, gc=False):
    """One event that was accepted.

    Attributes:
        id: the event's id, the same on every resend.
        at: when the start succeeded, Unix seconds, UTC.
        product: whose event it is.
        uid: the installation, below 2^53.
        kept: False where the uid is not kept (CI, a container, a home that cannot be written), so
            that it is one run and no installation.
        event: its name, ``Flow.start`` or ``Client.failed``.
        facts: the rest of the payload. Of events that have the same it had better be one object:
            it is known by sight then.
        uptime: when the run began, as text; ``""`` where nothing says it.
        session: the session's id, where it is not the one that is made from the event's id.
    """

    id: str
    at: int
    product: str
    uid: int
    kept: bool
    event: str
    facts: Mapping[str, str | int]
    uptime: str = ""
    session: str = ""


class Loss(msgspec.Struct, frozen=True, gc=False):
    """A ledger line: how many events were lost, by reason.

    Attributes:
        id: the line's id, the same on every resend.
        at: when it was written, Unix seconds, UTC.
        product: whose events were lost.
        lost: how many, by reason; the collector's own reason is ``REJECTED``.
    """

    id: str
    at: int
    product: str
    lost: Mapping[str, int]


class Store(Protocol):
    """Keeps rows, counts them as they come, and answers questions."""

    def load(self, rows: Sequence[Row], losses: Sequence[Loss], segment: str = "") -> int:
        """Keep what is new, all or nothing, and return how many rows were; again is harmless.

        Where many write to one store, what another has brought is found when it is counted, and
        an error may leave a part, which is there once after the next try.

        Args:
            rows: of events.
            losses: ledger lines.
            segment: the name of what they come from; the same again is the same rows again.
        """
        ...

    def settle(self, calm_seconds: int = 0) -> int:
        """Bring the roll-ups up to what has been loaded; return how many days were counted.

        Args:
            calm_seconds: leave a day, or a week, alone that somebody has counted so short ago.
        """
        ...

    def problems(self) -> list[str]:
        """Return what is wrong with the tables, a sentence each."""
        ...

    def forget(self, product: str, uid: int) -> int:
        """Remove every row of this uid, from all counts too, and return how many they were."""
        ...

    def forgotten(self) -> Collection[tuple[str, int]]:
        """Return the products and uids of which whoever writes to it shall let nothing go on."""
        ...

    def expire(self, before: int) -> int:
        """Remove the rows of events before this moment (Unix seconds); return how many."""
        ...

    def rows(self, text: str, parameters: Parameters) -> Answer:
        """Answer a question; ``$name`` in its text is the parameter of this name."""
        ...

    def close(self) -> None:
        """Write all down and give the store back; again is harmless."""
        ...
