"""A no that is said once: the answer is stored, *then* what waits is deleted, and what left, too.

In this order. Who records or sends while this runs reads the answer, or is deleted behind it: a
writer looks again after its first line in a new journal, a shipper before each request.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from . import answers, clock, files, sent
from .election import LOCK
from .journal.disk import DiskJournal
from .transports.base import REQUEST_SECONDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .folders import Folders

LOOK_SECONDS = 0.2
QUIET_SECONDS = REQUEST_SECONDS + 2.0  # a request under way has come to its end by then


class Withdrawal(NamedTuple):
    """What a withdrawal did.

    Attributes:
        events: how many lines waited, and are deleted.
        bodies: how many kept bodies, which had left before, are deleted.
        is_quiet: whether it is sure that no request is under way any more; False where a
            shipper did not end in time: it was stopped (Ctrl-Z) in the middle, for instance.
        is_overtaken: whether a yes came while a request was waited for: what leaves is its.
    """

    events: int
    bodies: int
    is_quiet: bool
    is_overtaken: bool = False


def withdraw(
    folders: Folders,
    at: str,
    seconds: float = QUIET_SECONDS,
    on_wait: Callable[[], bool] = lambda: True,
) -> Withdrawal:
    """Store the user's no, given at ``at``, and delete all that waits.

    When this returns and ``is_quiet``, nothing leaves any more.

    Args:
        folders: the product's.
        seconds: how long to wait for requests that are under way.
        on_wait: called now and then while there is one; False, now and whenever it is asked
            again, ends the waiting: a yes has come behind this no.

    Raises:
        OSError: the answer cannot be stored; nothing was deleted then.
    """
    if folders.config is None:
        raise OSError("there is no home folder to keep the answer in")
    answers.store(folders.config, "off", at)
    return delete(folders.state, seconds, on_wait)


def delete(
    state: str | None,
    seconds: float = QUIET_SECONDS,
    on_wait: Callable[[], bool] = lambda: True,
) -> Withdrawal:
    """Delete what waits for all endpoints of a product, and what was kept of what had left.

    For after the answer was stored; arguments as for ``withdraw``.
    """
    journals = [DiskJournal(folder, 0) for folder in journal_folders(state)]
    events, bodies = _purge(journals)
    until = clock.monotonic() + seconds
    quiet = all(_falls_quiet(journal.folder, until, on_wait) for journal in journals)
    if not quiet and not on_wait():
        return Withdrawal(events, bodies, is_quiet=False, is_overtaken=True)
    late_events, late_bodies = _purge(journals)
    return Withdrawal(events + late_events, bodies + late_bodies, quiet)


def _purge(journals: list[DiskJournal]) -> tuple[int, int]:
    """Delete what waits, and what was kept; return how many events and bodies."""
    events = sum(journal.purge() for journal in journals)
    bodies = sum(len(sent.names(journal.folder)) for journal in journals)
    for journal in journals:
        sent.purge(journal.folder)
    return events, bodies


def _falls_quiet(folder: str, until: float, on_wait: Callable[[], bool]) -> bool:
    seconds = 0.0
    while not is_quiet(folder, seconds):
        seconds = min(LOOK_SECONDS, until - clock.monotonic())
        if seconds <= 0 or not on_wait():
            return False
    return True


def journal_folders(state: str | None) -> list[str]:
    """Return the folders of a product's journals, one an endpoint."""
    try:
        found = [] if state is None else sorted(os.listdir(state))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [os.path.join(str(state), name) for name in found if _is_hash(name)]


def is_quiet(folder: str, seconds: float = 0.0) -> bool:
    """Tell whether no request to this endpoint is under way, or none is after ``seconds``."""
    lock = hold(folder, seconds)
    if lock is not None:
        let_go(lock)
    return lock is not None


NO_LOCK = -1  # nobody has sent from there yet


def hold(folder: str, seconds: float, *, make: bool = False) -> int | None:
    """Keep shippers of this journal from sending; return what ``let_go`` wants, None for too long.

    Args:
        folder: of the journal.
        seconds: how long to wait for one that sends.
        make: whether to make the lock where nobody has sent yet, and so keep it from the next.
    """
    try:
        descriptor = files.open_file(
            os.path.join(folder, LOCK), files.WRITE if make else files.READ
        )
    except FileNotFoundError:
        return NO_LOCK
    if files.seize_within(descriptor, max(seconds, 0.0)):
        return descriptor
    files.close(descriptor)
    return None


def let_go(lock: int) -> None:
    """Let shippers send again."""
    if lock != NO_LOCK:
        files.leave(lock)


def _is_hash(name: str) -> bool:
    return len(name) == 16 and all(sign in "0123456789abcdef" for sign in name)
