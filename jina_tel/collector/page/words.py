"""How numbers, shares and weeks are said on the page and in the terminal."""

from __future__ import annotations

from datetime import date

from .tables import Cell, Column

BLANK = ""


def said(cell: Cell, column: Column) -> str:
    """Return a cell for people; what is not known is blank."""
    if cell is None:
        return BLANK
    if isinstance(cell, date):
        return f"{cell:%-d %b %Y}"
    if column.kind == "share":
        return share(float(cell))
    if column.kind == "change":
        return f"{100 * float(cell):+.1f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def share(part: float) -> str:
    """Return a share in per cent: ``12.3 %``, ``0.04 %``."""
    per_cent = 100 * part
    if per_cent in (0, 100):
        return f"{per_cent:.0f} %"
    if per_cent < 0.1:
        return f"{per_cent:.2f} %" if per_cent >= 0.01 else "< 0.01 %"
    return f"{per_cent:.1f} %"


def counted(number: int, thing: str) -> str:
    """Return ``1 week``, ``2 weeks``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def short(number: float) -> str:
    """Return a number for an axis: ``0``, ``950``, ``1.5k``, ``20k``, ``3M``."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"


def said_of_json(cell: int | float | str | None, column: Column) -> str:
    """Return for people a cell that has been through JSON."""
    if column.kind == "week" and isinstance(cell, str):
        return said(date.fromisoformat(cell), column)
    return said(cell, column)
