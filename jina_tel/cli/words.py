"""How moments, sizes, numbers and errors are said to people."""

from __future__ import annotations

import time


def moment(at: float) -> str:
    """Return a moment (Unix seconds) in UTC, to the second."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
    except (OverflowError, ValueError, OSError):
        return "at no time that there is"  # a number that somebody has put into a file


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
