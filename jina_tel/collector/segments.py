"""Segments: what was acknowledged, on disk as NDJSON until the store has it.

A folder with one file that is being written, and those before it, sealed, in the order of their
names. A file is never written to again by another process: what a killed one left is sealed.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

SEGMENT_BYTES = 16 * 1024 * 1024  # what is loaded at once, and so in memory at once
SUFFIX = ".ndjson"


class Segments:
    """The segments in one folder. One thread writes, another reads and removes what is sealed.

    Args:
        folder: made where it is missing, 0700, but not what it is in; raises OSError.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.folder = folder
        self._number = -1  # the descriptor of the file that is being written
        self._open = ""  # its name
        self._length = 0  # of what is whole in it

    def append(self, content: bytes) -> None:
        """Write whole lines; they are durable when this returns.

        Raises:
            OSError: none of it is kept, a full disk for instance; the next call may succeed.
        """
        try:
            if self._number < 0:
                self._begin()
            _write(self._number, content)
            os.fdatasync(self._number)
        except OSError:
            self._give_up()
            raise
        self._length += len(content)
        if self._length >= SEGMENT_BYTES:
            self._end()

    def seal(self) -> None:
        """Begin no line in the file that is being written any more, and have the next one ready.

        To make a file's name durable takes many times as long as to write a line: whoever comes
        first would wait for it. A file in which nothing is goes on.
        """
        if self._length:
            self._end()
        if self._number < 0:
            try:
                self._begin()
            except OSError:
                self._end()  # whoever comes next tries again, and is told

    def close(self) -> None:
        """Seal what is being written, and remove it where nothing is in it."""
        name, is_empty = self._open, not self._length
        self._end()
        if name and is_empty:
            (self.folder / name).unlink(missing_ok=True)

    def sealed(self) -> list[Path]:
        """Return the files that are whole, the oldest first."""
        files = sorted(self.folder.glob(f"*{SUFFIX}"))
        return [file for file in files if file.name != self._open]

    def waiting_bytes(self) -> int:
        """Return how much the store does not have yet."""
        return sum(file.stat().st_size for file in self.folder.glob(f"*{SUFFIX}"))

    def _end(self) -> None:
        if self._number >= 0:
            number, self._number, self._open, self._length = self._number, -1, "", 0
            os.close(number)

    def _begin(self) -> None:
        # Another than any other collector's: a store of many knows by it what it has already.
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._open = name  # first: the loading thread must not take it for a sealed one
        self._number = os.open(self.folder / name, flags, 0o600)
        _make_durable(self.folder)

    def _give_up(self) -> None:
        """Cut off what may be torn, and write to this file no more.

        After a failed fdatasync nobody knows what of it the disk has.
        """
        try:
            if self._number >= 0:
                os.ftruncate(self._number, self._length)
        finally:
            self._end()


def lines_of(segment: Path) -> Iterator[bytes]:
    """Yield each whole line; one without its end was torn, and never acknowledged."""
    with segment.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def _write(number: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(number, view) :]


def _make_durable(folder: Path) -> None:
    """Have the disk know the names in the folder."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
