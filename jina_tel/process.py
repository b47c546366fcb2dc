"""This process as a whole: whoever records in it, for its forks and its exit."""

from __future__ import annotations

import atexit
import os

from . import clock, files, forks, identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Recording(Protocol):
        """Who has recorded something in this process."""

        def make_way(self) -> None:
            """Ahead of a fork: have no thread that could do without."""

        def retire(self) -> None:
            """Leave what comes to another."""

        def is_over(self, heir: Any) -> bool:
            """Tell whether there is nothing left to do at a fork or an exit."""

        def leave(self, began: float) -> None:
            """At exit, begun at the monotonic moment ``began``: ship what waits."""

        def fence(self, error: BaseException) -> None:
            """Take an error of ours."""


recordings: list[Recording] = []
_prepared = False
_pid = 0  # of the process whose recordings these are


def join(recording: Recording) -> None:
    """Have ``recording`` told of forks and of the exit, and no more those that are over."""
    if recording not in recordings:
        recordings.append(recording)
    for other in list(recordings):
        if other.is_over(recording):
            _part_with(other)


def _part_with(recording: Recording) -> None:
    try:
        recordings.remove(recording)
    except ValueError:
        pass  # another thread was faster


def prepare() -> bool:
    """Have this process's forks and its exit told to us, once; return whether that is new."""
    global _prepared, _pid
    if _prepared:
        return False
    _prepared, _pid = True, os.getpid()
    forks.register(_before_fork, _after_fork_in_child)
    atexit.register(_leave)
    return True


def _before_fork() -> None:
    identity.tree()  # looked up now, or the child would take itself for a root
    for recording in list(recordings):
        recording.make_way()


def is_parents() -> bool:
    """Tell whether what is recorded with was the parent's, and leave it to the parent.

    A hook of the host's may come to us in the child before we are told of the fork.
    """
    if not _prepared or os.getpid() == _pid:
        return False
    _after_fork_in_child()
    return True


def _after_fork_in_child() -> None:
    global _pid
    if os.getpid() == _pid:
        return  # by now we have seen it ourselves
    _pid = os.getpid()
    identity.enter_child()
    for recording in recordings:
        recording.retire()
    recordings.clear()
    for held in list(files.Held.every):
        held.close()


def _leave() -> None:
    """At exit: all products together wait no longer than one may."""
    began = clock.monotonic()
    for recording in list(recordings):
        try:
            recording.leave(began)
        except BaseException as error:  # noqa: BLE001 - Ctrl-C and sys.exit, too: the host ends
            recording.fence(error)
