"""What waits in a journal and what has left it, looked at and left as it is."""

from __future__ import annotations

import json
import os
import zlib

from .. import files, sent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..journal.disk import DiskJournal

ALL = 1 << 62
BODY_BYTES = 64 << 20  # far above what we send: more is none of ours


def lines_in(journal: DiskJournal) -> Iterator[bytes]:
    """Yield each line that waits, the oldest first, and claim nothing."""
    for part in journal.parts():
        yield from part.read(ALL, ALL)[0]  # a journal is bounded


def decoded(line: bytes) -> dict[str, Any]:
    """Return a line as a dict, ``{}`` where it is none of ours."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def tells_of_losses(line: bytes) -> bool:
    """Tell whether a line is the ledger's, and no event."""
    return b'"lost"' in line and "lost" in decoded(line)


class SentBody:
    """One body that has left.

    Attributes:
        name: of its file.
        at: when it left, Unix seconds.
        lines: its lines, decoded; none where the file cannot be read, and ``problem`` says why.
        bytes: how much left, compressed.
        refused: the status with which the endpoint refused it for good, 0 where it did not.
    """

    def __init__(self, folder: str, name: str) -> None:
        self.name = name
        stamp = name.partition("-")[0]
        self.at = int(stamp) / 1000 if stamp.isdecimal() else 0.0
        self.refused = sent.refused_with(name)
        self.problem = ""
        self.lines: list[dict[str, Any]] = []
        self.bytes = 0
        try:
            gzipped = files.read_bytes(os.path.join(folder, sent.FOLDER, name), BODY_BYTES)
            self.bytes = len(gzipped)
            ndjson = zlib.decompressobj(31).decompress(gzipped, BODY_BYTES)
            self.lines = [decoded(line) for line in ndjson.splitlines() if line]
        except (OSError, zlib.error) as error:
            self.problem = str(error)


def bodies_of(journal: DiskJournal) -> list[str]:
    """Return the names of the bodies that have left from this journal, the newest first."""
    return sent.names(journal.folder)
