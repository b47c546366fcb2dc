"""The facts an author may add to the payload: typed, each with a reason, none of them text.

A fact is read once a process, at its first event, in microseconds; it imports nothing. What is
not there, or not of its kind, is ``(unset)``.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Callable, Union

    Value = Union[str, int]
    Fact = Union["Version", "Choice", "Count"]  # and no other: none of them is text

UNSET = "(unset)"
VERSION_CHARACTERS = 32
# Those of PEP 440, and that there is none.
VERSION_WORDS = frozenset(("", *"a alpha b beta c dev post pre preview r rc rev".split()))
_AS_WORDS = str.maketrans("0123456789.!-_ ", " " * 14 + "?")


def is_version(value: object) -> bool:
    """Tell whether ``value`` is ``(unset)`` or a version: at most 32 characters, a digit first.

    Its words are those that PEP 440 knows: a build's name, ``1.0-acme``, is text.
    """
    if value == UNSET:
        return True
    return (
        isinstance(value, str)
        and 0 < len(value) <= VERSION_CHARACTERS
        and value[0].isdecimal()
        and VERSION_WORDS.issuperset(value.lower().translate(_AS_WORDS).split(" "))
    )


def public_version(text: object) -> str:
    """Return the public part of a version (PEP 440), or ``(unset)``.

    The local part, behind ``+``, is whatever somebody's build wrote there: it stays here.
    """
    public = text.partition("+")[0] if isinstance(text, str) else ""
    return public if is_version(public) else UNSET


class Version:
    """The version that a *loaded* module says of itself.

    Args:
        module: the module's name; it is never imported.
        attribute: where its version stands.
        why: the reason, for the page that tells users.
    """

    kind = "version"

    def __init__(self, module: str, attribute: str = "__version__", *, why: str = "") -> None:
        _check_texts(module=module, attribute=attribute, why=why)
        if not all(name.isidentifier() for name in module.split(".")):
            raise ValueError(f"module: a module's name is wanted, not {module!r}")
        if not attribute.isidentifier():
            raise ValueError(f"attribute: the name of one attribute is wanted, not {attribute!r}")
        self.module = module
        self.attribute = attribute
        self.why = why or f"which versions of {module} are used"

    def read(self) -> Value:
        """Return the version, ``(unset)`` where the module is not loaded or says none."""
        module = sys.modules.get(self.module)
        return public_version(getattr(module, "__dict__", {}).get(self.attribute))

    def accepts(self, value: object) -> bool:
        """Tell whether ``value`` is a version or ``(unset)``."""
        return is_version(value)


class Choice:
    """One of a few words.

    Args:
        values: the words; nothing else ever leaves.
        read: returns one of them; what it raises is ``(unset)``, and so is any other value.
        why: the reason, for the page that tells users.
    """

    kind = "choice"

    def __init__(self, values: Iterable[str], read: Callable[[], Any], *, why: str) -> None:
        words = _words(values)
        _check_callable(read)
        _check_texts(why=why)
        self.values = words
        self._read = read
        self.why = why

    def read(self) -> Value:
        """Return the word, or ``(unset)``."""
        value = self._read()
        known = isinstance(value, str) and value in self.values
        return self.values[self.values.index(value)] if known else UNSET  # ours: text, and no more

    def accepts(self, value: object) -> bool:
        """Tell whether ``value`` is one of the words or ``(unset)``."""
        return value == UNSET or value in self.values


class Count:
    """A whole number from 0 to ``most``.

    Args:
        read: returns the number; above ``most`` it is cut to ``most``.
        most: the largest number that leaves.
        why: the reason, for the page that tells users.
    """

    kind = "count"

    def __init__(self, read: Callable[[], Any], *, most: int, why: str) -> None:
        _check_callable(read)
        _check_texts(why=why)
        if not isinstance(most, int) or isinstance(most, bool) or not 0 < most < 2**53:
            raise ValueError(f"most: a whole number from 1 to 2**53-1 is wanted, not {most!r}")
        self._read = read
        self.most = most
        self.why = why

    def read(self) -> Value:
        """Return the number, or ``(unset)``."""
        value = self._read()
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            return UNSET
        return min(int(value), self.most)

    def accepts(self, value: object) -> bool:
        """Tell whether ``value`` is such a number or ``(unset)``."""
        if value == UNSET:
            return True
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= self.most


def _words(values: Any) -> tuple[str, ...]:
    are_many = hasattr(values, "__iter__") and not isinstance(values, str)
    words = tuple(values) if are_many else (None,)
    if not all(_is_short_ascii(word) for word in words):
        raise ValueError(f"values: short printable ASCII words are wanted, not {values!r}")
    return words


def _is_short_ascii(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= 32


def _check_callable(read: object) -> None:
    if not callable(read):
        raise ValueError(f"read: a callable is wanted, not {read!r}")


def _check_texts(**texts: object) -> None:
    for name, text in texts.items():
        if not isinstance(text, str):
            raise ValueError(f"{name}: text is wanted, not {text!r}")
