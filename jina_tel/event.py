"""An event's name, id and time, and the line that stands for it in the journal.

A line is complete in itself, and has the form of the wire but for ``uid`` and ``session-id``,
which are added when it is shipped::

    {"id": "5b2c…-1f", "time": "2026-01-31T12:00:00.123456Z", "product": "jina", "v": 1,
     "payload": {"event": "Flow.start", "architecture": "x86_64", …}}
"""

from __future__ import annotations

import os
import sys
import time
from itertools import count
from types import FunctionType

from .options import is_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

FORMAT = 1

# Where code says that it comes from if a text was compiled, by dataclasses and attrs for instance.
_MADE = "<string>", "<attrs"
_NESTED = 0x10  # inspect.CO_NESTED: a flag of code that stands in a function


def name_of(kind: type, package: str) -> str | None:
    """Return the name of the nearest class of ``kind``'s line that ``package`` defines, or None.

    A user's own subclass has its module elsewhere, so its name is never returned. Nor is the name
    of a class that the product made while it runs, ``type(text, (Flow,), {})``, for the text may be
    a user's: the name must stand in the product's source, as far as that can be told.

    Args:
        kind: the concrete class of the object that started.
        package: the product's top-level package, ``"jina"`` for instance.
    """
    for base in kind.__mro__:
        if top_level(base) == package and is_word(base.__name__) and _is_written(base):
            return base.__name__
    return None


def _is_written(kind: type) -> bool:
    """Tell whether its module holds ``kind`` under its name, or a method was compiled under it.

    A class in a function is held by no module, and one is not yet while it is decorated.
    """
    if kind.__qualname__.rpartition(".")[2] != kind.__name__:
        return False
    return _is_held(kind) or any(_is_of(kind, function_of(value)) for value in vars(kind).values())


def _is_held(kind: type) -> bool:
    """Look into dictionaries alone: an attribute may be code of the host's."""
    found: Any = sys.modules.get(kind.__module__)
    for name in kind.__qualname__.split("."):
        found = getattr(found, "__dict__", {}).get(name)
        if not issubclass(type(found), type):
            return False
    return bool(found.__qualname__ == kind.__qualname__)  # another object after a reload


def _is_of(kind: type, function: Any) -> bool:
    """Tell whether ``function`` was compiled in the body of ``kind``, and not from a text."""
    if type(function) is not FunctionType:
        return False
    code, module = function.__code__, str(function.__globals__.get("__name__"))
    is_made = code.co_filename.startswith(_MADE) and module != "__main__"  # python -c "…"
    if is_made or module.partition(".")[0] != top_level(kind):
        return False
    return _compiled_as(function) == f"{kind.__qualname__}.{code.co_name}"


def _compiled_as(function: FunctionType) -> str:
    """Return a qualified name that cannot be set.

    Before Python 3.11 code does not know its own. The function's does then, but for one that stands
    in a function and says that it does not.
    """
    compiled: str | None = getattr(function.__code__, "co_qualname", None)
    if compiled is not None:
        return compiled
    is_nested = bool(function.__code__.co_flags & _NESTED)
    return function.__qualname__ if is_nested == (".<locals>." in function.__qualname__) else ""


def function_of(value: Any) -> Any:
    """Return the function under a method's wrappers; asks types alone, so no code of the host's."""
    for _ in range(10):
        if type(value) in (staticmethod, classmethod):
            value = value.__func__
        elif type(value) is FunctionType and "__wrapped__" in vars(value):
            value = vars(value)["__wrapped__"]
        elif "wraps_method" in vars(type(value)):
            value = value.__wrapped__
        else:
            break
    return value


def top_level(kind: Any) -> str:
    """Return the top-level package of a class or function, ``""`` where it has none."""
    module = getattr(kind, "__module__", None)
    return module.partition(".")[0] if isinstance(module, str) else ""


def rfc3339(at: float) -> str:
    """Return ``at`` (Unix seconds) as RFC 3339 in UTC with microseconds."""
    whole, micro = divmod(int(at * 1_000_000), 1_000_000)
    return f"{_whole_second(whole)}.{micro:06d}Z"


_last_second = (-1, "")


def _whole_second(second: int) -> str:
    """``strftime`` once a second and not once an event; one tuple, so threads cannot mix it up."""
    global _last_second
    known, text = _last_second
    if known != second:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        _last_second = (second, text)
    return text


class Writer:
    """Writes the lines of one product in one process.

    An id is a token of this process and a counter: a process id would come again in a
    long-lived tree, and with the same token, twice the same id.

    Args:
        product: the product's name.
        facts: the process's facts as the inside of a JSON object, ``"a":"b","c":1``.
        kept: False where the uid will not be there tomorrow (in CI).

    Attributes:
        numbers: the counter; each number is of one line.
    """

    __slots__ = ("_head", "_neck", "_tail", "numbers")

    def __init__(self, product: str, facts: str, *, kept: bool) -> None:
        self.numbers: Iterator[int] = count()
        self._head = f'\n{{"id":"{os.urandom(12).hex()}-'
        mark = "" if kept else '"kept":false,'
        self._neck = f'","product":"{product}","v":{FORMAT},{mark}'
        self._tail = f",{facts}}}}}\n" if facts else "}}\n"

    def event(self, name: str, at: float) -> bytes:
        """Return the line of the event ``name``; begins *and* ends with a newline.

        A line that a full disk tore so costs only itself.
        """
        head = f'{self._head}{next(self.numbers):x}","time":"'
        return f"{head}{rfc3339(at)}{self._rest(name)}".encode()

    def template(self, name: str, second: int) -> bytes:
        """Return the lines of the event ``name`` within one second, to be made by ``%``.

        Of a number of ``numbers``, and of the microseconds.
        """
        rest = self._rest(name).replace("%", "%%")
        return f'{self._head}%x","time":"{_whole_second(second)}.%06dZ{rest}'.encode()

    def _rest(self, name: str) -> str:
        return f'{self._neck}"payload":{{"event":"{name}"{self._tail}'

    def ledger(self, lost: dict[str, int], at: float) -> bytes:
        """Return the ledger line that says what was lost, by reason."""
        counts = ",".join(f'"{reason}":{number}' for reason, number in sorted(lost.items()))
        return (
            f'{self._head}{next(self.numbers):x}","time":"{rfc3339(at)}{self._neck}'
            f'"lost":{{{counts}}}}}\n'
        ).encode()
