"""``file:///path``, the same lines as over HTTP, appended to a file."""

from __future__ import annotations

import os
import stat
from urllib.parse import unquote_to_bytes

from .. import clock, files
from ..errors import TransportError
from ..forks import original
from .base import Answer, Body

LOOK_SECONDS = 0.01
# To read, too: the last byte tells whether somebody left half a line there.
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT
_FLAGS |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


class FileTransport:
    """Appends NDJSON to one file, which any number of processes may share: each batch is whole.

    Args:
        endpoint: ``file:///absolute/path``; ``%20`` and the like are decoded.
    """

    handed_over = took = 0.0  # there is no answer to wait for

    def __init__(self, endpoint: str) -> None:
        self.path = os.fsdecode(unquote_to_bytes(endpoint[len("file://") :]))

    def request(self, body: Body) -> bytes:
        """Return what ``send`` would append."""
        return body.content

    def send(self, body: Body, deadline: float) -> Answer:
        """Append it, all or nothing.

        Raises:
            TransportError: it cannot be written, or others wrote until the deadline.
        """
        content = self.request(body)
        try:
            while not self._append(content):
                if clock.monotonic() >= deadline:
                    raise TransportError(f"others have written to {self.path} all the time")
                original("time", "sleep")(LOOK_SECONDS)
        except (OSError, ValueError) as error:
            raise TransportError(f"cannot append to {self.path}: {error}") from error
        return Answer(202)

    def close(self) -> None:
        """Do nothing: the file is closed between batches."""

    def _append(self, content: bytes) -> bool:
        """Return False where another process writes just now."""
        descriptor = files.open_file(self.path, _FLAGS)
        try:
            if not _is_alone(descriptor):
                return False
            _write(descriptor, content)
            return True
        finally:
            files.leave(descriptor)


def _is_alone(descriptor: int) -> bool:
    """Take the lock, and go without one where there are none, on some network file systems."""
    try:
        return not files.CAN_LOCK or files.seize(files.ours(descriptor))
    except OSError:
        return True


def _write(descriptor: int, content: bytes) -> None:
    """Write behind what is there. What a full disk took a part of is taken back."""
    status = os.fstat(descriptor)
    size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    torn = size > 0 and os.pread(files.ours(descriptor), 1, size - 1) != b"\n"
    view = memoryview(b"\n" + content if torn else content)
    try:
        while view:
            view = view[os.write(files.ours(descriptor), view) :]
    except OSError:
        if stat.S_ISREG(status.st_mode):
            os.ftruncate(files.ours(descriptor), size)
        raise
