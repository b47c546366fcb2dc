"""The journal's file kept open for a moment, while line follows line.

To open, lock, unlock and close are two thirds of what a line costs. Nobody waits for the lock: who
ships the file sends what stands there, and deletes it the next time. Ahead of each line the
descriptor is asked whether it is still ours, for a host may close all that are open, and get its
number for a file of its own: ours says of itself what hardly another does, *only to be appended
to, never waiting, behind no link*.
"""

from __future__ import annotations

import os
from fcntl import F_GETFL, fcntl

from .. import clock, files, forks

END_SECONDS = 0.05  # a line takes microseconds
GIVEN_UP_SECONDS = 5.0  # and where a disk hangs, as long as it likes
# Of what room there is: so many others may have a lease, too, and the journal stays near its bound.
SHARE = 32
LINE_BYTES = 1024  # more than most lines have


class Lease:
    """The right to append some lines to one file; whoever claims it meanwhile gets them.

    Attributes:
        lines: how many, 1 or more.
        lock: taken without waiting around each line, so that the file is not closed under it.
        held: the descriptor; its number is -1 once the lease has ended.
    """

    __slots__ = ("_flags", "_overdue_since", "held", "lines", "lock")

    def __init__(self, descriptor: int, lines: int) -> None:
        self.lines = lines
        self.lock = forks.new_lock()
        self.held = files.Held(descriptor)
        self._flags = fcntl(descriptor, F_GETFL)
        self._overdue_since = float("inf")

    def append(self, line: bytes) -> bool:
        """Append a line; False where that has to be done in another way. For who has the lock."""
        number = self.held.number
        try:
            return fcntl(number, F_GETFL) == self._flags and os.write(number, line) > 0
        except (OSError, ValueError):  # of a number below 0 it says ValueError
            return False

    def is_ended(self) -> bool:
        """Tell whether nothing can be appended by it any more."""
        return self.held.number < 0

    def end(self) -> bool:
        """Close the file; False where a line is being written to it all the while.

        That is believed for some seconds: then whoever has the lock was ended by a signal.
        """
        now = clock.monotonic()
        has_lock = self.lock.acquire(timeout=END_SECONDS)
        self._overdue_since = min(self._overdue_since, now)
        if not has_lock and now - self._overdue_since < GIVEN_UP_SECONDS:
            return False
        try:
            self._close()
        except OSError:
            pass  # the host has closed it
        finally:
            if has_lock:
                self.lock.release()
        return True

    def _close(self) -> None:
        number = self.held.number
        if self.held.forget():
            files.leave(number)


def take(path: str, most_bytes: int) -> Lease | None:
    """Return a lease on ``path``; raises OSError where it cannot be opened.

    None for an empty file: it is new, or claimed and deleted by now, and what asks which of them
    it is appends a single line.
    """
    descriptor = files.open_file(path, files.APPEND)
    try:
        lines = _lines_for(descriptor, most_bytes)
        if lines:
            lease = Lease(descriptor, lines)
            descriptor = -1
            return lease
        return None
    finally:
        if descriptor >= 0:
            files.close(descriptor)


def _lines_for(descriptor: int, most_bytes: int) -> int:
    """Return how many lines there is room for; for more than none the lock is held."""
    if not files.share(files.ours(descriptor)):
        return 0
    size = os.lseek(descriptor, 0, os.SEEK_END)
    lines = (most_bytes - size) // SHARE // LINE_BYTES if size else 0
    if lines < 1:
        files.release(descriptor)
    return max(0, lines)
