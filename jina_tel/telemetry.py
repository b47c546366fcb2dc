"""``Telemetry``: one product, as its author uses it. The only room that knows all the parts.

Imported by programs that have said no, too: so the parts, wrapt and platformdirs among them, are
imported once there is something to record.
"""

from __future__ import annotations

import os
import sys

from . import clock
from .consent import Consent, variables_say
from .instrumenting import Instrumenting
from .options import KEPT, those_given
from .settings import Settings
from .turns import Turns

DAY = 86400.0  # longer than that no lock can be asked to wait on every system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Callable, NoReturn

    from .burst import Again
    from .facts import Fact
    from .recorder import Recorder


class Telemetry(Instrumenting):
    """The telemetry of one product: its own uid, consent, journal and endpoint.

    Making one touches no file, starts nothing, and imports nothing that is not imported already.

    Args:
        product: its name, ``[a-z][a-z0-9-]{0,15}``; in variables ``-`` becomes ``_``.
        distributions: names of installed distributions whose versions are sent. The one that is
            named like the product is the product's version.
        endpoint: ``https://…``, ``http://…``, ``otlp+https://…`` and ``otlp+http://…`` (an
            OpenTelemetry Collector), ``file:///…``, ``console:`` or ``memory:``. The
            user's variable ``<PRODUCT>_TEL_ENDPOINT`` comes first. Without either, it is off.
        facts: further facts, by their key in the payload (``jina_tel.facts``).
        notice: the text shown once on a terminal; None for ours, ``""`` for none.
        page: the address of the page that tells users more.
        journal_bytes: how much may wait on disk, 4 KiB or more.
        journal_days: how long an event may wait, 1-3650 days.
        events_per_minute: of one name from one process; more are dropped and counted.
        exit_seconds: how long the root process of a run may wait at its exit, 0-60; where nobody
            comes after it (in CI, or without a home) at the least 1 second, unless it is 0.
        batch_events: how many events a request holds.
        body_bytes: how large a request's body is before gzip, 4 KiB or more.

    Raises:
        ValueError: an argument is not of that form; the message says which.
    """

    def __init__(
        self,
        product: str,
        distributions: Iterable[str] = (),
        endpoint: str | None = None,
        *,
        facts: Mapping[str, Fact] | None = None,
        notice: str | None = None,
        page: str | None = None,
        journal_bytes: int = 16 * 1024 * 1024,
        journal_days: float = 30,
        events_per_minute: int = 60,
        exit_seconds: float = 0.3,
        batch_events: int = 1000,
        body_bytes: int = 512 * 1024,
    ) -> None:
        settings = Settings(
            product,
            distributions,
            endpoint,
            facts=facts,
            notice=notice,
            page=page,
            journal_bytes=journal_bytes,
            journal_days=journal_days,
            events_per_minute=events_per_minute,
            exit_seconds=exit_seconds,
            batch_events=batch_events,
            body_bytes=body_bytes,
        )
        super().__init__(settings)
        self._recorder: Recorder | None = None
        self._turns = Turns(self._record_first)
        self._still_off: Callable[[], bool] | None = None  # while off: whether that holds still
        self._again: Again | None = None  # in a burst: records an event, or returns False
        self._module: str = sys._getframe(1).f_globals.get("__name__", "__main__")
        _products[product] = self

    def __repr__(self) -> str:
        return f"Telemetry({self._settings.product!r})"

    def __copy__(self) -> Telemetry:
        return self

    def __deepcopy__(self, memo: object) -> Telemetry:
        """Return itself: what an instance of the host's holds of it is shared by its copies."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a name: it is loaded as the last that was made of this product over there.

        Where none was, the module that made this one is imported.
        """
        return _of_product, (self._settings.product, self._module)

    def configure(
        self,
        *,
        distributions: Iterable[str] = KEPT,
        endpoint: str | None = KEPT,
        facts: Mapping[str, Fact] | None = KEPT,
        notice: str | None = KEPT,
        page: str | None = KEPT,
        journal_bytes: int = KEPT,
        journal_days: float = KEPT,
        events_per_minute: int = KEPT,
        exit_seconds: float = KEPT,
        batch_events: int = KEPT,
        body_bytes: int = KEPT,
        **unknown: NoReturn,
    ) -> None:
        """Change settings: all that the constructor takes but the product.

        What is not given stays as it is. Holds from the next event on.

        Raises:
            ValueError: one of them is wrong, and none is changed.
        """
        if "product" in unknown:
            raise ValueError("product: a product keeps its name; make another Telemetry")
        changes = those_given(
            distributions=distributions,
            endpoint=endpoint,
            facts=facts,
            notice=notice,
            page=page,
            journal_bytes=journal_bytes,
            journal_days=journal_days,
            events_per_minute=events_per_minute,
            exit_seconds=exit_seconds,
            batch_events=batch_events,
            body_bytes=body_bytes,
            **unknown,
        )
        self._settings = self._settings.changed(**changes)
        before, self._recorder = self._recorder, None
        self._still_off = self._again = None
        if before is not None:
            before.retire()

    def status(self) -> Consent:
        """Return whether events are recorded and sent now, and because of what. Writes nothing."""
        said = variables_say(self._settings, os.environ)
        if said is not None:
            return said
        try:
            return self._current(clock.monotonic()).consent()
        except (ImportError, OSError) as error:  # so it is with an event, which is not recorded
            return Consent(allowed=False, because=f"a part of jina_tel cannot be imported: {error}")

    def flush(self, seconds: float = 5.0) -> bool:
        """Send what waits now, and wait for it; return whether nothing waits any more.

        Tries at once, also where an earlier attempt failed, unless the endpoint itself has asked
        for a pause. Where telemetry is off nothing is sent, and the answer is True.

        Raises:
            ValueError: ``seconds`` is no number from 0 on.
        """
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not seconds >= 0:
            raise ValueError(f"seconds: a number from 0 on is wanted, not {seconds!r}")
        if self._says_no():
            return True
        now = clock.monotonic()
        try:
            return self._current(now).flush(now + min(seconds, DAY))
        except Exception as error:  # noqa: BLE001 - nothing of ours is raised into the host
            self._fence(error)
            return False

    def _current(self, now: float) -> Recorder:
        """Return the recorder for the variables as they are: another one after a change."""
        recorder = self._recorder
        if recorder is not None and recorder.is_current(now):
            return recorder
        return self._renew(recorder)

    def _renew(self, before: Recorder | None) -> Recorder:
        from . import forks

        forks.load("jina_tel.recorder")
        from .recorder import Recorder

        fresh = Recorder(self._settings)
        # Else another thread was faster, while we imported, or has configured it anew.
        if self._recorder is before and fresh.settings is self._settings:
            self._recorder = fresh
            if before is not None:
                before.retire()
        return self._recorder or fresh

    def _record(self, name: str) -> None:
        """Record the event ``name``; for ``instrumentation``, behind its fence."""
        now = clock.monotonic()
        recorder = self._recorder
        if recorder is not None and recorder.is_open(now):
            self._record_by(recorder, name, now)
        else:
            self._turns.take(name)

    def _record_first(self, name: str) -> None:
        now = clock.monotonic()
        self._record_by(self._current(now), name, now)

    def _record_by(self, recorder: Recorder, name: str, now: float) -> None:
        recorder.record(name, now)
        self._still_off, self._again = recorder.still_off(), recorder.again

    def _fence(self, error: BaseException) -> None:
        """Take an error of ours: count it, and tell whoever debugs. A handler's goes on."""
        from . import signals

        signals.let_through(error)
        if self._recorder is not None:
            self._recorder.fence(error)
        else:
            self._say(error)


_products: dict[str, Telemetry] = {}  # the last that was made of each


def _of_product(product: str, module: str) -> Telemetry:
    """Return what a pickled one is here: off, without an endpoint, where nobody has made it."""
    if product not in _products:
        try:
            __import__(module)
        except Exception as error:  # noqa: BLE001 - the module of a host's, or none
            from . import signals

            signals.let_through(error)
    return _products.get(product) or Telemetry(product)
