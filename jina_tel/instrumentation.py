"""Wrapping the methods that start.

A method is wrapped in its class's own dictionary, never the class itself: an instance of a
wrapped class does not pickle, and its subclasses are not instrumented.
"""

from __future__ import annotations

import sys
from types import MethodType

from . import event, identity, imports, process
from .calls import Hook, is_async, wrapper_for
from .debug import describe
from .options import METHODS, Options, found_in, is_method, is_word, starts_of
from .wrapping import BoundFunctionWrapper, FunctionWrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .calls import Recording


_new = BoundFunctionWrapper.__new__


class _BoundMethod(BoundFunctionWrapper):  # type: ignore[misc]
    """A wrapped method of an instance; pickles and copies as a bound method does."""

    def __new__(cls, bound: Any, instance: Any, *rest: Any) -> Any:
        """Bind; wrapt gives what is bound, the instance, and as the sixth the wrapped method.

        Where the class is asked, a function is not bound, and neither is ours: ``Sub.start is
        Base.start`` says whether it was overridden. A ``WeakMethod`` makes a method again of its
        type, the function and the instance.
        """
        if not rest:
            return MethodType(_instrumented(bound, instance), instance)
        if instance is None and bound is rest[3].__wrapped__:
            return rest[3]
        return _new(cls)

    @property
    def __func__(self) -> Any:
        """The function of a method is what its class has: ``self.start.__func__ is Flow.start``."""
        function = self.__wrapped__.__func__
        return self._self_parent if self._self_parent.__wrapped__ is function else function

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


def _instrumented(function: Any, instance: Any) -> Any:
    """Return the function as it is called: a class method's own is bare."""
    hook = _hook_of(found_in(instance, function.__name__)) if isinstance(instance, type) else None
    return function if hook is None or _hook_of(function) else _Method(function, hook)


class _Method(FunctionWrapper):  # type: ignore[misc]
    """A wrapped method in its class's dictionary."""

    __bound_function_wrapper__ = _BoundMethod
    wraps_method = True  # for event.name_of, which looks at a class's methods

    def __init__(self, wrapped: Any, hook: Hook) -> None:
        runs_later = is_async(event.function_of(wrapped))
        super().__init__(wrapped, wrapper_for(hook, _takes_instance(wrapped), runs_later))
        self._self_hook = hook

    def __reduce__(self) -> Any:
        """By name where a module has it, else by value (cloudpickle), bare where it arrives."""
        name = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(getattr(self, "__module__", None) or "")
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else (_bare, (self.__wrapped__,))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__reduce__()

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self


def _bare(wrapped: Any) -> Any:
    return wrapped


def _resolve(module: str, qualified: str) -> Any:
    __import__(module)
    found: Any = sys.modules[module]
    for name in qualified.split("."):
        found = getattr(found, name)
    return found


def _takes_instance(wrapped: Any) -> bool:
    """A metaclass may call ``__dict__["__init__"]`` unbound: then it is the first argument."""
    return not isinstance(wrapped, (staticmethod, classmethod))


def decorate(telemetry: Recording, target: Any, options: Options) -> Any:
    """Instrument a class, and return it, or a function in a class's body, and return it wrapped.

    Raises:
        ValueError: a function's class cannot be told, and no name is given; or the class takes
            no other method.
    """
    if isinstance(target, type):
        names = options.methods or starts_of(target)
        put_each(telemetry, target, names, options, event.top_level(target))
        return target
    owner = _owner_of(target, options)
    _prepare()
    hook = Hook(telemetry, options, event.top_level(getattr(target, "__func__", target)), owner)
    return _Method(target, hook)


def _owner_of(target: Any, options: Options) -> str:
    if isinstance(options.name, str):
        return options.name
    qualified = getattr(getattr(target, "__func__", target), "__qualname__", "")
    owner = qualified.rpartition(".")[0].rpartition(".")[2]
    if not is_word(owner):
        raise ValueError(
            f"instrumented: {qualified or target!r} is no method of a class; "
            'give the event a name, as in @instrumented(name="Server")'
        )
    return str(owner)


def adopt(telemetry: Recording, root: type, cls: type, options: Options, *, named: bool) -> None:
    """Instrument a subclass of the mixin; no error of ours reaches the host's definition.

    The product's package is that of ``root``, so a user's own subclass is not taken for the
    product's.
    """
    try:
        names = options.methods or METHODS
        if not named:
            names = tuple(name for name in names if is_method(vars(cls).get(name)))
        put_each(telemetry, cls, names, options, event.top_level(root))
    except Exception as error:  # noqa: BLE001 - as the host's class is made: a fence
        telemetry._fence(error)
        telemetry._say(f"{cls.__qualname__} could not be instrumented: {describe(error)}")


def put_each(
    telemetry: Recording, cls: type, names: Iterable[str], options: Options, package: str
) -> dict[str, Hook]:
    """Wrap the methods ``names`` of ``cls``, but those that are already; return the new hooks.

    Raises:
        ValueError: the class takes no other method.
    """
    _prepare()
    owner = event.name_of(cls, package) or _name_in_function(cls, package)
    hooks = {}
    for name in names:
        if not is_instrumented(telemetry, vars(cls).get(name)):
            hooks[name] = Hook(telemetry, options, package, owner)
            _put(cls, name, hooks[name])
    return hooks


def _name_in_function(cls: type, package: str) -> str | None:
    """Return the name of a class of ``package`` that was written in a function, else None.

    Good enough where no other name may leave: ``type(text, …)`` makes a class that is in none.
    """
    is_written = cls.__qualname__.endswith(f".<locals>.{cls.__name__}")
    return cls.__name__ if is_written and event.top_level(cls) == package else None


def _put(cls: type, name: str, hook: Hook) -> None:
    own = hook.original = vars(cls).get(name)
    try:
        setattr(cls, name, _Method(own if own is not None else _inherited(cls, name), hook))
    except (AttributeError, TypeError) as error:
        raise ValueError(f"{cls.__qualname__} cannot be instrumented: {error}") from error


def take_back(cls: type, name: str, hook: Hook) -> None:
    """Put back what stood there; under somebody else's patch ours stays, and does nothing more."""
    hook.active = False
    if _hook_of(vars(cls).get(name)) is not hook:
        return
    original = hook.original
    below = _hook_of(original)
    while below is not None and not below.active:
        original = below.original  # another product's, taken back under ours
        below = _hook_of(original)
    if original is None:
        delattr(cls, name)
    else:
        setattr(cls, name, original)


def _hook_of(attribute: Any) -> Hook | None:
    return attribute._self_hook if type(attribute) is _Method else None


def is_instrumented(telemetry: Recording, attribute: Any) -> bool:
    """Tell whether ``attribute`` is a method that this product wrapped, also under other wrappers.

    A metaclass may put ``functools.wraps`` layers over ours, so the chain is followed down.
    """
    for _ in range(100):
        hook = _hook_of(attribute)
        if hook is not None and hook.telemetry is telemetry and hook.active:
            return True
        attribute = getattr(attribute, "__wrapped__", getattr(attribute, "__func__", None))
        if attribute is None:
            return False
    return False


def _inherited(cls: type, name: str) -> Any:
    """Return a method that goes on to what the concrete class finds above ``cls``.

    What ``cls`` itself inherits would not do: in a subclass of two bases the other one's method
    may come first.
    """
    found = found_in(cls, name)
    if isinstance(found, staticmethod):
        return found

    def go_on(subject: Any, *args: Any, **kwargs: Any) -> Any:
        return _above(cls, subject, name)(*args, **kwargs)

    async def go_on_async(subject: Any, *args: Any, **kwargs: Any) -> Any:
        return await _above(cls, subject, name)(*args, **kwargs)

    from functools import wraps

    function = getattr(found, "__func__", found)
    wrapping = wraps(function)(go_on_async if is_async(function) else go_on)
    return classmethod(wrapping) if isinstance(found, classmethod) else wrapping


def _above(cls: type, subject: Any, name: str) -> Any:
    line = (subject if issubclass(type(subject), type) else type(subject)).__mro__
    # By name, too: attrs and dataclass(slots=True) make a new class with the old one's methods.
    known = cls.__module__, cls.__name__
    here = next(base for base in line if base is cls or (base.__module__, base.__name__) == known)
    found = getattr(super(here, subject), name)
    if name == "__init__" and getattr(found, "__objclass__", None) is object:
        # object.__init__ takes what __new__ took, as long as a class has no __init__.
        takes_nothing = type(subject).__new__ is object.__new__  # type: ignore[comparison-overlap]
        return found if takes_nothing else _take_all
    return found


def _take_all(*args: Any, **kwargs: Any) -> None:
    pass


def _prepare() -> None:
    if process.prepare():
        imports.when_imported("multiprocessing.process", lambda module: identity.carry())
