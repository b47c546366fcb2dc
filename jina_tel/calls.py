"""What a wrapped method does: one start is one event, and no error of ours reaches the host."""

from __future__ import annotations

import sys
from _weakref import ref  # weakref would bring its containers along
from contextvars import ContextVar
from types import CoroutineType, FunctionType

from . import event
from .options import Options, is_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, Optional, Protocol

    class Recording(Protocol):
        """What a wrapped method tells: a product's telemetry.

        Private there: what an author is offered is what an author uses.
        """

        _still_off: Callable[[], bool] | None  # while off: tells whether that holds still
        _again: Callable[[str], bool] | None  # in a burst: records an event, or returns False

        def _record(self, name: str) -> None:
            """Record an event."""

        def _fence(self, error: BaseException) -> None:
            """Take an error of ours."""

        def _say(self, text: str) -> None:
            """Tell whoever debugs."""


_COROUTINE = 0x80  # inspect.CO_COROUTINE: a flag of the code of an ``async def``
KINDS = 256  # classes whose event's name is remembered, a hook

# The starts that are under way in this thread or task: linked frames [object, up, product]. A frame
# whose call has ended holds None. A task or a thread begun inside a start has a frame of its own,
# or sees this one cleared; `Token.reset` would fail where a coroutine ends in another context.
_live: ContextVar[Optional[list[Any]]] = ContextVar("jina_tel_live", default=None)


class Hook:
    """What a wrapped method knows of itself.

    Attributes:
        telemetry: the product.
        options: what its author asked for.
        package: the product's top-level package, which decides whose class names may leave.
        owner: the class's name where the instance does not tell: of a static method. None where
            it cannot be told from a name that a user chose.
        active: False once it is uninstrumented under somebody else's patch.
        original: what stood in the class's dictionary; None where it stood in a base's.
    """

    __slots__ = (
        "_names",
        "_starts",
        "active",
        "at_call",
        "failures",
        "options",
        "original",
        "owner",
        "package",
        "telemetry",
    )

    def __init__(
        self, telemetry: Recording, options: Options, package: str, owner: str | None
    ) -> None:
        self.telemetry = telemetry
        self.options = options
        self.package = package
        self.owner = owner
        self.active = True
        self.original: Any = None
        self.at_call = options.when == "call"
        self.failures = options.failures
        self._names: dict[int, tuple[Any, str]] = {}
        self._starts: dict[int, tuple[Any, str]] = {}  # of what is no class itself

    def record(self, subject: Any) -> None:
        """Record that ``subject`` started; no error of ours passes this fence."""
        try:
            kind = type(subject)
            known = self._starts.get(id(kind))
            if known is None or known[0]() is not kind:
                known = self._start_of(subject, kind)
            again = self.telemetry._again
            if again is None or not again(known[1]):
                self.telemetry._record(known[1])
        except RecursionError:
            pass  # the host is at its limit: there is no room to tell, either
        except Exception as error:  # noqa: BLE001 - the fence on the host's thread
            self.telemetry._fence(error)

    def record_failed(self, subject: Any) -> None:
        """Record that the start of ``subject`` raised; never what."""
        try:
            self.telemetry._record(self._name(subject, "failed"))
        except RecursionError:
            pass
        except Exception as error:  # noqa: BLE001 - the same fence
            self.telemetry._fence(error)

    def _start_of(self, subject: Any, kind: type) -> tuple[Any, str]:
        start = (ref(kind), self._name(subject, self.options.verb))
        if not (callable(self.options.name) or issubclass(kind, type)):
            if len(self._starts) >= KINDS:
                self._starts.clear()
            self._starts[id(kind)] = start
        return start

    def _name(self, subject: Any, verb: str) -> str:
        if callable(self.options.name):
            return f"{_checked_word(self.options.name(subject))}.{verb}"
        kind = type(subject)  # and no isinstance, which asks the host's own __class__
        if issubclass(kind, type):
            kind = subject
        known = self._names.get(id(kind))
        if known is None or known[0]() is not kind:
            known = self._remember(kind)
        return f"{known[1]}.{verb}"

    def _remember(self, kind: type) -> tuple[Any, str]:
        """By id and weakly: the user's classes are theirs to forget."""
        if len(self._names) >= KINDS:
            self._names.clear()
        name = self.options.name or event.name_of(kind, self.package) or self.owner
        known = self._names[id(kind)] = (ref(kind), _checked_word(name))
        return known


def _checked_word(name: object) -> str:
    if not is_word(name):
        raise ValueError("the event has no name that may leave: an ASCII identifier, as in name=…")
    return str(name)


class _Held(list):  # type: ignore[type-arg]
    """Holds a coroutine until it begins to run; one that never does is closed.

    Ours is then the only one that the interpreter says was never awaited. Made before what it
    holds, where that can be: of a cycle that is garbage the oldest is finalized first.
    """

    __slots__ = ()

    def __del__(self) -> None:
        for coroutine in self:
            coroutine.close()


def is_async(function: Any) -> bool:
    """Tell what ``inspect.iscoroutinefunction`` does, which alone knows of a function's mark.

    Where nobody has imported inspect, 8 ms, nobody has marked one.
    """
    inspect = sys.modules.get("inspect")
    if inspect is not None:
        return bool(inspect.iscoroutinefunction(function))
    return type(function) is FunctionType and bool(function.__code__.co_flags & _COROUTINE)


def wrapper_for(hook: Hook, takes_instance: bool, runs_later: bool) -> Callable[..., Any]:
    """Return what wrapt calls in the place of the method."""
    telemetry, record, live = hook.telemetry, hook.record, _live.get
    at_call, failures = hook.at_call, hook.failures

    def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        still_off = telemetry._still_off
        if (still_off is not None and still_off()) or not hook.active:
            return wrapped(*args, **kwargs)
        bare = args[0] if takes_instance and args else hook  # where there is no instance
        subject = bare if instance is None else instance
        held = _Held() if runs_later else None
        up = live()
        while up is not None and up[0] is None:
            up = up[1]
        if up is not None and _is_live(up, subject, telemetry):
            return _within(wrapped(*args, **kwargs), held, telemetry, subject)
        if at_call:
            record(subject)
        frame = [subject, up, telemetry]
        _live.set(frame)
        try:
            result = wrapped(*args, **kwargs)
        except Exception:
            if failures:
                hook.record_failed(subject)
            raise
        finally:
            frame[0] = None
        if type(result) is CoroutineType:
            return _named(_count(_hold(held, result), hook, subject), result)
        if not at_call:
            record(subject)
        return result

    return call


def _is_live(frame: Any, subject: Any, telemetry: Recording) -> bool:
    """Look for a live frame of ``subject``; let go of the dead ones on the way, or they heap up."""
    while frame is not None:
        if frame[0] is subject and frame[2] is telemetry:
            return True
        up = frame[1]
        while up is not None and up[0] is None:
            up = up[1]
        frame[1] = frame = up
    return False


def _hold(held: _Held | None, started: Any) -> _Held:
    held = _Held() if held is None else held
    held.append(started)
    return held


def _named(coroutine: Coroutine[Any, Any, Any], started: Any) -> Coroutine[Any, Any, Any]:
    coroutine.__name__, coroutine.__qualname__ = started.__name__, started.__qualname__
    return coroutine


async def _count(held: _Held, hook: Hook, subject: Any) -> Any:
    """The start of a coroutine counts once it was awaited."""
    try:
        result = await _run(held, hook.telemetry, subject)
    except Exception:
        if hook.failures:
            hook.record_failed(subject)
        raise
    if not hook.at_call:
        hook.record(subject)
    return result


def _within(result: Any, held: _Held | None, telemetry: Recording, subject: Any) -> Any:
    """A coroutine that does not count may outlive the start it is part of, as a task."""
    if type(result) is not CoroutineType:
        return result
    return _named(_run(_hold(held, result), telemetry, subject), result)


async def _run(held: _Held, telemetry: Recording, subject: Any) -> Any:
    """A coroutine's frame is set where it runs, which may be another task."""
    frame = [subject, _live.get(), telemetry]
    _live.set(frame)
    try:
        return await held.pop()
    finally:
        frame[0] = None
