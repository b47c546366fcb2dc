"""The journal where none can be kept on disk."""

from __future__ import annotations

from _collections import deque  # type: ignore[import-not-found] # collections costs 1 ms

from . import FULL, WRITTEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import Part
    from .lease import Lease


class MemoryJournal:
    """Lines of this process, gone with it."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self._bytes = 0

    def append(self, line: bytes, most_bytes: int) -> int:
        """Append one line."""
        if self._bytes + len(line) > most_bytes:
            return FULL
        self._lines.append(line)
        self._bytes += len(line)
        return WRITTEN

    def claim(self) -> Part | None:
        """Return what waits, or None."""
        return MemoryPart(self) if self._lines else None

    def claim_behind(self, part: Part) -> Part | None:
        """Return None: there is one part, and its owner is its only writer."""
        return None

    def lease(self, most_bytes: int) -> Lease | None:
        """Return None: nothing has to be opened."""
        return None

    def let_go(self) -> None:
        """Do nothing: there is no lease."""

    def waits(self) -> bool:
        """Tell whether anything does."""
        return bool(self._lines)

    def waiting_bytes(self) -> int:
        """Return the size of all that waits."""
        return self._bytes if self._lines else 0

    def purge(self) -> int:
        """Forget all that waits; return how many lines that were."""
        lines = len(self._lines)
        self._lines.clear()
        self._bytes = 0
        return lines

    def take(self, most_events: int, most_bytes: int) -> list[bytes]:
        """Return the first lines; they stay."""
        lines: list[bytes] = []
        size = 0
        for line in list(self._lines)[:most_events]:
            size += len(line)
            if lines and size > most_bytes:
                break
            lines.append(line)
        return lines

    def drop(self, count: int) -> None:
        """Forget the first ``count`` lines."""
        for _ in range(min(count, len(self._lines))):
            self._bytes -= len(self._lines.popleft())
        if not self._lines:
            self._bytes = 0  # two threads may have counted past each other


class MemoryPart:
    """What waits in memory, from its first line on."""

    torn = False

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal

    def read(self, most_events: int, most_bytes: int) -> tuple[list[bytes], int]:
        """Return the first lines and their number."""
        lines = self._journal.take(most_events, most_bytes)
        return lines, len(lines)

    def advance(self, reached: int) -> None:
        """Forget the first ``reached`` lines."""
        self._journal.drop(reached)

    def finish(self) -> bool:
        """Tell whether all was sent."""
        return self._journal.waiting_bytes() == 0
