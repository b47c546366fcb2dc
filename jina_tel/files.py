"""Descriptors, locks and atomic writes: all that differs between systems, and no policy.

On Windows there is no ``fcntl``: ``CAN_LOCK`` is False, and the journal is kept in memory.
"""

from __future__ import annotations

import errno
import os
import stat
import time

from . import clock

try:
    import fcntl
except ImportError:  # Windows
    CAN_LOCK = False
else:
    CAN_LOCK = True

_CLOSED = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
# O_NONBLOCK: opening a FIFO that somebody put where our file should be must not wait; and by it
# ``ours`` knows our files from a host's.
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | _CLOSED
READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _CLOSED
UPDATE = os.O_RDWR | getattr(os, "O_NONBLOCK", 0) | _CLOSED
WRITE = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | _CLOSED

# What says that a place will never do, rather than that it does not do now.
HOPELESS = frozenset(
    getattr(errno, name)
    for name in (
        "EACCES EPERM EROFS ELOOP ENOTDIR EISDIR ENXIO ESPIPE ENOLCK EOPNOTSUPP ENOSYS ENOTSUP"
    ).split()
    if hasattr(errno, name)
)
AGAIN_SECONDS = 0.005


class TakenError(OSError):
    """The host has closed a descriptor of ours."""


def open_file(path: str, flags: int) -> int:
    """Return a descriptor for a file of ours, made at need with mode 0600; raises OSError.

    Its number is none of a standard stream's. Where a host has closed its stdout, the system gives
    that number to who opens next, and what other code then prints, it prints into our file.
    """
    global _shut
    if not _shut:
        descriptor = os.open(path, flags, 0o600)
        if descriptor > 2:
            return descriptor
        _shut = True
        return _above_streams(descriptor)
    with Plugs():  # of two threads one may unplug what the other has plugged
        return _above_streams(os.open(path, flags, 0o600))


def _above_streams(descriptor: int) -> int:
    if descriptor > 2 or not CAN_LOCK:
        return descriptor
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        close(descriptor)


def ours(descriptor: int) -> int:
    """Return the number, for a use right now; raises TakenError where it leads elsewhere by now.

    A host may close all descriptors while we are between two calls, and be given our number for
    a file of its own. Ours never waits, and a host's does. Unlike ``fstat``, asking that keeps
    the interpreter lock, so no thread of the host's comes between the answer and the use.
    """
    try:
        if not (CAN_LOCK and os.get_blocking(descriptor)):
            return descriptor
    except OSError:
        pass
    raise TakenError(errno.EBADF, "the host has closed a file of ours")


def is_ours(descriptor: int) -> bool:
    """Tell whether it may be used right now."""
    try:
        return ours(descriptor) == descriptor
    except TakenError:
        return False


def close(descriptor: int) -> None:
    """Close it, if it is still ours."""
    if is_ours(descriptor):
        os.close(descriptor)


def share(descriptor: int) -> bool:
    """Take the shared lock without waiting; return False where somebody has it alone."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def seize(descriptor: int) -> bool:
    """Take the exclusive lock without waiting; return False where somebody has any."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def seize_within(descriptor: int, seconds: float) -> bool:
    """Take the exclusive lock, and wait up to ``seconds`` for whoever has it; return whether."""
    until = clock.monotonic() + seconds
    while not seize(descriptor):
        if clock.monotonic() >= until:
            return False
        time.sleep(AGAIN_SECONDS)
    return True


def release(descriptor: int) -> None:
    """Give the lock back, if it is still ours, also for the copies that forked children hold.

    Closing is not enough: the lock belongs to the open file, which lives until the last copy
    of the descriptor is closed.
    """
    if is_ours(descriptor):
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def leave(descriptor: int) -> None:
    """Give the lock back and close it, as far as it is still ours; nothing is raised."""
    for act in (release, close) if CAN_LOCK else (close,):
        try:
            act(descriptor)
        except OSError:
            pass  # a file system without locks, or one that tells late: the line is there


class Held:
    """A descriptor that we keep for a while, and ask ahead of each use whether it is still ours.

    Raises:
        TakenError: the host has closed it already.
    """

    __slots__ = ("_inode", "number")

    every: set[Held] = set()  # what a forked child has to close

    def __init__(self, number: int) -> None:
        self.number = number
        self._inode = _inode(number)
        ours(number)  # or that was the inode of a host's file
        Held.every.add(self)

    def is_ours(self) -> bool:
        """Tell whether the number still leads to what it led to at first."""
        return self.number >= 0 and self._inode == _inode(self.number) and is_ours(self.number)

    def forget(self) -> bool:
        """Stop holding it; return whether it was still ours, and so is the caller's to close."""
        Held.every.discard(self)
        ours = self.is_ours()
        self.number = -1
        return ours

    def close(self) -> None:
        """Close it, if it is still ours."""
        number = self.number
        if self.forget():
            os.close(number)


class Plugs:
    """Keeps the numbers of closed standard streams taken, by files that nobody can write to."""

    __slots__ = ("_held",)

    def __enter__(self) -> None:
        self._held: list[Held] = []
        while (number := os.open(os.devnull, READ)) < 3:
            self._held.append(Held(number))
        close(number)

    def __exit__(self, *_: object) -> None:
        for held in self._held:
            held.close()


def _inode(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def read_bytes(path: str, most_bytes: int = 1 << 20) -> bytes:
    """Return the first ``most_bytes`` of a regular file that is not a link; raises OSError."""
    descriptor = open_file(path, READ)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return _read_all(descriptor, most_bytes)
    finally:
        close(descriptor)


def _read_all(descriptor: int, most_bytes: int) -> bytes:
    pieces, left = [], most_bytes
    while left and (piece := os.read(ours(descriptor), min(left, 1 << 16))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def write_whole(path: str, content: bytes, mode: int = 0o600) -> None:
    """Put ``content`` in the place of ``path``, whole or not at all; raises OSError."""
    beside = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        write_new(beside, content)
        if mode != 0o600:
            os.chmod(beside, mode)
        os.replace(beside, path)
    except OSError:
        remove(beside)
        raise


def write_new(path: str, content: bytes) -> None:
    """Write a file that is not there yet, mode 0600; raises OSError, and leaves no torn one."""
    descriptor = open_file(path, WRITE | os.O_EXCL)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(ours(descriptor), view) :]
    except OSError:
        remove(path)
        raise
    finally:
        close(descriptor)


def remove(path: str) -> bool:
    """Remove a file; return whether it was there. A file that cannot be removed stays."""
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


_shut = None in (_inode(0), _inode(1), _inode(2))  # whether a standard stream was seen closed
