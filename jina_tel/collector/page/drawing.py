"""Charts over weeks, as SVG without a script.

The shapes are stretched to the page's width; the text is not, since it stands beside them at per
cents. What a week holds is shown while the pointer is over it, by the style sheet alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from .html import Markup, tag, together
from .scale import HEIGHT, across, ceiling, height, months, ticks
from .tables import Table
from .words import short

Series = tuple[str, str, Sequence["int | None"]]  # its name, its class, its values
TOP, BOTTOM = 26, 24


def lines(table: Table, marks: Sequence[str], *, unfinished: bool) -> Markup:
    """Return a line for each column but the first.

    Args:
        table: of weeks.
        marks: the class of each line.
        unfinished: whether the last week has not ended, so that its part is dotted.
    """
    weeks, series = _series(table, marks)
    top = ceiling(max((value or 0 for _, _, values in series for value in values), default=0))
    shapes = [_line(values, top, mark, unfinished=unfinished) for _, mark, values in series]
    return _frame(table, weeks, series, top, together(*shapes))


def stacked(table: Table, marks: Sequence[str], *, unfinished: bool) -> Markup:
    """Return the columns as areas, each upon the one before, the last at the bottom.

    Args:
        table: of weeks.
        marks: the class of each area.
        unfinished: whether the last week has not ended, so that its part is pale.
    """
    weeks, series = _series(table, marks)
    sums = [sum(values[i] or 0 for _, _, values in series) for i in range(len(weeks))]
    floor = [0] * len(weeks)
    top = ceiling(max(sums, default=0))
    shapes = []
    for _, mark, values in reversed(series):
        roof = [below + (value or 0) for below, value in zip(floor, values, strict=True)]
        shapes.append(_area(floor, roof, top, mark))
        floor = roof
    if unfinished:
        x = across(len(weeks) - 2, len(weeks))
        shapes.append(tag("rect", x=f"{x:g}", width=f"{100 - x:g}", height=HEIGHT, class_="pale"))
    return _frame(table, weeks, series, top, together(*shapes))


def legend(table: Table, marks: Sequence[str]) -> Markup:
    """Return what each mark stands for."""
    entries = (
        tag("li", tag("span", class_=f"key {mark}"), tag("bdi", column.name))
        for column, mark in zip(table.columns[1:], marks, strict=True)
    )
    return tag("ul", *entries, class_="legend")


def _series(table: Table, marks: Sequence[str]) -> tuple[list[date], list[Series]]:
    weeks = [row[0] for row in table.rows if isinstance(row[0], date)]
    series: list[Series] = []
    for index, mark in enumerate(marks, 1):
        values = [cell if isinstance(cell := row[index], int) else None for row in table.rows]
        series.append((table.columns[index].name, mark, values))
    return weeks, series


def _frame(
    table: Table, weeks: Sequence[date], series: Sequence[Series], top: float, shapes: Markup
) -> Markup:
    """Return the whole chart: grid, shapes, axes, and what is read while pointing."""
    plot = tag(
        "svg",
        _grid(),
        shapes,
        viewBox=f"0 0 100 {HEIGHT}",
        preserveAspectRatio="none",
        class_="shapes",
        x="0",
        y=TOP,
        width="100%",
        height=HEIGHT,
    )
    return tag(
        "div",
        tag("div", *map(_tick, reversed(ticks(top))), class_="ticks", aria_hidden="true"),
        tag(
            "svg",
            plot,
            *_labels(weeks),
            *(_reading(i, weeks, series) for i in range(len(weeks))),
            class_="plot",
            role="img",
            aria_label=f"{table.title}, a chart; its table follows.",
            width="100%",
            height=TOP + HEIGHT + BOTTOM,
        ),
        class_="chart",
    )


def _tick(value: float) -> Markup:
    return tag("span", short(value))


def _grid() -> Markup:
    levels = (HEIGHT * part / 4 for part in range(5))
    return together(
        *(tag("line", x1=0, x2=100, y1=f"{y:g}", y2=f"{y:g}", class_="grid") for y in levels)
    )


def _labels(weeks: Sequence[date]) -> list[Markup]:
    labels = months(weeks)
    y = TOP + HEIGHT + BOTTOM - 7
    return [
        tag(
            "text",
            text,
            x=f"{across(index, len(weeks)):g}%",
            y=y,
            class_=f"week{' less' if number % 2 else ''}",
            text_anchor=_anchor(across(index, len(weeks))),
        )
        for number, (index, text) in enumerate(labels)
    ]


def _anchor(x: float) -> str:
    return "start" if x < 8 else "end" if x > 92 else "middle"


def _line(values: Sequence[int | None], top: float, mark: str, *, unfinished: bool) -> Markup:
    """Return a line that is broken where a value is not known, and dotted where it is not final."""
    points = [
        None if value is None else f"{across(i, len(values)):g},{height(value, top):g}"
        for i, value in enumerate(values)
    ]
    if len(points) == 1:
        return _dash(points, mark)
    last = points[-2:] if unfinished else []
    drawn = [_path(points[:-1] if unfinished else points, f"line {mark}")]
    return together(*drawn, _path(last, f"line unfinished {mark}"))


def _dash(points: Sequence[str | None], mark: str) -> Markup:
    """Return the one point that there is, as a dash that can be seen."""
    y = points[0].partition(",")[2] if points and points[0] else None
    return together() if y is None else tag("path", d=f"M46,{y}H54", class_=f"line {mark}")


def _path(points: Sequence[str | None], mark: str) -> Markup:
    steps = []
    is_down = False
    for point in points:
        if point is not None:
            steps.append(f"{'L' if is_down else 'M'}{point}")
        is_down = point is not None
    return tag("path", d="".join(steps), class_=mark) if steps else together()


def _area(floor: Sequence[int], roof: Sequence[int], top: float, mark: str) -> Markup:
    count = len(roof)
    if count == 1:
        high, low = height(roof[0], top), height(floor[0], top)
        return tag("path", d=f"M40,{high:g}H60V{low:g}H40Z", class_=f"area {mark}")
    over = [f"{across(i, count):g},{height(value, top):g}" for i, value in enumerate(roof)]
    under = [f"{across(i, count):g},{height(value, top):g}" for i, value in enumerate(floor)]
    return tag("path", d=f"M{'L'.join([*over, *reversed(under)])}Z", class_=f"area {mark}")


def _reading(index: int, weeks: Sequence[date], series: Sequence[Series]) -> Markup:
    """Return the strip of one week, and what is said while the pointer is over it."""
    count = len(weeks)
    width = 100 / max(count - 1, 1)
    x = across(index, count)
    values = [
        tag("tspan", f"{name} ", tag("tspan", f"{value:,}", class_="value"), dx=12 if i else 8)
        for i, (name, _, seen) in enumerate(series)
        if (value := seen[index]) is not None
    ]
    return tag(
        "g",
        tag("rect", x=f"{x - width / 2:g}%", y=0, width=f"{width:g}%", height=TOP + HEIGHT),
        tag("line", x1=f"{x:g}%", x2=f"{x:g}%", y1=TOP, y2=TOP + HEIGHT, class_="guide"),
        tag("text", f"{weeks[index]:%-d %b %Y}", *values, x=0, y=14, class_="reading"),
        class_="strip",
    )
