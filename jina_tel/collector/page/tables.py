"""What an answer is: a table with a name, the same for page, terminal, CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Cell = int | float | str | date | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: said above it.
        kind: ``text``, ``count``, ``share`` (0 to 1), ``change`` (of a
            share) or ``week`` (its Monday).
    """

    name: str
    kind: str = "count"


@dataclass(frozen=True, slots=True)
class Table:
    """One answer.

    Attributes:
        name: its word in addresses.
        title: its heading.
        question: what it answers.
        columns: of the rows.
        rows: the answer; None is not known, or not reached yet.
        note: how to read it.
    """

    name: str
    title: str
    question: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]] = field(default=())
    note: str = ""

    def as_csv(self) -> str:
        """Return it as CSV; no cell is taken for a formula by a spreadsheet."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([_safe(column.name) for column in self.columns])
        writer.writerows([_safe(cell) for cell in row] for row in self.rows)
        return out.getvalue()

    def as_json(self) -> dict[str, Any]:
        """Return it as a value for JSON: each row an object."""
        names = [column.name for column in self.columns]
        rows = [dict(zip(names, map(_plain, row), strict=True)) for row in self.rows]
        return {
            "name": self.name,
            "title": self.title,
            "question": self.question,
            "note": self.note,
            "columns": [{"name": column.name, "kind": column.kind} for column in self.columns],
            "rows": rows,
        }


def number_of(cell: Cell) -> float:
    """Return a cell's number; 0 where it has none."""
    return float(cell) if isinstance(cell, (int, float)) else 0.0


def shown(text: object, most: int = 60) -> str:
    """Return text that a client sent so that it moves nothing: one line, cut, no marks of order."""
    plain = "".join(
        sign if sign.isprintable() else f"\\u{{{ord(sign):x}}}" for sign in str(text)[: most + 1]
    )
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def _plain(cell: Cell) -> int | float | str | None:
    if isinstance(cell, date):
        return cell.isoformat()
    return round(cell, 5) if isinstance(cell, float) else cell


def _safe(cell: Cell) -> int | float | str | None:
    plain = _plain(cell)
    if isinstance(plain, str) and plain.startswith(FORMULA):
        return f"'{plain}"
    return plain
