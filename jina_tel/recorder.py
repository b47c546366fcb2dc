"""One product's recorder in one process: what an event passes on the host's thread."""

from __future__ import annotations

import errno
import os
import time

from . import answers, clock, files, folders, forks, identity, notice, process, signals
from . import contact as contacts
from .caps import Caps
from .consent import Consent, decide, variables_say
from .debug import describe, is_on, say
from .journal import CREATED, FULL
from .ledger import Ledger
from .pipeline import open_pipeline
from .settings import endpoint_of
from .shipper import Shipper
from .transports import OTLP, modules_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from .burst import Again, Bursts
    from .delivery import Delivery
    from .folders import Folders
    from .pipeline import Pipeline
    from .settings import Settings

FOREVER = float("inf")
LOOK_SECONDS = 1.0  # how long a stored answer is believed
NEAR_SECONDS = 0.005  # so soon behind another, an event is likely to be followed by a third
LEDGER_SECONDS = 10.0  # how often losses are written down while they go on
# Of the journal's bound, one half is for what was claimed, of the other one part in eight for the
# lines that tell of losses.
CLAIMED_SHARE, LEDGER_SHARE = 2, 16
_SENDING = ("jina_tel.packing", "jina_tel.delivery", "jina_tel.hurry")


class Recorder:
    """Records the events of one product, for one state of the variables; touches nothing else."""

    def __init__(self, settings: Settings) -> None:
        self.unchanged = settings.variables.watch()
        self._variables = settings.variables.read()
        self.settings = settings
        self.look_at = 0.0
        self.allowed = True
        self.ledger = Ledger()
        self.endpoint = endpoint_of(settings, os.environ) or ""
        self._folders: Folders | None = None
        self._pipeline: Pipeline | None = None
        self._bound = settings.journal_bytes // CLAIMED_SHARE
        self._most_bytes = self._bound - settings.journal_bytes // LEDGER_SHARE
        self._caps = Caps(settings.events_per_minute)
        self._last, self._ledger_at = -FOREVER, 0.0
        self._bursts: Bursts | None = None
        self.again: Again | None = None  # in a burst: records an event, or returns False
        self._tells = is_on(settings.variables.debug)  # of each event, so there is no burst
        self._is_retired = False

    def is_current(self, now: float) -> bool:
        """Tell whether the variables are as they were: consent's at once, the rest in a second."""
        return self.unchanged() and (now < self.look_at or self._is_still_current())

    def is_open(self, now: float) -> bool:
        """Tell whether an event is kept without further ado: where it is has been opened."""
        return self._pipeline is not None and self.is_current(now)

    def _is_still_current(self) -> bool:
        return not process.is_parents() and self._variables == self.settings.variables.read()

    def retire(self) -> None:
        """Leave what comes to another recorder: in a forked child, where this is the parent's."""
        self.unchanged, self._is_retired = (lambda: False), True

    def is_over(self, heir: Recorder) -> bool:
        """Tell whether nothing comes any more, and what waits is for the heir to send."""
        own, theirs = self._pipeline, heir._pipeline
        if not self._is_retired or self.ledger or own is None or theirs is None:
            return False
        is_one = own.folder is not None and own.folder == theirs.folder
        return not own.shipper.is_at_work() and (is_one or not own.journal.waits())

    def still_off(self) -> Callable[[], bool] | None:
        """Return what tells at once whether the no holds still; None for a yes."""
        if self.allowed:
            return None
        unchanged, look_at, monotonic = self.unchanged, self.look_at, clock.monotonic
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
        found, name = self._folders, self.settings.product
        said = answers.site(found, name), answers.stored(found, name)
        return contacts.heeded(decide(self.settings, os.environ, *said), found, self.endpoint)

    def may_send(self) -> bool:
        """Tell whether consent holds now: asked by the shipper ahead of each request."""
        return self.consent().allowed

    def record(self, name: str, now: float) -> None:
        """Record the event ``name``: on disk when this returns, where it can be."""
        if now >= self.look_at:
            self._look(now)
        if not self.allowed:
            return
        pipeline = self._pipeline or self._open()
        self.again = None
        if self._tells:
            self.say(f"event {name}")
        if self._caps.is_one_too_many(name, now):
            self.lose("too_many", now)
            return
        self._append(pipeline, pipeline.writer.event(name, time.time()), now)

    def _look(self, now: float) -> None:
        """Look at the stored answers, and whether the endpoint has asked to stop."""
        if variables_say(self.settings, os.environ) is not None:
            self.allowed, self.look_at = False, FOREVER
            return
        consent = self.consent()
        if consent.allowed != self.allowed:
            self.say(f"{'on' if consent.allowed else 'off'}: {consent.because}")
        self.allowed = consent.allowed
        # In the middle of a fork each event asks again, for on which side of it that is.
        self.look_at = 0.0 if forks.is_under_way() else now + LOOK_SECONDS

    def _append(self, pipeline: Pipeline, line: bytes, now: float, *, again: bool = False) -> None:
        try:
            written = self._put(pipeline, line, self._most_bytes, now)
        except OSError as error:
            signals.let_through(error)
            self.say(f"the journal could not be written: {error}")
            elsewhere = None if again else self._elsewhere(pipeline, error)
            if elsewhere is None:
                self.lose("write_failed", now)
            else:
                self._append(elsewhere, line, now, again=True)
            return
        if written == FULL:
            self.lose("journal_full", now)
        elif self.allowed:
            pipeline.shipper.wake(now)
            last, self._last = self._last, now
            is_near = now - last < NEAR_SECONDS
            if is_near and not self._tells and pipeline.shipper.is_at_work():
                self.again = self._bursts_of(pipeline).behind(now, self.look_at)

    def _bursts_of(self, pipeline: Pipeline) -> Bursts:
        if self._bursts is None or self._bursts.pipeline is not pipeline:
            bursts = forks.load("jina_tel.burst").Bursts
            self._bursts = bursts(pipeline, self.unchanged, self._caps, self._most_bytes)
        return self._bursts

    def _put(self, pipeline: Pipeline, line: bytes, bound: int, now: float) -> int:
        """Append one line, and take it back where somebody says no.

        Whoever made the journal's file looks once more: the answer may have come, and all been
        deleted, just before. What a variable or the endpoint says is for this process alone, so
        it takes nothing from the others. Raises OSError.
        """
        written = pipeline.journal.append(line, bound)
        if written == CREATED:
            self._look(now)
            if not self.allowed and decide(self.settings, os.environ).allowed:
                pipeline.journal.purge()
        return written

    def _elsewhere(self, pipeline: Pipeline, error: OSError) -> Pipeline | None:
        """Return where to keep what could not be written to ``pipeline``, or None for nowhere."""
        gone, hopeless = error.errno == errno.ENOENT, error.errno in files.HOPELESS
        if pipeline.folder is None or not (gone or hopeless):
            return None
        if self._pipeline is pipeline:  # else another thread has been here
            self._pipeline = None
        return self._pipeline or self._open(in_memory=hopeless)

    def lose(self, reason: str, now: float) -> None:
        """Count one event as lost; write the counts down now and then."""
        self.ledger.note(reason)
        if self._tells:
            self.say(f"lost: {reason}")
        if now >= self._ledger_at and self._pipeline is not None:
            self._ledger_at = now + LEDGER_SECONDS
            self.write_ledger()
            self._pipeline.shipper.wake(now)

    def _ahead_of_shipping(self) -> None:
        """Write down what was lost, but not at each turn: the line has the shipper take another."""
        if self._pipeline is not None:
            self._pipeline.describe(self.say)
        if clock.monotonic() >= self._ledger_at:
            self.write_ledger()

    def write_ledger(self) -> None:
        """Write down what was lost, as a line in the journal with an id of its own."""
        pipeline = self._pipeline
        if pipeline is None or not self.ledger or not (self.allowed and self.may_send()):
            return
        counts = self.ledger.take()
        if not counts:
            return  # another thread was faster
        try:
            line = pipeline.writer.ledger(counts, time.time())
            written = self._put(pipeline, line, self._bound, clock.monotonic())
        except OSError:
            written = FULL
        if written == FULL:
            self.ledger.put_back(counts)

    def _open(self, *, in_memory: bool = False) -> Pipeline:
        """Open the pipeline: at the first event, in a millisecond or two."""
        found = None if in_memory else self._folders
        opened = open_pipeline(self.settings, self.endpoint, found, self.say)
        opened.shipper = self._shipper_for(opened)
        if self.endpoint == "memory:":
            opened.shipper.rest()
        if self._folders is not None and self.endpoint != "memory:":
            notice.show_once(self.settings, self._folders.config, time.time(), self.say)
        self.say(f"on: events go to {self.endpoint}, and wait in {opened.folder or 'memory'}")
        if self._pipeline is None:  # else another thread's first event was faster
            self._pipeline = opened
        process.join(self)
        return self._pipeline

    def _shipper_for(self, pipeline: Pipeline) -> Shipper:
        def deliver() -> Delivery:
            from .delivery import Delivery

            return Delivery(
                self.settings,
                self.endpoint,
                os.environ.get(self.settings.variables.token),
                pipeline.journal,
                pipeline.folder,
                self._folders.config if self._folders else None,
                self.ledger,
                self.may_send,
            )

        modules = (*modules_for(self.endpoint), *_SENDING)
        tasks = self._ahead_of_shipping, pipeline.journal.let_go, self.fence
        return Shipper(modules, deliver, pipeline.folder, *tasks)

    def flush(self, deadline: float) -> bool:
        """Send what waits before the monotonic ``deadline``; return whether nothing does now."""
        if not self.consent().allowed:
            return True
        self._look(clock.monotonic())
        pipeline = self._pipeline or self._open()
        self.write_ledger()
        if not pipeline.journal.waits():
            return True
        return bool(forks.load("jina_tel.hurry").flush(pipeline.shipper, deadline))

    def leave(self, began: float) -> None:
        """At exit, begun at the monotonic moment ``began``: write down, and ship from the root."""
        self.write_ledger()
        pipeline = self._pipeline
        if pipeline is None:
            return
        pipeline.shipper.see_begun()
        if not identity.tree().is_root or not pipeline.journal.waits():
            return
        deadline = began + pipeline.exit_seconds(self.settings.exit_seconds)
        if clock.monotonic() < deadline and self.may_send():
            may_resend = pipeline.is_durable() and not self.endpoint.startswith(OTLP)
            forks.load("jina_tel.hurry").leave(pipeline.shipper, deadline, may_resend=may_resend)
            self.write_ledger()  # what was lost meanwhile

    def fence(self, error: BaseException) -> None:
        """Take an error of ours: count it, and tell whoever debugs."""
        self.ledger.note("internal")
        self.say(describe(error))

    def make_way(self) -> None:
        """Ahead of a fork."""
        if self.allowed:
            self.look_at = 0.0
        if self._pipeline is not None:
            self._pipeline.journal.let_go()
            self._pipeline.shipper.make_way()

    def say(self, text: str) -> None:
        """Tell stderr, under ``<PRODUCT>_TEL_DEBUG=1``."""
        say(self.settings.variables.debug, f"{self.settings.product}: {text}")
