"""``file:///path``, the same lines as over HTTP, appended to a file."""

from __future__ import annotations

import os
from urllib.parse import unquote

from ..errors import TransportError
from .base import Answer, Body


class FileTransport:
    """Appends NDJSON to one file, a batch a write, so that several processes do not mix lines.

    Args:
        endpoint: ``file:///absolute/path``; ``%20`` and the like are decoded.
    """

    def __init__(self, endpoint: str) -> None:
        self.path = unquote(endpoint[len("file://") :])

    def send(self, body: Body, deadline: float) -> Answer:
        """Append it; a local file does not keep us waiting, so the deadline is not looked at."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        try:
            descriptor = os.open(self.path, flags, 0o600)
            try:
                os.write(descriptor, body.ndjson)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise TransportError(f"cannot append to {self.path}: {error}") from error
        return Answer(202)

    def close(self) -> None:
        """Do nothing: the file is closed between batches."""
