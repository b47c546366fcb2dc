"""How moments, sizes, numbers and errors are said to people."""

from __future__ import annotations

from ..consent import readable
from ..event import rfc3339


def timestamp(at: float) -> str | None:
    """Return a moment (Unix seconds) for programs, RFC 3339; None where there is no such moment."""
    try:
        return rfc3339(at)
    except (OverflowError, ValueError, OSError):
        return None  # a number that somebody has put into a file


def moment(at: float | str | None) -> str:
    """Return a moment (Unix seconds, or its timestamp) for people, in UTC, to the second."""
    stamp = timestamp(at) if isinstance(at, (int, float)) else at
    return "at no time that there is" if stamp is None else readable(stamp)


def count(number: int, thing: str) -> str:
    """Return ``1 event``, ``2 events``, ``2 bodies``."""
    if number == 1:
        return f"1 {thing}"
    many = "bodies" if thing == "body" else f"{thing}s"
    return f"{number:,} {many}"


def size(number: int) -> str:
    """Return a number of bytes: ``412 bytes``, ``3.2 kB``."""
    if number < 1000:
        return count(number, "byte")
    return f"{number / 1000:,.1f} kB" if number < 1_000_000 else f"{number / 1_000_000:,.1f} MB"


def said_by(error: BaseException) -> str:
    """Return what went wrong, where, and what to do, in one line."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    name = error.filename if error.filename2 is None else error.filename2  # put in whose place
    where = f"{name}: " if name is not None else ""
    return f"{where}{error.strerror}{_advice(error)}"


def _advice(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "; run it as the user whose file that is"
    if error.filename is None:
        return " (while printing)"
    return ""
