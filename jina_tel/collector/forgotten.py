"""Who has asked to be forgotten: of whom nothing that still waits goes on."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection
from pathlib import Path

Install = tuple[str, int]  # of which product, and its uid


def nobody() -> Collection[Install]:
    """Return nobody."""
    return ()


class Forgotten:
    """Remembers them, also over a crash; may be used from several threads.

    Args:
        path: a file of its own, there for as long as it holds somebody.
        elsewhere: returns those of whom others were told; they remember these.
    """

    def __init__(self, path: Path, elsewhere: Callable[[], Collection[Install]] = nobody) -> None:
        self._path = path
        self._elsewhere = elsewhere
        self._here = self.read()
        self._lock = threading.Lock()

    def add(self, product: str, uid: int) -> None:
        """Note one down; raises OSError where that is not on disk."""
        with self._lock, self._path.open("a", encoding="ascii") as file:
            file.write(f"{product} {uid}\n")
            file.flush()
            os.fsync(file.fileno())
            self._here.add((product, uid))

    def all(self) -> set[Install]:
        """Return them, those of whom others were told too; raises what ``elsewhere`` does."""
        elsewhere = self._elsewhere()
        with self._lock:
            return self._here.union(elsewhere)

    def clear_unless(self, waits: Callable[[], object]) -> None:
        """Let go of them, unless something waits of which they may be."""
        with self._lock:
            if not waits():
                self._path.unlink(missing_ok=True)
                self._here.clear()

    def read(self) -> set[Install]:
        """Return those in the file."""
        try:
            lines = self._path.read_text("ascii").splitlines()
        except OSError:
            return set()
        parted = (line.partition(" ") for line in lines)
        return {(product, int(uid)) for product, _, uid in parted if uid.isdecimal()}
