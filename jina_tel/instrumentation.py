"""Wrapping the methods that start; the only import of wrapt, and the fence on the host's thread.

A method is wrapped in its class's own dictionary, never the class itself: an instance of a
wrapped class does not pickle, and its subclasses are not instrumented.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Optional
from weakref import ref

import wrapt

from . import event
from .options import METHODS, Options
from .recorder import prepare_process

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import ModuleType
    from typing import Protocol

    class Recording(Protocol):
        """What a wrapped method tells: a product's telemetry."""

        still_off: Callable[[], bool] | None  # while off: tells whether that holds still

        def record(self, name: str) -> None:
            """Record an event."""

        def fence(self, error: BaseException) -> None:
            """Take an error of ours."""

        def say(self, text: str) -> None:
            """Tell whoever debugs."""


KINDS = 256  # classes whose event's name is remembered, a hook

# The starts that are under way in this thread or task: linked frames [object, up]. A frame whose
# call has ended holds None. A task or a thread begun inside a start has a frame of its own, or
# sees this one cleared; `Token.reset` would fail where a coroutine ends in another context.
_live: ContextVar[Optional[list[Any]]] = ContextVar("jina_tel_live", default=None)


class Hook:
    """What a wrapped method knows of itself.

    Attributes:
        telemetry: the product.
        options: what its author asked for.
        package: the product's top-level package, which decides whose class names may leave.
        owner: the class's name where the instance does not tell: of a static method.
        active: False once it is uninstrumented under somebody else's patch.
    """

    __slots__ = ("_names", "active", "at_call", "failures", "options", "owner", "package", "telemetry")

    def __init__(self, telemetry: Recording, options: Options, package: str, owner: str) -> None:
        self.telemetry = telemetry
        self.options = options
        self.package = package
        self.owner = owner
        self.active = True
        self.at_call = options.when == "call"
        self.failures = options.failures
        self._names: dict[int, tuple[Any, str]] = {}

    def record(self, subject: Any) -> None:
        """Record that ``subject`` started; no error of ours passes this fence."""
        try:
            self.telemetry.record(self._name(subject, self.options.verb))
        except Exception as error:  # noqa: BLE001 - the first of our two fences
            self.telemetry.fence(error)

    def record_failed(self, subject: Any) -> None:
        """Record that the start of ``subject`` raised; never what."""
        try:
            self.telemetry.record(self._name(subject, "failed"))
        except Exception as error:  # noqa: BLE001 - the same fence
            self.telemetry.fence(error)

    def _name(self, subject: Any, verb: str) -> str:
        if callable(self.options.name):
            return f"{_checked_word(self.options.name(subject))}.{verb}"
        kind = subject if isinstance(subject, type) else type(subject)
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
    if not event.is_word(name):
        raise ValueError("an event's name is no ASCII identifier")
    return str(name)


class _BoundMethod(wrapt.BoundFunctionWrapper):  # type: ignore[misc]
    """A wrapped method of an instance; pickles and copies as a bound method does."""

    def __reduce__(self) -> tuple[Any, ...]:
        instance = getattr(self.__wrapped__, "__self__", None)
        if instance is not None:
            return getattr, (instance, self.__wrapped__.__name__)
        return _resolve, (self.__wrapped__.__module__, self.__wrapped__.__qualname__)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return self.__reduce__()

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        from copy import deepcopy

        instance = getattr(self.__wrapped__, "__self__", None)
        if instance is None:
            return self  # as functions do
        return getattr(deepcopy(instance, memo), self.__wrapped__.__name__)


class _Method(wrapt.FunctionWrapper):  # type: ignore[misc]
    """A wrapped method in its class's dictionary."""

    __bound_function_wrapper__ = _BoundMethod

    def __init__(self, wrapped: Any, hook: Hook) -> None:
        super().__init__(wrapped, _wrapper(hook, _takes_instance(wrapped)))
        self._self_hook = hook

    def __reduce__(self) -> tuple[Any, ...]:
        """By value (cloudpickle): where it arrives, it is the bare method."""
        return _bare, (self.__wrapped__,)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return self.__reduce__()

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self


def _bare(wrapped: Any) -> Any:
    return wrapped


def _resolve(module: str, qualified: str) -> Any:
    found: Any = sys.modules[module] if module in sys.modules else __import__(module, fromlist="*")
    for name in qualified.split("."):
        found = getattr(found, name)
    return found


def _takes_instance(wrapped: Any) -> bool:
    """A metaclass may call ``__dict__["__init__"]`` unbound: then it is the first argument."""
    return not isinstance(wrapped, (staticmethod, classmethod))


def _wrapper(hook: Hook, takes_instance: bool) -> Callable[..., Any]:
    """Return what wrapt calls in the place of the method."""
    telemetry = hook.telemetry
    at_call, failures = hook.at_call, hook.failures

    def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        still_off = telemetry.still_off
        if (still_off is not None and still_off()) or not hook.active:
            return wrapped(*args, **kwargs)
        subject = instance
        if subject is None:
            subject = args[0] if takes_instance and args else hook
        up = _live.get()
        while up is not None and up[0] is None:
            up = up[1]
        if up is not None and _is_live(up, subject):
            return wrapped(*args, **kwargs)
        if at_call:
            hook.record(subject)
        frame = [subject, up]
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
            return _awaited(result, hook, subject)
        if not at_call:
            hook.record(subject)
        return result

    return call


def _is_live(frame: Any, subject: Any) -> bool:
    while frame is not None:
        if frame[0] is subject:
            return True
        frame = frame[1]
    return False


def _awaited(started: Any, hook: Hook, subject: Any) -> Coroutine[Any, Any, Any]:
    coroutine = _await(started, hook, subject)
    coroutine.__name__, coroutine.__qualname__ = started.__name__, started.__qualname__
    return coroutine


async def _await(started: Any, hook: Hook, subject: Any) -> Any:
    """The start of a coroutine: its frame is set where it runs, and it counts once awaited."""
    frame = [subject, _live.get()]
    _live.set(frame)
    try:
        result = await started
    except Exception:
        if hook.failures:
            hook.record_failed(subject)
        raise
    finally:
        frame[0] = None
    if not hook.at_call:
        hook.record(subject)
    return result


def decorate(telemetry: Recording, target: Any, options: Options) -> Any:
    """Instrument a class, and return it, or a function in a class's body, and return it wrapped.

    Raises:
        ValueError: a function's class cannot be told, and no name is given.
    """
    if isinstance(target, type):
        names = options.methods or [name for name in METHODS if name in vars(target)]
        _wrap_each(telemetry, target, names, options, event.top_level(target))
        return target
    owner = _owner_of(target, options)
    prepare_process()
    hook = Hook(telemetry, options, event.top_level(getattr(target, "__func__", target)), owner)
    return _Method(target, hook)


def _owner_of(target: Any, options: Options) -> str:
    if isinstance(options.name, str):
        return options.name
    qualified = getattr(getattr(target, "__func__", target), "__qualname__", "")
    owner = qualified.rpartition(".")[0].rpartition(".")[2]
    if not event.is_word(owner):
        raise ValueError(
            f"instrumented: {qualified or target!r} is no method of a class; "
            'give the event a name, as in @instrumented(name="Server")'
        )
    return str(owner)


def adopt(telemetry: Recording, cls: type, options: Options, *, named: bool) -> None:
    """Instrument a subclass of the mixin; no error of ours reaches the host's definition.

    The product's package is that of the class nearest to the mixin, so a user's own subclass is
    not taken for the product's.
    """
    try:
        names = options.methods or METHODS
        own = [name for name in names if named or name in vars(cls)]
        _wrap_each(telemetry, cls, own, options, event.top_level(_first_of(cls)))
    except Exception as error:  # noqa: BLE001 - on the host's thread: the first fence again
        telemetry.fence(error)
        telemetry.say(f"{cls.__qualname__} could not be instrumented: {error}")


def _first_of(cls: type) -> type:
    """Return the class of ``cls``'s line that inherits from a mixin of ours directly."""
    for base in reversed(cls.__mro__):
        if any(above.__module__ == "jina_tel.telemetry" for above in base.__bases__):
            return base
    return cls


def _wrap_each(telemetry: Recording, cls: type, names: Any, options: Options, package: str) -> None:
    prepare_process()
    for name in names:
        if not is_instrumented(telemetry, vars(cls).get(name)):
            _put(cls, name, Hook(telemetry, options, package, cls.__name__))


def _put(cls: type, name: str, hook: Hook) -> None:
    """Wrap what ``cls`` finds under ``name`` and put it into its own dictionary."""
    for base in cls.__mro__:
        if name in vars(base):
            setattr(cls, name, _Method(vars(base)[name], hook))
            return
    raise ValueError(f"{cls.__qualname__} has no method {name!r}")


def is_instrumented(telemetry: Recording, attribute: Any) -> bool:
    """Tell whether ``attribute`` is a method that this product wrapped, also under other wrappers.

    A metaclass may put ``functools.wraps`` layers over ours, so the chain is followed down.
    """
    return _hook_in(telemetry, attribute) is not None


def _hook_in(telemetry: Recording, attribute: Any) -> Hook | None:
    for _ in range(100):
        if type(attribute) is _Method:
            hook = attribute._self_hook
            if hook.telemetry is telemetry and hook.active:
                return hook
        attribute = getattr(attribute, "__dict__", {}).get("__wrapped__") or getattr(
            attribute, "__wrapped__", None
        )
        if attribute is None:
            return None
    return None


# What `instrument` was asked for, by product and path: "waiting" for its module, or the class and
# the names that were put into it, with what stood there (None: nothing, it was inherited).
_patches: dict[tuple[Any, str, str], Any] = {}
_WAITING = "waiting"


def patch(telemetry: Recording, module: str, qualified: str, options: Options) -> None:
    """Instrument by name: at once where the module is imported, else when it is.

    Raises:
        ValueError: the module is imported, and has no such class or method.
    """
    prepare_process()
    key = (telemetry, module, qualified)
    if key in _patches:
        return
    loaded = sys.modules.get(module)
    if loaded is not None and not _is_initializing(loaded):
        _patches[key] = _patched(telemetry, loaded, qualified, options)
        return
    _patches[key] = _WAITING
    wrapt.register_post_import_hook(_when_imported(telemetry, qualified, options, key), module)


def _is_initializing(module: Any) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _when_imported(
    telemetry: Recording, qualified: str, options: Options, key: tuple[Any, str, str]
) -> Callable[[ModuleType], None]:
    def imported(module: ModuleType) -> None:
        if _patches.get(key) is not _WAITING:
            return  # uninstrumented before it came
        try:
            _patches[key] = _patched(telemetry, module, qualified, options)
        except Exception as error:  # noqa: BLE001 - in the host's import: the first fence
            del _patches[key]
            telemetry.say(f"{key[1]}:{qualified} could not be instrumented: {error}")

    return imported


def _patched(telemetry: Recording, module: Any, qualified: str, options: Options) -> Any:
    """Return the class, and what stood under each name that was wrapped."""
    cls, names = _target_in(module, qualified, options)
    before = {name: vars(cls).get(name) for name in names}
    _wrap_each(telemetry, cls, names, options, event.top_level(module_of(module)))
    for name in names:
        _tell_unreachable(telemetry, cls, name)
    return cls, before


def module_of(module: Any) -> Any:
    """Return something whose ``__module__`` is the module's name."""
    return type("_", (), {"__module__": module.__name__})


def _target_in(module: Any, qualified: str, options: Options) -> tuple[type, list[str]]:
    found: Any = module
    names = qualified.split(".")
    for index, name in enumerate(names):
        if isinstance(found, type) and index == len(names) - 1 and not _is_class(found, name):
            if not hasattr(found, name):
                raise ValueError(f"path: {module.__name__}:{qualified}: there is no such method")
            return found, [name]
        found = getattr(found, name, None)
        if found is None:
            raise ValueError(f"path: {module.__name__} has no {'.'.join(names[: index + 1])}")
    if not isinstance(found, type):
        raise ValueError(f"path: {module.__name__}:{qualified} is no class and no class's method")
    return found, _methods_of(found, options)


def _is_class(cls: type, name: str) -> bool:
    return isinstance(getattr(cls, name, None), type)


def _methods_of(cls: type, options: Options) -> list[str]:
    names = list(options.methods) or [name for name in METHODS if name in vars(cls)]
    missing = [name for name in names if not hasattr(cls, name)]
    if missing or not names:
        what = repr(missing[0]) if missing else " or ".join(METHODS)
        raise ValueError(f"path: {cls.__module__}:{cls.__qualname__} defines no {what}")
    return names


def _tell_unreachable(telemetry: Recording, cls: type, name: str) -> None:
    """Say so where a subclass finds another base's method first: its starts are never seen."""
    for subclass in cls.__subclasses__():
        definer = next(base for base in subclass.__mro__ if name in vars(base))
        if definer is not cls and not issubclass(definer, cls):
            telemetry.say(
                f"{cls.__qualname__}.{name} is never reached through {subclass.__qualname__}, "
                f"which finds {definer.__qualname__}.{name} first; instrument it there"
            )


def unpatch(telemetry: Recording, module: str, qualified: str) -> None:
    """Put back what was there.

    Raises:
        ValueError: nothing of this product is instrumented there.
    """
    patched = _patches.pop((telemetry, module, qualified), None)
    if patched is None:
        raise ValueError(f"path: {module}:{qualified} is not instrumented")
    if patched is _WAITING:
        return
    cls, before = patched
    for name, original in before.items():
        _restore(telemetry, cls, name, original)


def _restore(telemetry: Recording, cls: type, name: str, original: Any) -> None:
    present = vars(cls).get(name)
    hook = _hook_in(telemetry, present)
    if hook is None:
        return
    hook.active = False  # also where it stays: under another's patch, in a copy of the class
    if type(present) is not _Method or present._self_hook is not hook:
        return
    if original is None:
        delattr(cls, name)
    else:
        setattr(cls, name, original)
