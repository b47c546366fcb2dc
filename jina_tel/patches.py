"""Instrumenting another package's classes by path: now, or when their module is imported."""

from __future__ import annotations

import sys

from . import signals
from .debug import describe
from .imports import is_initializing, when_imported
from .instrumentation import put_each, take_back
from .options import METHODS, Options, found_in, is_method, starts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .calls import Hook, Recording

    Key = tuple[Recording, str, str]


class _Patch:
    """What was done for one path: nothing yet, or the class and the hooks that were put into it.

    Into more than one where its module was reloaded: objects of the class before may live on.
    """

    __slots__ = ("done", "options")

    def __init__(self, options: Options) -> None:
        self.options = options
        self.done: list[tuple[type, dict[str, Hook]]] = []


_patches: dict[Key, _Patch] = {}  # by product, module and what is in it


def patch(telemetry: Recording, module: str, qualified: str, options: Options) -> None:
    """Instrument by name: at once where the module is imported, else when it is.

    Asked for again with other options, these hold. A module that asks for its own class above it
    is still being imported, and has it at the end.

    Raises:
        ValueError: the module is imported, and has no such class or method.
    """
    key = (telemetry, module, qualified)
    loaded = _loaded(module)
    _take_back_other(key, loaded, options)
    made = _patches.get(key) or _Patch(options)
    try:
        if loaded is not None:
            _apply(made, telemetry, loaded, qualified)
            _patches[key] = made
            return
    except ValueError:
        if not is_initializing(loaded):
            raise
    if key not in _patches or made.done:
        _patches[key] = made
        telemetry._say(f"{module}:{qualified} waits for the import of {module}")
        when_imported(module, _later(made, key))


def _take_back_other(key: Key, loaded: ModuleType | None, options: Options) -> None:
    """Put back what was done for this path with other options, unless these cannot be."""
    telemetry, module, qualified = key
    before = _patches.get(key)
    if before is None or before.options.are_those_of(options):
        return
    if before.done and loaded is not None:
        _target_in(loaded, qualified, options)
    unpatch(telemetry, module, qualified, known=True)


def _loaded(module: str) -> ModuleType | None:
    """Return the module if it is imported; wait where another thread is about it."""
    loaded = sys.modules.get(module)
    if is_initializing(loaded):
        __import__(module)
        loaded = sys.modules.get(module)
    return loaded


def _later(made: _Patch, key: Key) -> Callable[[ModuleType], None]:
    telemetry, name, qualified = key

    def imported(module: ModuleType) -> None:
        if _patches.get(key) is not made:
            return  # uninstrumented before it came
        try:
            _apply(made, telemetry, module, qualified)
        except Exception as error:  # noqa: BLE001 - in the host's import: a fence
            signals.let_through(error)
            if not made.done:
                del _patches[key]
            telemetry._say(f"{name}:{qualified} could not be instrumented: {describe(error)}")

    return imported


def _apply(made: _Patch, telemetry: Recording, module: ModuleType, qualified: str) -> None:
    cls, names = _target_in(module, qualified, made.options)
    if any(known is cls for known, _ in made.done):
        return
    hooks = put_each(telemetry, cls, names, made.options, module.__name__.partition(".")[0])
    made.done.append((cls, hooks))
    for name in names:
        _tell_unreachable(telemetry, cls, name)


def _target_in(
    module: ModuleType, qualified: str, options: Options
) -> tuple[type, tuple[str, ...]]:
    """Return the class, and the names of its methods, that the path and the options name."""
    *outer, last = qualified.split(".")
    found: Any = module
    for name in outer:
        found = _attribute(found, name, module, qualified)
    if not isinstance(found, type) or isinstance(getattr(found, last, None), type):
        cls = _attribute(found, last, module, qualified)
        if not isinstance(cls, type):
            raise ValueError(f"path: {module.__name__}:{qualified} is no class and no method")
        return cls, _methods_of(cls, options)
    if not is_method(found_in(found, last)):
        raise ValueError(f"path: {module.__name__}:{qualified}: there is no such method")
    if options.methods:
        raise ValueError(f"methods: {module.__name__}:{qualified} is a method, and has none")
    return found, (last,)


def _attribute(found: Any, name: str, module: ModuleType, qualified: str) -> Any:
    try:
        return getattr(found, name)
    except AttributeError:
        where = f"{module.__name__}:{qualified}"
        raise ValueError(f"path: {where}: there is no {name!r} in {found!r}") from None


def _methods_of(cls: type, options: Options) -> tuple[str, ...]:
    missing = [name for name in options.methods if not is_method(found_in(cls, name))]
    names = options.methods or starts_of(cls)
    if missing or not names:
        what = repr(missing[0]) if missing else " or ".join(METHODS)
        raise ValueError(f"path: {cls.__module__}:{cls.__qualname__} has no method {what}")
    return names


def _tell_unreachable(telemetry: Recording, cls: type, name: str) -> None:
    """Say so where a subclass finds another base's method first: its starts are never seen."""
    for subclass in cls.__subclasses__():
        definer = next(base for base in subclass.__mro__ if name in vars(base))
        if definer is not cls and not issubclass(definer, cls):
            telemetry._say(
                f"{cls.__qualname__}.{name} is never reached through {subclass.__qualname__}, "
                f"which finds {definer.__qualname__}.{name} first; instrument it there"
            )


def unpatch(telemetry: Recording, module: str, qualified: str, *, known: bool) -> None:
    """Put back what was there.

    Raises:
        ValueError: it should be ``known``, and nothing of this product is instrumented there.
    """
    key = (telemetry, module, qualified)
    if known and key not in _patches:
        raise ValueError(f"path: {module}:{qualified} is not instrumented")
    made = _patches.pop(key, None)
    for cls, hooks in made.done if made is not None else ():
        for name, hook in hooks.items():
            take_back(cls, name, hook)
