"""How many events of one name are recorded in a minute, by one process."""

from __future__ import annotations

from itertools import count

from . import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE = 60.0
NAMES = 1000


class Caps:
    """Counts the events of each name; a counter is one for all threads.

    Args:
        most: how many of a name in a minute.
    """

    __slots__ = ("_began", "_windows", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self._windows: dict[tuple[str, int], Iterator[int]] = {}
        self._began = clock.monotonic()

    def is_one_too_many(self, name: str, now: float) -> bool:
        """Count one at the monotonic moment ``now``; tell whether it is beyond the cap."""
        return next(self.window(name, now)) >= self.most

    def window(self, name: str, now: float) -> Iterator[int]:
        """Return what counts the events of ``name`` in the minute of ``now``, from 0 on."""
        key = (name, int(max(now - self._began, 0.0) // MINUTE))
        return self._windows.get(key) or self._new_window(key)

    def _new_window(self, key: tuple[str, int]) -> Iterator[int]:
        """Forget the minutes before the last one, too."""
        for old in list(self._windows):
            if old[1] < key[1] - 1:
                self._windows.pop(old, None)
        if len(self._windows) > NAMES:
            self._windows.clear()
        return self._windows.setdefault(key, count())
