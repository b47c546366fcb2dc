"""``Telemetry``: one product, as its author uses it. The only room that knows all the parts.

Imported by programs that have said no, too: so the parts, wrapt and platformdirs among them, are
imported once there is something to record.
"""

from __future__ import annotations

import os
import sys
import time
from _thread import get_ident

from .consent import Consent, variables_say
from .options import METHODS, Options, found_in, is_method, starts_of
from .settings import Settings

DAY = 86400.0  # longer than that no lock can be asked to wait on every system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Callable, TypeVar, Union, overload

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
        # Who records where parts of ours may have to be imported, and what came amid that.
        self._opening: set[tuple[int, int]] = set()
        self._postponed: list[tuple[int, str]] = []
        self.still_off: Callable[[], bool] | None = None  # while off: whether that holds still
        self.Mixin: Any = _mixin_of(self)

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
        self._recorder = self.still_off = None

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
            self.fence(error)
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
        _check_target(target, options)
        if self._says_no():
            return target
        part = self._part(_instrumentation)
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
                class or method.
        """
        chosen = Options(methods, **options)
        module, qualified = _split(path)
        if self._says_no():
            return
        patches = self._part(_patches)
        if patches is not None:
            patches.patch(self, module, qualified, chosen)

    def uninstrument(self, path: str) -> None:
        """Put back what ``instrument`` replaced: the very same object.

        Under somebody else's later patch ours stays where it is, and does nothing any more.

        Raises:
            ValueError: nothing of this product is instrumented there.
        """
        module, qualified = _split(path)
        says_no = self._says_no()
        if says_no and "jina_tel.patches" not in sys.modules:
            return
        patches = self._part(_patches)
        if patches is not None:
            patches.unpatch(self, module, qualified, known=not says_no)

    def adopt(self, cls: type, options: Options, *, named: bool) -> None:
        """Instrument a subclass of ``Mixin``; ``named``: its own definition names the methods."""
        if named:
            _check_target(cls, options)
        instrumentation = None if self._says_no() else self._part(_instrumentation)
        if instrumentation is not None:
            instrumentation.adopt(self, self.Mixin, cls, options, named=named)

    def _part(self, load: Callable[[], Any]) -> Any:
        """Import a part of ours, or return None: wrapt may be missing, or no descriptor be left.

        What it is wanted for stays bare then, and the host does not notice.
        """
        try:
            return load()
        except (ImportError, OSError) as error:
            self.say(f"a part of jina_tel cannot be imported: {error}")
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
        return self._recorder or fresh

    def record(self, name: str) -> None:
        """Record the event ``name``; for ``instrumentation``, behind its fence."""
        now = time.monotonic()
        recorder = self._recorder
        if recorder is not None and recorder.is_open(now):
            self._record_with(recorder, name, now)
        else:
            self._record_first(name, now)

    def _record_first(self, name: str, now: float) -> None:
        """Record where parts of ours may have to be imported.

        A signal handler of the host's that comes amid that, and starts something, would find half
        of a module: its event is recorded when this one is.
        """
        turn = os.getpid(), get_ident()  # a child's thread may have the number of one that was
        if turn in self._opening:
            self._postponed.append((turn[0], name))
            return
        self._opening.add(turn)
        try:
            self._record_with(self._current(now), name, now)
        finally:
            self._opening.discard(turn)
            self._record_postponed()

    def _record_postponed(self) -> None:
        while self._postponed:
            try:
                pid, name = self._postponed.pop(0)
            except IndexError:
                return  # another thread took the last one
            if pid == os.getpid():  # else the parent's own, who has it, too
                now = time.monotonic()
                self._record_with(self._current(now), name, now)

    def _record_with(self, recorder: Recorder, name: str, now: float) -> None:
        recorder.record(name, now)
        self.still_off = recorder.still_off()

    def fence(self, error: BaseException) -> None:
        """Take an error of ours: count it, and tell whoever debugs."""
        if self._recorder is not None:
            self._recorder.fence(error)

    def say(self, text: str) -> None:
        """Tell stderr, under ``<PRODUCT>_TEL_DEBUG=1``."""
        try:
            from .debug import say
        except (ImportError, OSError):
            return  # nor can that part

        say(self._settings.variables.debug, f"{self._settings.product}: {text}")


def _instrumentation() -> Any:
    from . import instrumentation

    return instrumentation


def _patches() -> Any:
    from . import patches

    return patches


def _check_target(target: Any, options: Options) -> None:
    if not isinstance(target, type):
        if not is_method(target):
            raise ValueError(f"instrumented: a class or a method is wanted, not {target!r}")
        if options.methods:
            raise ValueError(f"instrumented: {options.methods!r} are names for a class's methods")
        return
    missing = [name for name in options.methods if not is_method(found_in(target, name))]
    if missing:
        raise ValueError(f"instrumented: {target.__qualname__} has no method {missing[0]!r}")
    if not options.methods and not starts_of(target):
        raise ValueError(
            f"instrumented: the body of {target.__qualname__} defines none of "
            f'{", ".join(METHODS)}; name its method, as in @instrumented("run")'
        )


def _split(path: object) -> tuple[str, str]:
    module, colon, qualified = path.partition(":") if isinstance(path, str) else ("", "", "")
    names = [*module.split("."), *qualified.split(".")]
    if not colon or not all(name.isidentifier() for name in names):
        raise ValueError(f'path: "package.module:Class.method" is wanted, not {path!r}')
    return module, qualified


def _mixin_of(telemetry: Telemetry) -> Any:
    """Return the class whose subclasses are instrumented as they are defined."""
    # The options stand in the class itself: attrs and dataclass(slots=True) make a new one of it.
    asked = f"_{telemetry.settings.product.replace('-', '_')}_telemetry"

    class TelemetryMixin:
        """Instruments each subclass as it is defined; takes ``instrumented``'s options.

        ``class Pod(TelemetryMixin, methods=("__init__",))``: options hold for subclasses, too.
        """

        __slots__ = ()

        def __init_subclass__(cls, **given: Any) -> None:
            own = {name: given.pop(name) for name in _OPTIONS if name in given}
            super().__init_subclass__(**given)
            options = {**getattr(cls, asked, {}), **own}
            telemetry.adopt(cls, _options(options), named="methods" in own)
            if own:
                setattr(cls, asked, options)

    return TelemetryMixin


_OPTIONS = ("methods", "verb", "when", "failures", "name")


def _options(given: dict[str, Any]) -> Options:
    rest = {name: value for name, value in given.items() if name != "methods"}
    return Options(given.get("methods", ()), **rest)
