"""An event's name, id and time, and the line that stands for it in the journal.

A line is complete in itself, and has the form of the wire but for ``uid`` and ``session-id``,
which are added when it is shipped::

    {"id": "5b2c…-1f", "time": "2026-01-31T12:00:00.123456Z", "product": "jina", "v": 1,
     "payload": {"event": "Flow.start", "architecture": "x86_64", …}}
"""

from __future__ import annotations

import os
import time
from itertools import count

from .options import is_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMAT = 1


def name_of(kind: type, package: str) -> str | None:
    """Return the name of the nearest class of ``kind``'s line that ``package`` defines, or None.

    A user's own subclass has its module elsewhere, so its name is never returned.

    Args:
        kind: the concrete class of the object that started.
        package: the product's top-level package, ``"jina"`` for instance.
    """
    for base in kind.__mro__:
        if top_level(base) == package and is_word(base.__name__):
            return base.__name__
    return None


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
    """

    __slots__ = ("_count", "_head", "_neck", "_tail")

    def __init__(self, product: str, facts: str, *, kept: bool) -> None:
        self._count = count()
        self._head = f'\n{{"id":"{os.urandom(12).hex()}-'
        mark = "" if kept else '"kept":false,'
        self._neck = f'","product":"{product}","v":{FORMAT},{mark}'
        self._tail = f",{facts}}}}}\n" if facts else "}}\n"

    def event(self, name: str, at: float) -> bytes:
        """Return the line of the event ``name``; begins *and* ends with a newline.

        A line that a full disk tore so costs only itself.
        """
        return (
            f'{self._head}{next(self._count):x}","time":"{rfc3339(at)}{self._neck}'
            f'"payload":{{"event":"{name}"{self._tail}'
        ).encode()

    def ledger(self, lost: dict[str, int], at: float) -> bytes:
        """Return the ledger line that says what was lost, by reason."""
        counts = ",".join(f'"{reason}":{number}' for reason, number in sorted(lost.items()))
        return (
            f'{self._head}{next(self._count):x}","time":"{rfc3339(at)}{self._neck}'
            f'"lost":{{{counts}}}}}\n'
        ).encode()
