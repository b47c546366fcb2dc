"""What the endpoint said last, and when it may be asked again: one state for all processes.

Kept as ``contact.json`` beside the journal. All the rules of waiting stand here, as functions
of a moment and a state.

Shape::

    {"at": 1770000000.0, "said": "503", "failures": 3, "due": 1770003600.0,
     "asked": false, "slow": true, "gone": false, "waited": 1770000000.0}
"""

from __future__ import annotations

import os
import time

from . import files, forks

FILE = "contact.json"
MODULES = ("collections", "re", "json.scanner", "json.decoder", "json.encoder", "json")
HOUR = 3600.0
GONE_SECONDS = 30 * 24 * HOUR
LONGEST = GONE_SECONDS
MOST = 1e11  # above any moment, in seconds, that a clock shows
CONNECTION_SECONDS = 0.25  # after one failed connection; doubled by each further one
REFUSAL_SECONDS = 30.0  # after one answer that says "not now"
QUICK_SECONDS = 0.1  # a failure that took no longer costs an exit nothing worth saving


class Contact:
    """The state of the contact with one endpoint.

    Attributes:
        at: when it was last tried, Unix seconds; 0.0 for never.
        said: the status it answered, or what went wrong, in a few words.
        failures: how many attempts have failed since the last success.
        due: the moment before which it is not tried again.
        asked: whether the endpoint itself asked for that wait (``Retry-After``, 410).
        slow: whether the last attempt took long, so that an exit had better not wait.
        gone: whether it answered 410: nothing is recorded until ``due``.
        waited: when an exit last waited for a failing endpoint.
    """

    __slots__ = ("asked", "at", "due", "failures", "gone", "said", "slow", "waited")

    def __init__(
        self,
        at: float = 0.0,
        said: str = "",
        failures: int = 0,
        due: float = 0.0,
        *,
        asked: bool = False,
        slow: bool = False,
        gone: bool = False,
        waited: float = 0.0,
    ) -> None:
        self.at = at
        self.said = said
        self.failures = failures
        self.due = due
        self.asked = asked
        self.slow = slow
        self.gone = gone
        self.waited = waited

    def is_due(self, at: float) -> bool:
        """Tell whether it may be tried at ``at``. A clock that was set back asks no wait of us."""
        return at < self.at or at >= self._until()

    def is_gone(self, at: float) -> bool:
        """Tell whether it has asked to be left alone, and that still holds."""
        return self.gone and not self.is_due(at)

    def seconds_left(self, at: float) -> float:
        """Return how long until it is due."""
        return 0.0 if self.is_due(at) else self._until() - at

    def _until(self) -> float:
        """Return ``due``, but no moment so far away that no rule of ours can have set it."""
        return min(self.due, self.at + (LONGEST if self.asked else HOUR))

    def may_hold_exit(self, at: float) -> bool:
        """Tell whether a process may wait for it before it ends.

        Yes while it answers, or fails, at once; while it is slow, one process an hour.
        """
        return not self.slow or not 0.0 <= at - self.waited < HOUR

    def failed(
        self,
        at: float,
        said: str,
        *,
        slow: bool,
        jitter: float,
        retry_after: float | None = None,
        refusal: bool = False,
    ) -> Contact:
        """Return the state after an attempt that may be made again.

        Args:
            jitter: a random number, 0.0-1.0, that spreads the machines apart.
            retry_after: the seconds that the endpoint asked for.
            refusal: whether it answered at all.
        """
        failures = self.failures + 1
        wait = backoff_seconds(failures, jitter, refusal=refusal)
        if retry_after is not None:
            wait = min(max(retry_after, 0.0), LONGEST)
        waited = at if slow else self.waited
        return Contact(
            at, said, failures, at + wait, asked=retry_after is not None, slow=slow, waited=waited
        )

    def went(self, at: float) -> Contact:
        """Return the state after 410 Gone: asked again in 30 days."""
        return Contact(at, "410", self.failures + 1, at + GONE_SECONDS, asked=True, gone=True)


def backoff_seconds(failures: int, jitter: float, *, refusal: bool) -> float:
    """Return the wait after the n-th failure in a row: doubling, up to an hour, spread by half."""
    first = REFUSAL_SECONDS if refusal else CONNECTION_SECONDS
    longest = min(first * 2.0 ** min(failures - 1, 16), HOUR)
    return longest * (0.5 + 0.5 * jitter)


def load(folder: str) -> Contact:
    """Return the state kept in ``folder``, a fresh one where there is none that can be read."""
    forks.load("json")
    import json

    try:
        content = json.loads(files.read_bytes(os.path.join(folder, FILE)).decode())
        return _checked(content)
    except (OSError, ValueError, RecursionError):
        return Contact()


def is_gone(folder: str) -> bool:
    """Tell whether the endpoint has asked to be left alone, by the state kept in ``folder``.

    Asked once a second on the host's thread, which need not import ``json`` where it has not.
    """
    try:
        may_be = b'"gone": true' in files.read_bytes(os.path.join(folder, FILE))
    except OSError:
        return False
    return may_be and load(folder).is_gone(time.time())


def store(folder: str, contact: Contact) -> None:
    """Keep the state; where it cannot be written, the next process finds the one before."""
    forks.load("json")
    import json

    content = {name: getattr(contact, name) for name in Contact.__slots__}
    try:
        files.write_whole(os.path.join(folder, FILE), json.dumps(content).encode() + b"\n")
    except OSError:
        pass


def _checked(content: object) -> Contact:
    if not isinstance(content, dict):
        raise ValueError(f"{FILE} holds no contact")
    fresh = Contact()
    for name in Contact.__slots__:
        known = getattr(fresh, name)
        value = content.get(name, known)
        if not _is_like(known, value):
            raise ValueError(f"{FILE}: {name} is {value!r}")
        setattr(fresh, name, value)
    return fresh


def _is_like(known: object, value: object) -> bool:
    if isinstance(known, (str, bool)):
        return type(value) is type(known)
    if isinstance(value, bool) or (isinstance(value, float) and isinstance(known, int)):
        return False
    return isinstance(value, (int, float)) and 0 <= value < MOST
