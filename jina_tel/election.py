"""Who ships: one process a machine, user and product, elected by a lock on a file.

The kernel gives the lock back when a process is killed.
"""

from __future__ import annotations

import os

from . import files, forks

LOCK = "shipper.lock"


class _Alone:
    """Stands for the lock where the journal is this process's own."""

    number = -1

    def is_ours(self) -> bool:
        return False


_ALONE: files.Held = _Alone()  # type: ignore[assignment]


def stand(folder: str | None) -> files.Held | None:
    """Return the lock of the journal's folder, or None where another process has it."""
    if folder is None:
        return _ALONE
    with forks.Apart():  # or a child keeps the lock, and nobody can lead until it ends
        held = files.Held(files.open_file(os.path.join(folder, LOCK), files.WRITE))
    if files.seize(held.number):
        return held
    held.close()
    return None


def resign(lock: files.Held) -> None:
    """Give the lock back."""
    if lock.is_ours():
        files.release(lock.number)  # for the copies that forked children hold
        lock.close()
