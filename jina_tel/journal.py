"""The journal: one complete line an event on disk, shared by a user's processes.

A writer opens, appends and closes, holds no lock that another can wait for, and has nothing to
repair after a fork. The shipper claims what is written by renaming the file away. Who had it
open by then, or opens it too late, is told by the lock and by the number of links, and opens
the name again, which leads to a new file.

::

    events.jsonl      what is being written
    sending-N         what was claimed and is being sent, the lowest N first
    sending-N.at      how far it was sent, in bytes
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque

from . import files
from .errors import JournalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Protocol

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

        shared: bool

        def append(self, line: bytes, most_bytes: int) -> int:
            """Keep one line: ``CREATED``, ``WRITTEN``, or ``FULL`` past ``most_bytes``."""

        def claim(self) -> Optional[Part]:
            """Return what is to be sent next, or None."""

        def claim_behind(self, part: Part) -> Optional[Part]:
            """Return what is to be sent next where ``part`` cannot be finished yet."""

        def waiting_bytes(self) -> int:
            """Return how much waits, in bytes."""

        def purge(self) -> int:
            """Delete all that waits; return how many lines that were."""


CREATED, WRITTEN, FULL = 1, 2, 3
FILE = "events.jsonl"
LINE_BYTES = 64 * 1024  # far above the longest line of ours: more is somebody else's file

_SENDING = "sending-"
_DROPPED = "dropped-"
_ATTEMPTS = 64  # each means that the file was claimed in between


class DiskJournal:
    """The journal in a folder of ours; durable, for what a process can survive.

    Args:
        folder: made at need, mode 0700, by ``prepare``.
        owned: how many of its last levels must be folders of ours and no links.
    """

    shared = True

    def __init__(self, folder: str, owned: int) -> None:
        self.folder = folder
        self._owned = owned
        self._path = os.path.join(folder, FILE)

    def prepare(self, *beside: str) -> None:
        """Make the folder; raises JournalError where a journal cannot be kept there.

        Args:
            beside: names of the other files without which it is of no use.
        """
        if not files.CAN_LOCK:
            raise JournalError("this system has no flock")
        try:
            files.own_folder(self.folder, self._owned)
            for name in (FILE, *beside):
                _refuse_foreign(os.path.join(self.folder, name))
        except OSError as error:
            raise JournalError(f"no journal in {self.folder}: {error}") from error

    def append(self, line: bytes, most_bytes: int) -> int:
        """Append one line.

        Raises:
            OSError: it could not be written.
        """
        for _ in range(_ATTEMPTS):
            descriptor = os.open(self._path, files.APPEND, 0o600)
            try:
                if files.share(descriptor):
                    try:
                        # A claimed file is emptied before it is unlinked, so only an empty one
                        # has to be asked for its links, at twice the price of its size.
                        size = os.lseek(descriptor, 0, os.SEEK_END)
                        if size or os.fstat(descriptor).st_nlink:
                            return _append_to(descriptor, line, size, most_bytes)
                    finally:
                        files.release(descriptor)  # a child forked just now holds a copy of it
            finally:
                os.close(descriptor)
        raise OSError(errno.EBUSY, "the journal was claimed again and again", self._path)

    def claim(self) -> Part | None:
        """Return what an earlier shipper left, else what is written by now, else None.

        For the elected shipper alone.
        """
        numbers = self._sending()
        return DiskPart(self._part_path(numbers[0])) if numbers else self._claim_new()

    def parts(self) -> list[DiskPart]:
        """Return what waits, the oldest first, for whoever looks and claims nothing."""
        claimed = [self._part_path(number) for number in self._sending()]
        return [DiskPart(path) for path in (*claimed, self._path)]

    def claim_behind(self, part: Part) -> Part | None:
        """Return what is to be sent next where ``part`` cannot be finished yet."""
        assert isinstance(part, DiskPart)
        later = [number for number in self._sending() if number > part.number]
        return DiskPart(self._part_path(later[0])) if later else self._claim_new()

    def _claim_new(self) -> Part | None:
        path = self._part_path(max(self._numbers(), default=0) + 1)
        files.remove(f"{path}.at")  # of a shipper that was killed between its two last acts
        try:
            os.rename(self._path, path)
        except FileNotFoundError:
            return None
        return DiskPart(path)

    def _part_path(self, number: int) -> str:
        return os.path.join(self.folder, f"{_SENDING}{number}")

    def _sending(self) -> list[int]:
        """Return the numbers of what was claimed; what else bears such a name is left alone."""
        return [number for number in self._numbers() if _is_ours(self._part_path(number))]

    def _numbers(self) -> list[int]:
        numbers = (name[len(_SENDING) :] for name in self._names() if name.startswith(_SENDING))
        return sorted(int(number) for number in numbers if number.isdecimal())

    def _names(self) -> list[str]:
        try:
            return os.listdir(self.folder)
        except OSError:
            return []

    def waiting_bytes(self) -> int:
        """Return the size of all that waits."""
        # In this order: what is claimed in between is counted twice, and not missed.
        written = _size(self._path)
        claimed = map(self._part_path, self._sending())
        return written + sum(_size(path) - _sent_of(path) for path in claimed)

    def purge(self) -> int:
        """Claim and delete all that waits, and what has left; return how many lines waited.

        For anybody, at any time: a shipper at work finds its part gone, and ends.
        """
        dropped = os.path.join(self.folder, f"{_DROPPED}{os.urandom(4).hex()}")
        try:
            os.rename(self._path, dropped)
        except OSError:
            pass
        doomed = [name for name in self._names() if name.startswith((_SENDING, _DROPPED))]
        paths = [os.path.join(self.folder, name) for name in sorted(doomed)]
        lines = sum(_lines(path) for path in paths if not path.endswith(".at"))
        for path in paths:
            files.remove(path)
        return lines


class DiskPart:
    """One claimed file, ``sending-N``; it stays until all of it was sent."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.torn = False
        self._reached = _sent_of(path)

    @property
    def number(self) -> int:
        """Return N, by which the parts are in order."""
        return int(self.path.rpartition("-")[2])

    def read(self, most_events: int, most_bytes: int) -> tuple[list[bytes], int]:
        """Return the next whole lines, at the least one where there is one.

        A line without its end may still be in the writing, and is left.
        """
        lines: list[bytes] = []
        reached = self._reached
        size = 0
        try:
            descriptor = os.open(self.path, files.READ)
        except FileNotFoundError:
            return [], reached  # somebody said no in between, and it was purged
        with os.fdopen(descriptor, "rb") as file:
            file.seek(reached)
            while len(lines) < most_events:
                line = file.readline(LINE_BYTES)
                if not _is_whole(line) or (lines and size + len(line) > most_bytes):
                    break
                reached += len(line)
                if line != b"\n":
                    lines.append(line)
                    size += len(line)
        return lines, reached

    def advance(self, reached: int) -> None:
        """Keep the offset, so that the next shipper goes on there.

        Where it cannot be written, the next one sends again what we have sent, which does no harm.
        """
        self._reached = reached
        try:
            descriptor = os.open(f"{self.path}.at", files.WRITE, 0o600)
        except OSError:
            return
        try:
            os.write(descriptor, b"%020d" % reached)
        except OSError:
            pass
        finally:
            os.close(descriptor)

    def finish(self) -> bool:
        """Delete the file if all was sent and nobody writes to it."""
        try:
            descriptor = os.open(self.path, files.UPDATE)
        except FileNotFoundError:
            return True
        try:
            if not files.seize(descriptor):
                return False
            try:
                return self._delete(descriptor)
            finally:
                files.release(descriptor)
        finally:
            os.close(descriptor)

    def _delete(self, descriptor: int) -> bool:
        rest = os.pread(descriptor, LINE_BYTES, self._reached)
        whole, _, torn = rest.rpartition(b"\n")
        if whole.strip(b"\n") or len(rest) == LINE_BYTES:
            return False
        self.torn = bool(torn)  # nobody writes any more, so its end will never come
        # In this order: a file without its offset is sent again, which does no harm, but an
        # offset would hide what is written behind it. A writer that comes too late finds the
        # file empty, and asks whether it is still there.
        files.remove(f"{self.path}.at")
        os.ftruncate(descriptor, 0)
        files.remove(self.path)
        return True


class MemoryJournal:
    """The journal where none can be kept on disk: of this process, and gone with it."""

    shared = False

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


def _refuse_foreign(path: str) -> None:
    """Raise OSError where something that we cannot use stands in our place.

    Asks by opening it, at once: between two questions it may be claimed, and look like gone.
    """
    try:
        descriptor = os.open(path, files.UPDATE)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "something that is no file stands in our place", path)
    finally:
        os.close(descriptor)


def _append_to(descriptor: int, line: bytes, size: int, most_bytes: int) -> int:
    if size + len(line) > most_bytes:
        return FULL
    # A full disk may take a part of it. What stands there then is counted as corrupt by the
    # shipper, so it is not counted here.
    os.write(descriptor, line)
    return WRITTEN if size else CREATED


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"\n") or len(line) == LINE_BYTES


def _is_ours(path: str) -> bool:
    """Tell whether this is a file that we can read to its end and then delete."""
    try:
        descriptor = os.open(path, files.UPDATE)
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    finally:
        os.close(descriptor)


def _size(path: str) -> int:
    try:
        status = os.lstat(path)
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _lines(path: str) -> int:
    """Return how many lines of a claimed file were not sent yet."""
    if not _is_ours(path):
        return 0
    try:
        with open(path, "rb") as file:
            file.seek(_sent_of(path))
            return sum(1 for line in file if line != b"\n")
    except OSError:
        return 0


def _sent_of(path: str) -> int:
    """Return how much of a claimed file was sent, in bytes; 0 where that cannot be."""
    try:
        sent = int(files.read_bytes(f"{path}.at", 64))
    except (OSError, ValueError):
        return 0
    return sent if 0 <= sent <= _size(path) else 0
