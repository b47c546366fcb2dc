"""What was lost on purpose or by force, counted by reason until it is written down."""

from __future__ import annotations

from _collections import deque  # type: ignore[import-not-found] # collections costs 1 ms

COMPACT = 1024


class Ledger:
    """Counts of losses that no line in the journal tells of yet.

    Takes no lock: a signal handler or a fork may come at any point.
    """

    __slots__ = ("_noted",)

    def __init__(self) -> None:
        self._noted: deque[tuple[str, int]] = deque()

    def __bool__(self) -> bool:
        return bool(self._noted)

    def note(self, reason: str, number: int = 1) -> None:
        """Count ``number`` events lost for ``reason``, one of ``payload.REASONS``."""
        if number > 0:
            self._noted.append((reason, number))
        if len(self._noted) > COMPACT:
            self.put_back(self.take())

    def take(self) -> dict[str, int]:
        """Return the counts by reason, which are the caller's to write down from now on."""
        counts: dict[str, int] = {}
        while self._noted:
            try:
                reason, number = self._noted.popleft()
            except IndexError:
                break  # another thread took the last one
            counts[reason] = counts.get(reason, 0) + number
        return counts

    def put_back(self, counts: dict[str, int]) -> None:
        """Take back counts that could not be written down."""
        self._noted.extend(counts.items())
