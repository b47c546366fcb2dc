"""The time by which events expire: the clock's, unless that has leapt ahead.

A clock that a fault has set a year ahead would have all events expire at once. What is believed is
kept on disk, so that it holds for a restart, too: machines often start with a wrong clock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .. import files
from .options import DAY_SECONDS
from .store import Store

FILE = "clock"  # in the folder of the segments
WEEK_SECONDS = 7 * DAY_SECONDS
NEWEST = "SELECT max(day) FROM intake"

DOUBT = (
    "the clock is %.0f days ahead of %s, up to which this collector ran or was sent anything: "
    "events expire by that until the clock has stayed so for a week"
)

log = logging.getLogger("jina_tel.collector")


class Calendar:
    """Believes a clock that is over a week ahead only once it has stayed so for one.

    Args:
        path: of the file that holds the moment up to which the clock was believed.
        newest: the moment at which something last came, for where there is no file; None for never.
        clock: tells the time, Unix seconds.
        ticks: monotonic seconds, that nobody sets.
    """

    def __init__(
        self,
        path: Path,
        newest: float | None,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._clock = clock
        self._ticks = ticks
        self._doubted: float | None = None  # since when
        self._believed = (_kept(path) or newest or clock(), ticks())  # what, and when

    def now(self) -> float:
        """Return Unix seconds: the clock's, or where that is doubted, what it should say."""
        said, due = self._clock(), self._due()
        return said if said <= due + WEEK_SECONDS else due

    def note(self) -> float:
        """Look at the clock, note down what is believed, and return it."""
        said, ticks = self._clock(), self._ticks()
        now = self._judged(said, ticks)
        self._believed = (now, ticks)
        with suppress(OSError):  # a full disk: what expires makes room
            files.write_whole(str(self._path), f"{int(now)}\n".encode())
        return now

    def _judged(self, said: float, ticks: float) -> float:
        due = self._due()
        if said <= due + WEEK_SECONDS:
            self._doubted = None
            return said
        if self._doubted is None:
            self._doubted = ticks
            log.warning(DOUBT, (said - due) / DAY_SECONDS, time.strftime("%F", time.gmtime(due)))
        return said if ticks - self._doubted >= WEEK_SECONDS else due

    def _due(self) -> float:
        moment, at = self._believed
        return moment + self._ticks() - at


def calendar_of(folder: Path, store: Store) -> Calendar:
    """Return the calendar of a collector; raises StoreError where its store does not answer."""
    day = store.rows(NEWEST, {})[0][0]
    return Calendar(folder / FILE, (int(day) + 1) * DAY_SECONDS if day else None)


def _kept(path: Path) -> float | None:
    try:
        return float(int(path.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return None
