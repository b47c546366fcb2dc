"""One card of the page for each answer: its heading, its chart, its table, its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from . import drawing
from .filters import Filters
from .html import Markup, tag, together
from .tables import Cell, Column, Table, number_of
from .words import BLANK, said

T = TypeVar("T")
MOST_ROWS = 200
GLANCE = 8  # rows that are seen without asking
HEATS, HOTTEST = 10, 0.5  # the warmths, and the share from which on there is no warmer one
LEAST_RATE = 0.1  # of failures: a bar as long as can be is no less


@dataclass(frozen=True, slots=True)
class Card:
    """How an answer is drawn.

    Attributes:
        width: ``wide``, ``half`` or ``third``.
        draw: its chart.
        has_table: whether the chart is its table already.
    """

    width: str
    draw: Callable[[Table, Filters], Markup]
    has_table: bool = False


def card(table: Table, filters: Filters, kind: Card) -> Markup:
    """Return the card of an answer."""
    heading = f"{table.name}-heading"
    body = kind.draw(table, filters) if table.rows else tag("p", "Nothing yet.", class_="nothing")
    return tag(
        "section",
        tag("h2", table.title, id=heading),
        tag("p", table.question, class_="question"),
        body,
        together() if kind.has_table or not table.rows else _as_table(table),
        _foot(table, filters),
        class_=f"card {kind.width}",
        id=table.name,
        aria_labelledby=heading,
    )


def _foot(table: Table, filters: Filters) -> Markup:
    links = (
        tag(
            "a",
            kind.upper(),
            href=filters.address(f"/chart/{table.name}.{kind}"),
            aria_label=f"{table.title} as {kind.upper()}",
        )
        for kind in ("csv", "json")
    )
    return tag("footer", tag("p", table.note), tag("p", *links, class_="files"))


def _as_table(table: Table) -> Markup:
    return tag(
        "details",
        tag("summary", "Table"),
        _scrolled(table, plain(table, table.columns, reversed_if_weeks(table))),
    )


def reversed_if_weeks(table: Table) -> Sequence[tuple[Cell, ...]]:
    """Return the rows, those of weeks with the newest first."""
    return list(reversed(table.rows)) if table.columns[0].kind == "week" else table.rows


def plain(table: Table, columns: Sequence[Column], rows: Sequence[tuple[Cell, ...]]) -> Markup:
    """Return rows as a table of HTML."""
    body = (tag("tr", *map(_cell, row, columns)) for row in rows[:MOST_ROWS])
    return tag("table", _caption(table), _head(columns), tag("tbody", *body))


def _scrolled(table: Table, content: Markup) -> Markup:
    """Let what is wider than the screen be moved, with the keyboard too."""
    label = f"{table.title}, table"
    return tag("div", content, class_="scrolled", tabindex=0, role="region", aria_label=label)


def _caption(table: Table) -> Markup:
    return tag("caption", table.title)


def _head(columns: Sequence[Column]) -> Markup:
    return tag("thead", tag("tr", *map(_heading, columns)))


def _heading(column: Column) -> Markup:
    return tag("th", tag("bdi", column.name), scope="col", class_=column.kind)


def _cell(cell: Cell, column: Column) -> Markup:
    text = tag("bdi", said(cell, column)) if cell is not None else BLANK
    if column.kind in ("text", "week"):
        return tag("th", text, scope="row", class_=column.kind)
    return tag("td", text, class_=column.kind)


def weeks(*marks: str) -> Callable[[Table, Filters], Markup]:
    """Draw a line for each column."""

    def draw(table: Table, filters: Filters) -> Markup:
        runs = filters.until == filters.now
        chart = drawing.lines(table, marks, unfinished=runs)
        return together(drawing.legend(table, marks, unfinished=runs), chart)

    return draw


def areas(table: Table, filters: Filters) -> Markup:
    """Draw the columns upon each other; the last one is the rest, and grey."""
    marks = [*(f"v{number}" for number in range(1, len(table.columns) - 1)), "rest"]
    runs = filters.until == filters.now
    chart = drawing.stacked(table, marks, unfinished=runs)
    return together(drawing.legend(table, marks, unfinished=runs), chart)


def bars(table: Table, _: Filters) -> Markup:
    """Draw a bar beside each row, as long as its share."""
    head, rest = table.rows[:GLANCE], table.rows[GLANCE:MOST_ROWS]
    drawn = _scrolled(table, _bar_table(table, head))
    if not rest:
        return drawn
    more = f"{len(table.rows) - GLANCE} more"
    return together(
        drawn,
        tag("details", tag("summary", more), _scrolled(table, _bar_table(table, rest))),
    )


def _bar_table(table: Table, rows: Sequence[tuple[Cell, ...]]) -> Markup:
    index = next(i for i, column in enumerate(table.columns) if column.kind == "share")
    widest = max((number_of(row[index]) for row in table.rows), default=0.0)
    scale = 1.0 if table.name != "failures" else max(widest, LEAST_RATE)
    body = (_bar_row(row, table.columns, index, scale) for row in rows)
    columns = _with_bar(table.columns, table.columns, Column(BLANK, "bars"))
    return tag("table", _caption(table), _bar_head(columns), tag("tbody", *body), class_="bars")


def _bar_head(columns: Sequence[Column]) -> Markup:
    """Return the head; the column of bars has none, for its numbers stand in another."""
    cells = (
        tag("td", class_="bar") if column.kind == "bars" else _heading(column) for column in columns
    )
    return tag("thead", tag("tr", *cells))


def _bar_row(row: tuple[Cell, ...], columns: Sequence[Column], index: int, scale: float) -> Markup:
    length = 100 * number_of(row[index]) / scale
    bar = tag(
        "svg",
        tag("rect", width="100%", height=10, class_="track"),
        tag("rect", width=f"{length:.2f}%", height=10, class_="bar"),
        width="100%",
        height=10,
        aria_hidden="true",
    )
    return tag(
        "tr", *_with_bar(columns, list(map(_cell, row, columns)), tag("td", bar, class_="bar"))
    )


def _with_bar(columns: Sequence[Column], cells: Sequence[T], bar: T) -> list[T]:
    """Return the cells with the bar behind those that say whose it is."""
    texts = sum(column.kind == "text" for column in columns)
    return [*cells[:texts], bar, *cells[texts:]]


def heat(table: Table, _: Filters) -> Markup:
    """Draw each share as a field of a warmth."""
    rows = (
        tag("tr", *(_field(cell, column) for cell, column in zip(row, table.columns, strict=True)))
        for row in table.rows
    )
    whole = tag("table", _caption(table), _head(table.columns), tag("tbody", *rows), class_="heat")
    return _scrolled(table, whole)


def _field(cell: Cell, column: Column) -> Markup:
    if column.kind != "share" or not isinstance(cell, (int, float)):
        return _cell(cell, column)
    warmth = min(int(cell / HOTTEST * HEATS), HEATS - 1)
    return tag("td", f"{100 * cell:.0f} %", class_=f"share h{warmth}")


def figures(table: Table, _: Filters) -> Markup:
    """Say each number by itself."""
    entries = (
        tag(
            "div",
            tag("dt", tag("bdi", str(row[0]))),
            tag("dd", said(row[1], table.columns[1]), _part(row[2], table.columns[2])),
        )
        for row in table.rows[:MOST_ROWS]
    )
    return tag("dl", *entries, class_="figures")


def _part(cell: Cell, column: Column) -> Markup:
    return together() if cell is None else tag("small", said(cell, column))
