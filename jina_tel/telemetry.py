"""``Telemetry``: one product, as its author uses it. The only room that knows all the parts.

Imported by programs that have said no, too: so the parts, wrapt and platformdirs among them, are
imported once there is something to record.
"""

from __future__ import annotations

import os
import sys
import time

from .consent import Consent, variables_say
from .mixin import mixin_of
from .options import Options, check_target, split_path
from .settings import Settings
from .turns import Turns

DAY = 86400.0  # longer than that no lock can be asked to wait on every system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Callable, TypeVar, Union, overload

    from .burst import Again
    from .facts import Fact
    from .options import Name
    from .recorder import Recorder

    Target = TypeVar("Target", bound=Union[type, Callable[..., Any]])


class Telemetry:
    """The telemetry of one product: its own uid, consent, journal and endpoint.

    Making one touches no file, starts nothing, and imports nothing that is not imported already.

    Args:
        product: its name, ``[a-z][a-z0-9-]{0,15}``; in variables ``-`` becomes ``_``.
        distributions: names of installed distributions whose versions are sent.
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
        self._settings = Settings(
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
        self._recorder: Recorder | None = None
        self._turns = Turns(self._record_first)
        self._still_off: Callable[[], bool] | None = None  # while off: whether that holds still
        self._again: Again | None = None  # in a burst: records an event, or returns False
        self.Mixin: Any = mixin_of(product, self._adopt)

    def __repr__(self) -> str:
        return f"Telemetry({self._settings.product!r})"

    def __deepcopy__(self, memo: object) -> Telemetry:
        """Return itself: what an instance of the host's holds of it is shared by its copies."""
        return self

    @property
    def settings(self) -> Settings:
        """What the author chose, as it is now."""
        return self._settings

    def configure(self, **changes: Any) -> None:
        """Change settings: all that the constructor takes but the product.

        Holds from the next event on. Raises ValueError, and changes nothing, where one is wrong.
        """
        if "product" in changes:
            raise ValueError("product: a product keeps its name; make another Telemetry")
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
            return self._current(time.monotonic()).consent()
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
        now = time.monotonic()
        try:
            return self._current(now).flush(now + min(seconds, DAY))
        except Exception as error:  # noqa: BLE001 - nothing of ours is raised into the host
            self._fence(error)
            return False

    if TYPE_CHECKING:

        @overload
        def instrumented(self, target: Target, /) -> Target: ...

        @overload
        def instrumented(
            self,
            *methods: str,
            verb: str = "start",
            when: str = "return",
            failures: bool = False,
            name: Name = None,
        ) -> Callable[[Target], Target]: ...

    def instrumented(self, *given: Any, **options: Any) -> Any:
        """Instrument a class or a method; as ``@instrumented`` or ``@instrumented(...)``.

        On a class: whichever of ``start``, ``__enter__`` and ``__aenter__`` its body defines, or
        the methods that are named. On a function in a class's body: that method. Returns the
        same class, or the wrapped method. Under an opt-out variable, what it was given.

        Args:
            methods: names of the class's methods.
            verb: the second half of the event's name, ``start``.
            when: ``"return"``, once the call has succeeded, or ``"call"``.
            failures: record ``ClassName.failed`` when it raises, never how.
            name: the first half of the event's name, or a callable on the instance.

        Raises:
            ValueError: an option is wrong, or there is no such method.
        """
        if len(given) == 1 and not isinstance(given[0], str) and not options:
            return self._instrument(given[0], Options())
        chosen = Options(given, **options)
        return lambda target: self._instrument(target, chosen)

    def _instrument(self, target: Any, options: Options) -> Any:
        check_target(target, options)
        if self._says_no():
            return target
        part = self._part("instrumentation")
        return target if part is None else part.decorate(self, target, options)

    def instrument(self, path: str, *, methods: Iterable[str] = (), **options: Any) -> None:
        """Instrument a method of another package's class, now or when its module is imported.

        Args:
            path: ``"package.module:Class.method"``, or ``"package.module:Class"`` for whichever
                of ``start``, ``__enter__`` and ``__aenter__`` its body defines, or ``methods``.
            methods: names of the class's methods, where the path names a class.
            options: ``verb``, ``when``, ``failures`` and ``name``, as ``instrumented`` takes them.

        Raises:
            ValueError: the path or an option is wrong, or the module is imported and has no such
                class or method. What is found wrong later is said under ``<PRODUCT>_TEL_DEBUG=1``.
        """
        chosen = Options(methods, **options)
        module, qualified = split_path(path)
        if self._says_no():
            return
        patches = self._part("patches")
        if patches is not None:
            patches.patch(self, module, qualified, chosen)

    def uninstrument(self, path: str) -> None:
        """Put back what ``instrument`` replaced: the very same object.

        Under somebody else's later patch ours stays where it is, and does nothing any more.

        Raises:
            ValueError: nothing of this product is instrumented there.
        """
        module, qualified = split_path(path)
        says_no = self._says_no()
        if says_no and "jina_tel.patches" not in sys.modules:
            return
        patches = self._part("patches")
        if patches is not None:
            patches.unpatch(self, module, qualified, known=not says_no)

    def _adopt(self, cls: type, options: Options, *, named: bool) -> None:
        """Instrument a subclass of ``Mixin``; ``named``: its own definition names the methods."""
        if named:
            check_target(cls, options)
        instrumentation = None if self._says_no() else self._part("instrumentation")
        if instrumentation is not None:
            instrumentation.adopt(self, self.Mixin, cls, options, named=named)

    def _part(self, name: str) -> Any:
        """Import a part of ours, or return None: wrapt may be missing, or no descriptor be left.

        What it is wanted for stays bare then, and the host does not notice.
        """
        try:
            __import__(f"jina_tel.{name}")
            return sys.modules[f"jina_tel.{name}"]
        except (ImportError, OSError) as error:
            self._say(f"a part of jina_tel cannot be imported: {error}")
            return None

    def _says_no(self) -> bool:
        return variables_say(self._settings, os.environ) is not None

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
        if self._recorder is before:  # else another thread was faster, while we imported
            self._recorder = fresh
            if before is not None:
                before.retire()
        return self._recorder or fresh

    def _record(self, name: str) -> None:
        """Record the event ``name``; for ``instrumentation``, behind its fence."""
        now = time.monotonic()
        recorder = self._recorder
        if recorder is not None and recorder.is_open(now):
            self._record_by(recorder, name, now)
        else:
            self._turns.take(name)

    def _record_first(self, name: str) -> None:
        now = time.monotonic()
        self._record_by(self._current(now), name, now)

    def _record_by(self, recorder: Recorder, name: str, now: float) -> None:
        recorder.record(name, now)
        self._still_off, self._again = recorder.still_off(), recorder.again

    def _fence(self, error: BaseException) -> None:
        """Take an error of ours: count it, and tell whoever debugs."""
        if self._recorder is not None:
            self._recorder.fence(error)
        else:
            self._say(error)

    def _say(self, told: str | BaseException) -> None:
        """Tell stderr, under ``<PRODUCT>_TEL_DEBUG=1``."""
        try:
            from .debug import describe, say
        except (ImportError, OSError):
            return  # nor can that part

        text = told if isinstance(told, str) else describe(told)
        say(self._settings.variables.debug, f"{self._settings.product}: {text}")
