"""The journal on disk: writers append, the shipper claims, and anybody may purge."""

from __future__ import annotations

import errno
import os
import stat

from .. import files, forks, private, signals
from ..errors import JournalError
from . import CREATED, FULL, WRITTEN
from .part import DiskPart, sent_of, size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import Part
    from .lease import Lease

FILE = "events.jsonl"

_SENDING = "sending-"
_DROPPED = "dropped-"
_ATTEMPTS = 64  # each means that the file was claimed in between


class DiskJournal:
    """The journal in a folder of ours; durable, for what a process can survive.

    Args:
        folder: made at need, mode 0700, by ``prepare``.
        owned: how many of its last levels must be folders of ours and no links.
    """

    def __init__(self, folder: str, owned: int) -> None:
        self.folder = folder
        self._owned = owned
        self._path = os.path.join(folder, FILE)
        self._lease: Lease | None = None

    def prepare(self, *beside: str) -> None:
        """Make the folder; raises JournalError where a journal cannot be kept there.

        Args:
            beside: names of the other files without which it is of no use.
        """
        if not files.CAN_LOCK:
            raise JournalError("this system has no flock")
        try:
            private.own_folder(self.folder, self._owned)
            for name in (FILE, *beside):
                _refuse_foreign(os.path.join(self.folder, name))
        except OSError as error:
            signals.let_through(error)
            raise JournalError(f"no journal in {self.folder}: {error}") from error

    def append(self, line: bytes, most_bytes: int) -> int:
        """Append one line.

        Raises:
            OSError: it could not be written.
        """
        for _ in range(_ATTEMPTS):
            descriptor = files.open_file(self._path, files.APPEND)
            try:
                if files.share(files.ours(descriptor)):
                    # A claimed file is emptied before it is unlinked, so only an empty one has
                    # to be asked for its links, at twice the price of its size.
                    size = os.lseek(descriptor, 0, os.SEEK_END)
                    if size or os.fstat(descriptor).st_nlink:
                        return _append_to(descriptor, line, size, most_bytes)
            finally:
                files.leave(descriptor)
        raise OSError(errno.EBUSY, "the journal was claimed again and again", self._path)

    def lease(self, most_bytes: int) -> Lease | None:
        """Keep the file open for a run of lines; None where it is new, claimed, or has no room."""
        leases = forks.load("jina_tel.journal.lease")
        self.let_go()
        if self._lease is not None:
            return None
        try:
            self._lease = leases.take(self._path, most_bytes)
        except OSError as error:
            signals.let_through(error)
            return None
        return self._lease

    def let_go(self) -> None:
        """End the lease, if there is one; a line that is being written by it comes first."""
        lease = self._lease
        if lease is not None and lease.end() and self._lease is lease:
            self._lease = None

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
        self.let_go()  # or what is claimed could not be finished
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

    def waits(self) -> bool:
        """Tell whether anything does: one look, where something was just recorded."""
        return size_of(self._path) > 0 or self.waiting_bytes() > 0

    def waiting_bytes(self) -> int:
        """Return the size of all that waits."""
        # In this order: what is claimed in between is counted twice, and not missed.
        written = size_of(self._path)
        claimed = map(self._part_path, self._sending())
        return written + sum(size_of(path) - sent_of(path) for path in claimed)

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


def _refuse_foreign(path: str) -> None:
    """Raise OSError where something that we cannot use stands in our place.

    Asks by opening it, at once: between two questions it may be claimed, and look like gone.
    """
    try:
        descriptor = files.open_file(path, files.UPDATE)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "something that is no file stands in our place", path)
    finally:
        files.close(descriptor)


def _append_to(descriptor: int, line: bytes, size: int, most_bytes: int) -> int:
    if size + len(line) > most_bytes:
        return FULL
    # A full disk may take a part of it. What stands there then is counted as corrupt by the
    # shipper, so it is not counted here.
    os.write(files.ours(descriptor), line)
    return WRITTEN if size else CREATED


def _is_ours(path: str) -> bool:
    """Tell whether this is a file that we can read to its end and then delete."""
    try:
        descriptor = files.open_file(path, files.UPDATE)
        try:
            return stat.S_ISREG(os.fstat(descriptor).st_mode)
        finally:
            files.close(descriptor)
    except OSError:
        return False


def _lines(path: str) -> int:
    """Return how many lines of a claimed file were not sent yet."""
    if not _is_ours(path):
        return 0
    try:
        with open(path, "rb") as file:
            file.seek(sent_of(path))
            return sum(1 for line in file if line != b"\n")
    except OSError:
        return 0
