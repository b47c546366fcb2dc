"""The journal: one complete line an event on disk, shared by a user's processes.

A writer opens, appends and closes, holds no lock that another can wait for, and has nothing to
repair after a fork. Where line follows line it keeps the file open for a moment, a *lease*. The
shipper claims what is written by renaming the file away. Who had it open by then, or opens it too
late, is told by the lock and by the number of links, and opens the name again, which leads to a
new file.

::

    events.jsonl      what is being written
    sending-N         what was claimed and is being sent, the lowest N first
    sending-N.at      how far it was sent, in bytes
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Protocol

    from .lease import Lease

    class Part(Protocol):
        """What was claimed: read in batches, and done when all of it was sent.

        ``torn`` tells, once it is finished, that its last line was never whole.
        """

        torn: bool

        def read(self, most_events: int, most_bytes: int) -> tuple[list[bytes], int]:
            """Return the next lines, and what ``advance`` is to be told when they were sent."""

        def advance(self, reached: int) -> None:
            """Note that all before ``reached`` was sent."""

        def finish(self) -> bool:
            """Give it up if all was sent; False where something came, or may still come."""

    class Journal(Protocol):
        """Where recorded events wait."""

        def append(self, line: bytes, most_bytes: int) -> int:
            """Keep one line: ``CREATED``, ``WRITTEN``, or ``FULL`` past ``most_bytes``."""

        def claim(self) -> Optional[Part]:
            """Return what is to be sent next, or None."""

        def claim_behind(self, part: Part) -> Optional[Part]:
            """Return what is to be sent next where ``part`` cannot be finished yet."""

        def lease(self, most_bytes: int) -> Optional[Lease]:
            """Keep the file open for a run of lines; None where that cannot be done."""

        def let_go(self) -> None:
            """End the lease that there is."""

        def waits(self) -> bool:
            """Tell whether anything does."""

        def waiting_bytes(self) -> int:
            """Return how much waits, in bytes."""

        def purge(self) -> int:
            """Delete all that waits; return how many lines that were."""


CREATED, WRITTEN, FULL = 1, 2, 3
