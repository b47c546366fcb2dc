"""The last 100 bodies as they left, kept for whoever wants to see every byte: 0600, bounded.

They have the uid, so who resets it deletes them.
"""

from __future__ import annotations

import os
import zlib

from . import files, private

FOLDER = "sent"
KEPT = 100
KIND = ".ndjson.gz"


def keep(folder: str, gzipped: bytes, at: float, refused: int = 0) -> None:
    """Keep one body that left at ``at``; where it cannot be kept, it is not.

    Args:
        folder: of the journal.
        gzipped: the body.
        at: when it left.
        refused: the status with which the endpoint refused it for good, 0 where it did not.
    """
    inside = os.path.join(folder, FOLDER)
    status = f"-{refused}" if refused else ""
    name = f"{int(at * 1000):015d}-{zlib.crc32(gzipped):08x}{status}{KIND}"
    try:
        private.make_folder(inside)
        files.write_whole(os.path.join(inside, name), gzipped)
        kept = names(folder)[:KEPT]
        for old in set(_all_in(inside)).difference(kept):  # and what was left half written
            files.remove(os.path.join(inside, old))
    except OSError:
        pass


def names(folder: str) -> list[str]:
    """Return the names of the kept bodies, the newest first."""
    found = _all_in(os.path.join(folder, FOLDER))
    return sorted((name for name in found if name.endswith(KIND)), reverse=True)


def refused_with(name: str) -> int:
    """Return the status with which the body of this name was refused, 0 where it was not."""
    _, _, status = name[: -len(KIND)].rpartition("-")
    return int(status) if len(status) == 3 and status.isdecimal() else 0


def _all_in(inside: str) -> list[str]:
    try:
        return os.listdir(inside)
    except OSError:
        return []


def purge(folder: str) -> None:
    """Delete them all, and what a killed process left half written."""
    inside = os.path.join(folder, FOLDER)
    for name in _all_in(inside):
        files.remove(os.path.join(inside, name))
