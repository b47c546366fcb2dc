"""What the endpoint said last, and when it may be asked again: one state for all processes.

Kept as ``contact.json`` beside the journal. All the rules of waiting stand here, as functions
of a moment and a state.

Shape::

    {"at": 1770000000.0, "said": "503", "failures": 3, "due": 1770003600.0,
     "asked": false, "slow": true, "gone": false, "waited": 1770000000.0,
     "unheard": 0, "took": 0.0, "why": "not now"}
"""

from __future__ import annotations

import os
import time

from . import files, forks, signals
from .consent import Consent, readable
from .event import rfc3339
from .folders import journal_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .folders import Folders

FILE = "contact.json"
HOUR = 3600.0
GONE_SECONDS = 30 * 24 * HOUR
LONGEST = GONE_SECONDS
MOST = 1e11  # above any moment, in seconds, that a clock shows
CONNECTION_SECONDS = 0.25  # after one failed connection; doubled by each further one
REFUSAL_SECONDS = 30.0  # after one answer that says "not now"
QUICK_SECONDS = 0.1  # a failure that took no longer costs an exit nothing worth saving
# Of what an exit may take, what it waits for the answer to what it has handed over: 15 ms of 0.3 s;
# and what an answer may have taken for the next exit to wait for it all the same.
PATIENCE_SHARE = 0.05
LEAST_TOOK_SECONDS, MOST_TOOK_SECONDS = 0.01, 0.08


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
        unheard: how many exits in a row have left before the answer.
        took: the seconds that the last answer took, in hundredths; 0.0 where it is not worth
            saying, or too long for an exit to wait.
        why: what it answered to say why it takes nothing, or not all; ``""`` where it did not.
    """

    __slots__ = (
        "asked",
        "at",
        "due",
        "failures",
        "gone",
        "said",
        "slow",
        "took",
        "unheard",
        "waited",
        "why",
    )

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
        unheard: int = 0,
        took: float = 0.0,
        why: str = "",
    ) -> None:
        self.at = at
        self.said = said
        self.failures = failures
        self.due = due
        self.asked = asked
        self.slow = slow
        self.gone = gone
        self.waited = waited
        self.unheard = unheard
        self.took = took
        self.why = why

    def is_due(self, at: float) -> bool:
        """Tell whether it may be tried at ``at``. A clock that was set back asks no wait of us."""
        return at < self.at or at >= self.until()

    def is_gone(self, at: float) -> bool:
        """Tell whether it has asked to be left alone, and that still holds."""
        return self.gone and not self.is_due(at)

    def seconds_left(self, at: float) -> float:
        """Return how long until it is due."""
        return 0.0 if self.is_due(at) else self.until() - at

    def until(self) -> float:
        """Return ``due``, but no moment so far away that no rule of ours can have set it."""
        return min(self.due, self.at + (LONGEST if self.asked else HOUR))

    def may_hold_exit(self, at: float) -> bool:
        """Tell whether a process may wait for it before it ends.

        Yes while it answers, or fails, at once; while it is slow, one process an hour.
        """
        return not self.slow or not 0.0 <= at - self.waited < HOUR

    def tells_apart_from(self, heard: Contact) -> bool:
        """Tell whether ``heard``, the state after an answer, says anything new but its moment."""
        told = ("slow", "said", "took", "why")
        return bool(self.failures) or any(
            getattr(self, name) != getattr(heard, name) for name in told
        )

    def patience(self, exit_seconds: float) -> float:
        """Return for how many seconds an exit waits for the answer to what it has handed over.

        A part of the ``exit_seconds`` that it may take, or what answers have taken. Doubled by each
        exit that left before one: what is not known to have arrived is sent again, and so an
        endpoint that is far away is sent it a few times, and not without end.
        """
        first = max(PATIENCE_SHARE * exit_seconds, 1.25 * self.took)
        return first * 2.0 ** min(self.unheard, 16)

    def left(self, at: float, jitter: float) -> Contact:
        """Return the state after an exit that has handed a request over, and heard nothing."""
        left = self.failed(at, "left before the answer", slow=False, jitter=jitter)
        left.unheard, left.took = self.unheard + 1, self.took
        return left

    def failed(
        self,
        at: float,
        said: str,
        *,
        slow: bool,
        jitter: float,
        retry_after: float | None = None,
        refusal: bool = False,
        why: str = "",
    ) -> Contact:
        """Return the state after an attempt that may be made again.

        Args:
            jitter: a random number, 0.0-1.0, that spreads the machines apart.
            retry_after: the seconds that the endpoint asked for.
            refusal: whether it answered at all.
            why: what it answered to say why.
        """
        failures = self.failures + 1
        wait = backoff_seconds(failures, jitter, refusal=refusal)
        if retry_after is not None:
            wait = min(max(retry_after, 0.0), LONGEST)
        return Contact(
            at,
            said,
            failures,
            at + wait,
            asked=retry_after is not None,
            slow=slow,
            waited=at if slow else self.waited,
            why=why,
        )

    def went(self, at: float, why: str = "") -> Contact:
        """Return the state after 410 Gone: asked again in 30 days."""
        due = at + GONE_SECONDS
        return Contact(at, "410", self.failures + 1, due, asked=True, gone=True, why=why)


def backoff_seconds(failures: int, jitter: float, *, refusal: bool) -> float:
    """Return the wait after the n-th failure in a row: doubling, up to an hour, spread by half."""
    first = REFUSAL_SECONDS if refusal else CONNECTION_SECONDS
    longest = min(first * 2.0 ** min(failures - 1, 16), HOUR)
    return longest * (0.5 + 0.5 * jitter)


def worth_saying(seconds: float) -> float:
    """Return what ``took`` is for an answer that took so long."""
    is_worth = LEAST_TOOK_SECONDS < seconds <= MOST_TOOK_SECONDS
    return -(-seconds // 0.01) / 100 if is_worth else 0.0


def load(folder: str) -> Contact:
    """Return the state kept in ``folder``, a fresh one where there is none that can be read."""
    try:
        text = files.read_bytes(os.path.join(folder, FILE)).decode()
        return _checked(forks.load("jina_tel.plain_json").loads(text))
    except (OSError, ValueError, RecursionError) as error:
        signals.let_through(error)
        return Contact()


def gone_until(folder: str) -> float:
    """Return the moment until which the endpoint has asked to be left alone; 0.0 where it has not.

    Asked once a second on the host's thread, so the file is looked through, and decoded only where
    it says so in the way that ``store`` writes it.
    """
    try:
        may_be = b'"gone": true' in files.read_bytes(os.path.join(folder, FILE))
    except OSError as error:
        signals.let_through(error)
        return 0.0
    contact = load(folder) if may_be else Contact()
    return contact.until() if contact.is_gone(time.time()) else 0.0


def heeded(consent: Consent, folders: Folders, endpoint: str) -> Consent:
    """Return ``consent``, or a no for as long as the endpoint has asked to be left alone."""
    if not consent.allowed or folders.state is None:
        return consent
    until = gone_until(journal_folder(folders.state, endpoint))
    if not until:
        return consent
    because = "the endpoint has asked to stop (410): nothing is recorded until "
    return Consent(allowed=False, because=because + readable(rfc3339(until)))


def store(folder: str, contact: Contact) -> None:
    """Keep the state; where it cannot be written, the next process finds the one before."""
    content = {name: getattr(contact, name) for name in Contact.__slots__}
    try:
        forks.load("jina_tel.plain_json").store(os.path.join(folder, FILE), content)
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
