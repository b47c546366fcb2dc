"""How moments, sizes and numbers are said to people."""

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
