"""First events, one at a time in each thread: to record one, parts of ours may be imported."""

from __future__ import annotations

import os
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


class Turns:
    """Has events recorded, and not one in the midst of another.

    A signal handler of the host's that comes amid our imports, and starts something, would find
    half of a module: its event is recorded when the one it came into is.

    Args:
        record: records the event of this name, now.
    """

    def __init__(self, record: Callable[[str], None]) -> None:
        self._record = record
        self._under_way: set[tuple[int, int]] = set()
        self._postponed: list[tuple[int, str]] = []

    def take(self, name: str) -> None:
        """Record the event, now or behind the one that is under way."""
        turn = os.getpid(), get_ident()  # a child's thread may have the number of one that was
        if turn in self._under_way:
            self._postponed.append((turn[0], name))
            return
        try:
            self._under_way.add(turn)
            self._record(name)
        finally:
            self._under_way.discard(turn)
            self._take_postponed()

    def _take_postponed(self) -> None:
        while self._postponed:
            try:
                pid, name = self._postponed.pop(0)
            except IndexError:
                return  # another thread took the last one
            if pid == os.getpid():  # else the parent's own, who has it, too
                self._record(name)
