"""One product's recorder in one process: what an event passes on the host's thread.

Global state department: the recorders of this process stand here, for its forks and its exit.
"""

from __future__ import annotations

import atexit
import errno
import os
import time
from itertools import count

from . import answers, event, files, folders, forks, identity, notice, payload, product
from . import contact as contacts
from .consent import Consent, decide, variables_say
from .debug import describe, say
from .errors import JournalError
from .journal import CREATED, FULL, DiskJournal, MemoryJournal
from .ledger import Ledger
from .settings import endpoint_of, read, watch
from .shipper import LOCK, Shipper
from .transports import modules_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .delivery import Delivery
    from .folders import Folders
    from .journal import Journal
    from .settings import Settings

FOREVER = float("inf")
LOOK_SECONDS = 1.0  # how long a stored answer is believed
LEDGER_SECONDS = 10.0  # how often losses are written down while they go on
MINUTE = 60.0
NAMES = 1000
# Of the journal's bound, one half is for what was claimed, of the other one part in eight for the
# lines that tell of losses.
CLAIMED_SHARE, LEDGER_SHARE = 2, 16
LONG_EXIT_SECONDS = 1.0  # where nobody comes after us


class Recorder:
    """Records the events of one product, for one state of the variables.

    Making one touches nothing but the variables. Whoever changes a variable gets a new one.
    """

    def __init__(self, settings: Settings) -> None:
        self.unchanged = watch(settings.variables.keys)
        self._variables = read(settings.variables.keys)
        self.settings = settings
        self.look_at = 0.0
        self.allowed = True
        self.ledger = Ledger()
        self.endpoint = endpoint_of(settings, os.environ) or ""
        self._folders: Folders | None = None
        self._parts: _Parts | None = None
        self._windows: dict[tuple[str, int], Any] = {}
        self._began = time.monotonic()
        self._ledger_at = 0.0

    def is_current(self, now: float) -> bool:
        """Tell whether the variables are as they were: consent's at once, the rest in a second."""
        return self.unchanged() and (
            now < self.look_at or self._variables == read(self.settings.variables.keys)
        )

    def retire(self) -> None:
        """Leave what comes to another recorder: in a forked child, where this is the parent's."""
        self.unchanged = _never

    def still_off(self) -> Callable[[], bool] | None:
        """Return what tells at once whether the no holds still; None for a yes."""
        if self.allowed:
            return None
        unchanged, look_at, monotonic = self.unchanged, self.look_at, time.monotonic
        if look_at == FOREVER:
            return unchanged
        return lambda: unchanged() and monotonic() < look_at

    def consent(self) -> Consent:
        """Return what holds now, read afresh."""
        early = decide(self.settings, os.environ)
        if not early.allowed:
            return early  # a variable, or no endpoint: no file is read for that
        if self._folders is None:
            self._folders = folders.folders_of(self.settings, os.environ)
        name = self.settings.product
        site = answers.site(self._folders, name)
        stored = answers.stored(self._folders, name)
        return decide(self.settings, os.environ, site, stored)

    def may_send(self) -> bool:
        """Tell whether consent holds now: asked by the shipper ahead of each request."""
        return self.consent().allowed

    def record(self, name: str, now: float) -> None:
        """Record the event ``name``: on disk when this returns, where it can be.

        Args:
            now: the monotonic clock.
        """
        if now >= self.look_at:
            self._look(now)
        if not self.allowed:
            return
        parts = self._parts or self._open()
        if self._is_one_too_many(name, now):
            self.lose("too_many", now)
            return
        self._append(parts, parts.writer.event(name, time.time()), now)

    def _look(self, now: float) -> None:
        """Look at the stored answers, and whether the endpoint is gone."""
        if variables_say(self.settings, os.environ) is not None:
            self.allowed, self.look_at = False, FOREVER
            return
        consent = self.consent()
        if consent.allowed != self.allowed:
            self.say(f"{'on' if consent.allowed else 'off'}: {consent.because}")
        self.allowed = consent.allowed
        self.look_at = now + LOOK_SECONDS
        parts = self._parts
        if parts is not None and parts.folder is not None:
            self.allowed = self.allowed and not _is_gone(parts.folder)

    def _is_one_too_many(self, name: str, now: float) -> bool:
        key = (name, int(max(now - self._began, 0.0) // MINUTE))
        window = self._windows.get(key) or self._new_window(key)
        return bool(next(window) >= self.settings.events_per_minute)

    def _new_window(self, key: tuple[str, int]) -> Any:
        """Return the counter of this name and minute, one for all threads; forget older minutes."""
        for old in list(self._windows):
            if old[1] < key[1] - 1:
                self._windows.pop(old, None)
        if len(self._windows) > NAMES:
            self._windows.clear()
        return self._windows.setdefault(key, count())

    def _append(self, parts: _Parts, line: bytes, now: float, *, again: bool = False) -> None:
        try:
            written = self._put(parts, line, self.settings.journal_bytes // LEDGER_SHARE, now)
        except OSError as error:
            self.say(f"the journal could not be written: {error}")
            elsewhere = None if again else self._elsewhere(parts, error)
            if elsewhere is None:
                self.lose("write_failed", now)
            else:
                self._append(elsewhere, line, now, again=True)
            return
        if written == FULL:
            self.lose("journal_full", now)
        elif self.allowed:
            parts.shipper.wake(now)

    def _put(self, parts: _Parts, line: bytes, spared: int, now: float) -> int:
        """Append one line, and take it back where somebody says no.

        Whoever made the journal's file looks once more: the answer may have come, and all been
        deleted, just before. What a variable or the endpoint says is for this process alone, so
        it takes nothing from the others. Raises OSError.
        """
        bound = self.settings.journal_bytes // CLAIMED_SHARE
        written = parts.journal.append(line, bound - spared)
        if written == CREATED:
            self._look(now)
            if not self.allowed and decide(self.settings, os.environ).allowed:
                parts.journal.purge()
        return written

    def _elsewhere(self, parts: _Parts, error: OSError) -> _Parts | None:
        """Return where to keep what could not be written to ``parts``, or None for nowhere."""
        gone, hopeless = error.errno == errno.ENOENT, error.errno in files.HOPELESS
        if parts.folder is None or not (gone or hopeless):
            return None
        if self._parts is parts:  # else another thread has been here
            self._parts = None
        return self._parts or self._open(in_memory=hopeless)

    def lose(self, reason: str, now: float) -> None:
        """Count one event as lost; write the counts down now and then."""
        self.ledger.note(reason)
        if now >= self._ledger_at and self._parts is not None:
            self._ledger_at = now + LEDGER_SECONDS
            self.write_ledger()
            self._parts.shipper.wake(now)

    def write_ledger(self) -> None:
        """Write down what was lost, as a line in the journal with an id of its own."""
        parts = self._parts
        if parts is None or not self.ledger or not (self.allowed and self.may_send()):
            return
        counts = self.ledger.take()
        if not counts:
            return  # another thread was faster
        try:
            line = parts.writer.ledger(counts, time.time())
            written = self._put(parts, line, 0, time.monotonic())
        except OSError:
            written = FULL
        if written == FULL:
            self.ledger.put_back(counts)

    def _open(self, *, in_memory: bool = False) -> _Parts:
        """Make the parts: at the first event, in a millisecond or two."""
        settings = self.settings
        facts = _facts_of(settings)
        kept = payload.is_kept(os.environ)
        writer = event.Writer(settings.product, facts, kept=kept)
        if self.endpoint == "memory:":
            forks.load("jina_tel.transports.recall")
            from .transports.recall import Recall

            parts = _Parts(writer, Recall(settings), None, kept)
        else:
            parts = self._journal_parts(writer, kept, in_memory=in_memory)
        parts.shipper = self._shipper_for(parts)
        if self.endpoint == "memory:":
            parts.shipper.rest()
        self._show_notice()
        if self._parts is None:  # else another thread's first event was faster
            self._parts = parts
        if self not in _open:
            _open.append(self)
        return self._parts

    def _journal_parts(self, writer: event.Writer, kept: bool, *, in_memory: bool) -> _Parts:
        found = self._folders
        if found is None or found.state is None or in_memory:
            return _Parts(writer, MemoryJournal(), None, kept)
        folder = folders.journal_folder(found.state, self.endpoint)
        journal = DiskJournal(folder, found.owned + 1)
        try:
            journal.prepare(LOCK)
            product.describe(found.state, self.settings, self.endpoint)
        except (JournalError, OSError) as error:
            self.say(f"{error}; events are kept in memory")
            return _Parts(writer, MemoryJournal(), None, kept)
        return _Parts(writer, journal, folder, kept)

    def _show_notice(self) -> None:
        found = self._folders
        if found is None or found.config is None or self.endpoint == "memory:":
            return
        try:
            notice.show_once(self.settings, found.config, time.time())
        except OSError as error:
            self.say(f"that the notice was shown could not be noted down: {error}")

    def _shipper_for(self, parts: _Parts) -> Shipper:
        def deliver() -> Delivery:
            from .delivery import Delivery

            return Delivery(
                self.settings,
                self.endpoint,
                os.environ.get(self.settings.variables.token),
                parts.journal,
                parts.folder,
                self._folders.config if self._folders else None,
                self.ledger,
                self.may_send,
            )

        modules = (*modules_for(self.endpoint), "jina_tel.delivery")
        return Shipper(modules, deliver, parts.folder, self.write_ledger, self.fence)

    def flush(self, deadline: float) -> bool:
        """Send what waits before the monotonic ``deadline``; return whether nothing does now."""
        if not self.consent().allowed:
            return True
        self._look(time.monotonic())
        parts = self._parts or self._open()
        self.write_ledger()
        return not parts.journal.waiting_bytes() or parts.shipper.flush(deadline)

    def exit_seconds(self) -> float:
        """Return how long an exit may wait for us: longer where nobody comes after."""
        chosen = self.settings.exit_seconds
        if not chosen or self._parts is None or (self._parts.kept and self._parts.folder):
            return chosen
        return max(chosen, LONG_EXIT_SECONDS)

    def leave(self, began: float) -> None:
        """At exit, begun at the monotonic moment ``began``: write down, and ship from the root."""
        self.write_ledger()
        parts = self._parts
        if parts is None or not identity.tree().is_root or not parts.journal.waiting_bytes():
            return
        deadline = began + self.exit_seconds()
        if time.monotonic() < deadline and self.may_send():
            parts.shipper.leave(deadline)
            self.write_ledger()  # what was lost meanwhile

    def fence(self, error: BaseException) -> None:
        """Take an error of ours: count it, and tell whoever debugs."""
        self.ledger.note("internal")
        self.say(describe(error))

    def make_way(self) -> None:
        """Ahead of a fork."""
        if self._parts is not None:
            self._parts.shipper.make_way()

    def say(self, text: str) -> None:
        """Tell stderr, under ``<PRODUCT>_TEL_DEBUG=1``."""
        say(self.settings.variables.debug, f"{self.settings.product}: {text}")


class _Parts:
    """What a recorder needs from its first event on."""

    __slots__ = ("folder", "journal", "kept", "shipper", "writer")

    shipper: Shipper

    def __init__(
        self, writer: event.Writer, journal: Journal, folder: str | None, kept: bool
    ) -> None:
        self.writer = writer
        self.journal = journal
        self.folder = folder
        self.kept = kept


def _never() -> bool:
    return False


def _is_gone(folder: str) -> bool:
    return contacts.may_be_gone(folder) and contacts.load(folder).is_gone(time.time())


_facts: dict[Any, str] = {}  # by what is asked: read once a process, also for its forked children


def _facts_of(settings: Settings) -> str:
    asked = (settings.product, settings.distributions, tuple(settings.facts.items()))
    known = _facts.get(asked)
    if known is None:
        known = payload.inside(payload.process_facts(settings, os.environ))
        _facts[asked] = known
    return known


_open: list[Recorder] = []  # those of this process that have recorded
_prepared = False


def prepare_process() -> bool:
    """Have this process's forks and its exit told to us, once; return whether that is new."""
    global _prepared
    if _prepared:
        return False
    _prepared = True
    forks.register(_before_fork, _after_fork_in_child)
    atexit.register(_leave)
    return True


def _before_fork() -> None:
    identity.tree()  # looked up now, or the child would take itself for a root
    for recorder in list(_open):
        recorder.make_way()


def _after_fork_in_child() -> None:
    identity.enter_child()
    for recorder in _open:
        recorder.retire()
    _open.clear()
    for held in list(files.Held.every):
        held.close()


def _leave() -> None:
    """At exit: all products together wait no longer than one may."""
    began = time.monotonic()
    for recorder in list(_open):
        try:
            recorder.leave(began)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the host is on its way out
            recorder.fence(error)
