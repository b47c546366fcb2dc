"""How one class or method is instrumented: what its author asked for, checked at once."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing costs 2-9 ms, and an opted-out program pays nothing for us
    from collections.abc import Iterable
    from typing import Any, Callable, Literal, Union

    Name = Union[str, Callable[[Any], str], None]
    When = Literal["return", "call"]

KEPT: Any = ...  # the default of what stays as it is where nothing is given
METHODS = ("start", "__enter__", "__aenter__")
WORD_CHARACTERS = 64


def those_given(**options: Any) -> dict[str, Any]:
    """Return those that are not ``KEPT``."""
    return {name: value for name, value in options.items() if value is not KEPT}


def is_word(text: object) -> bool:
    """Tell whether ``text`` may be one half of an event's name: an ASCII identifier, 1-64 long."""
    return (
        isinstance(text, str)
        and text.isascii()
        and text.isidentifier()
        and len(text) <= WORD_CHARACTERS
    )


def is_method(attribute: object) -> bool:
    """Tell whether what stands in a class's dictionary is a method: no class, property or value."""
    function = getattr(attribute, "__func__", attribute)
    return callable(function) and hasattr(attribute, "__get__") and not isinstance(function, type)


def found_in(cls: type, name: str) -> Any:
    """Return what ``cls`` has under ``name`` in its own dictionary, else in a base's, else None."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def starts_of(cls: type) -> tuple[str, ...]:
    """Return which of ``METHODS`` the body of ``cls`` defines."""
    return tuple(name for name in METHODS if is_method(vars(cls).get(name)))


def _names(methods: Any) -> tuple[str, ...]:
    names = (None,) if isinstance(methods, str) or not hasattr(methods, "__iter__") else methods
    names = tuple(names)
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"methods: a tuple of method names is wanted, not {methods!r}")
    if not all(name.isidentifier() for name in names):
        raise ValueError(f"methods: {names!r} holds what cannot be a method's name")
    return names


class Options:
    """What an author asked for.

    Args:
        methods: the names of the methods that start; none means whichever of ``start``,
            ``__enter__`` and ``__aenter__`` the class's body defines.
        verb: the second half of the event's name.
        when: ``"return"``, recorded once the call has succeeded, or ``"call"``, at the call.
        failures: also record the event ``ClassName.failed`` when the start raises.
        name: the first half of the event's name, or a callable that is given the instance
            and returns it; by default the name of the product's own class.

    Raises:
        ValueError: one of them is not of that form; the message says which.
    """

    __slots__ = ("failures", "methods", "name", "verb", "when")

    def __init__(
        self,
        methods: Iterable[str] = (),
        *,
        verb: str = "start",
        when: When = "return",
        failures: bool = False,
        name: Name = None,
        **unknown: object,
    ) -> None:
        if unknown:
            raise ValueError(
                f"there is no option {', '.join(sorted(unknown))}; there are verb, when, failures "
                "and name, and of a class methods"
            )
        names = _names(methods)
        if not is_word(verb):
            raise ValueError(f"verb: an ASCII identifier is wanted, not {verb!r}")
        if when not in ("return", "call"):
            raise ValueError(f'when: "return" or "call" is wanted, not {when!r}')
        if not isinstance(failures, bool):
            raise ValueError(f"failures: True or False is wanted, not {failures!r}")
        if name is not None and not callable(name) and not is_word(name):
            raise ValueError(f"name: an ASCII identifier or a callable is wanted, not {name!r}")
        self.methods = names
        self.verb = verb
        self.when = when
        self.failures = failures
        self.name = name

    def are_those_of(self, other: Options) -> bool:
        """Tell whether the author of ``other`` asked for the same."""
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)


def check_target(target: Any, options: Options) -> None:
    """Raise ValueError where ``target`` is nothing that ``instrumented`` takes."""
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


def split_path(path: object) -> tuple[str, str]:
    """Return module and qualified name of ``package.module:Class.method``; raises ValueError."""
    module, colon, qualified = path.partition(":") if isinstance(path, str) else ("", "", "")
    names = [*module.split("."), *qualified.split(".")]
    if not colon or not all(name.isidentifier() for name in names):
        raise ValueError(f'path: "package.module:Class.method" is wanted, not {path!r}')
    return module, qualified
