"""JSON as we write it ourselves, without ``json``: that brings ``re``, 6 ms of a bare exit.

Objects, lists, numbers, true, false, null, and strings of printable signs without an escape are
read here, of a short text, and written. For all else, and for what is no JSON, ``json`` is
imported and asked: so either function returns, and raises, what that of ``json`` does.
"""

from __future__ import annotations

from . import files, forks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SHORT = 16 * 1024  # characters: a longer text is quicker with ``json``, its import included
_SPACE = " \t\n\r"
_WORDS = {"true": True, "false": False, "null": None}
_DIGITS = frozenset("0123456789")


class _OtherError(Exception):
    """Not of our kind, or no JSON at all: that is for ``json`` to say."""


def loads(text: str | bytes) -> Any:
    """Return what ``text`` says; bytes are UTF-8 (RFC 8259), or ``json`` would import a codec.

    Raises ValueError, RecursionError.
    """
    given = text if isinstance(text, str) else text.decode()
    try:
        return _Reader(given).whole()
    except (_OtherError, IndexError, ValueError, RecursionError):
        return _json().loads(given)


def dumps(value: Any, indent: int | None = None) -> str:
    """Return ``value`` in ASCII: on one line and with no space, or indented by 1 or more.

    Raises TypeError, ValueError, RecursionError.
    """
    style = (",", ":") if indent is None else (",", ": ")
    try:
        return _text_of(value, "" if indent is None else "\n", " " * (indent or 0), style[1])
    except (_OtherError, RecursionError):
        return str(_json().dumps(value, indent=indent, separators=style))


def store(path: str, value: Any, mode: int = 0o600) -> None:
    """Put ``value`` in the place of the file, whole or not at all; raises OSError."""
    files.write_whole(path, dumps(value, indent=1).encode() + b"\n", mode)


def _json() -> Any:
    return forks.load("json")


class _Reader:
    """Reads one text from its beginning; IndexError, ValueError where it ends too early."""

    __slots__ = ("_at", "_text")

    def __init__(self, text: str) -> None:
        if len(text) > SHORT:
            raise _OtherError
        self._text = text
        self._at = 0

    def whole(self) -> Any:
        """Return the value, and see that nothing stands behind it."""
        value = self._value()
        if self._text[self._at :].strip(_SPACE):
            raise _OtherError
        return value

    def _value(self) -> Any:
        sign = self._sign()
        if sign == '"':
            return self._string()
        if sign == "{":
            return self._object()
        if sign == "[":
            return self._list()
        self._at -= 1
        return _meaning(self._word())

    def _sign(self, among: str = "") -> str:
        """Return the next sign that is no space, and go behind it."""
        text, at = self._text, self._at
        while text[at] in _SPACE:
            at += 1
        self._at = at + 1
        if among and text[at] not in among:
            raise _OtherError
        return text[at]

    def _is_empty(self, end: str) -> bool:
        """Tell whether the next sign is the ``end``, and go behind it then."""
        before = self._at
        if self._sign() == end:
            return True
        self._at = before
        return False

    def _string(self) -> str:
        end = self._text.index('"', self._at)
        found = self._text[self._at : end]
        if "\\" in found or not found.isprintable():
            raise _OtherError
        self._at = end + 1
        return found

    def _word(self) -> str:
        text, begin, at = self._text, self._at, self._at
        while at < len(text) and text[at] not in ",]} \t\n\r":
            at += 1
        self._at = at
        return text[begin:at]

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        more = not self._is_empty("}")
        while more:
            self._sign('"')
            name = self._string()
            self._sign(":")
            found[name] = self._value()
            more = self._sign(",}") == ","
        return found

    def _list(self) -> list[Any]:
        found: list[Any] = []
        more = not self._is_empty("]")
        while more:
            found.append(self._value())
            more = self._sign(",]") == ","
        return found


def _meaning(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    whole, point, fraction = word[word.startswith("-") :].partition(".")
    is_whole = _are_digits(whole) and (whole == "0" or whole[0] != "0")
    if not is_whole or (point and not _are_digits(fraction)):
        raise _OtherError
    return float(word) if point else int(word)


def _are_digits(text: str) -> bool:
    return bool(text) and _DIGITS.issuperset(text)


def _text_of(value: Any, end: str, gap: str, colon: str) -> str:
    """Return ``value`` as text whose last line begins with ``end``."""
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if value is None or kind is bool:
        return next(word for word, meaning in _WORDS.items() if meaning is value)
    if kind is int or (kind is float and value - value == 0.0):  # and not infinite
        return repr(value)
    inside = end + gap
    if kind is dict:
        texts = [
            f"{_quoted(name)}{colon}{_text_of(value[name], inside, gap, colon)}" for name in value
        ]
        return _enclosed("{}", texts, end, inside)
    if kind in (list, tuple):
        return _enclosed("[]", [_text_of(one, inside, gap, colon) for one in value], end, inside)
    raise _OtherError


def _enclosed(signs: str, texts: Sequence[str], end: str, inside: str) -> str:
    if not texts:
        return signs
    return f"{signs[0]}{inside}{f',{inside}'.join(texts)}{end}{signs[1]}"


def _quoted(text: Any) -> str:
    if type(text) is not str or not (text.isascii() and text.isprintable()):
        raise _OtherError
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
