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

SO_FAR = 0.45  # of a week's width: the mark of the one that runs
Series = tuple[str, str, Sequence["int | None"]]  # its name, its class, its values
TOP, BOTTOM = 26, 24


def lines(table: Table, marks: Sequence[str], *, unfinished: bool) -> Markup:
    """Return a line for each column but the first.

    Args:
        table: of weeks.
        marks: the class of each line.
        unfinished: whether the last week has not ended: it stands apart, for a line down to it
            would look like a fall.
    """
    weeks, series = _series(table, marks)
    top = ceiling(max((value or 0 for _, _, values in series for value in values), default=0))
    shapes = [_line(values, top, mark, unfinished=unfinished) for _, mark, values in series]
    return _frame(table, weeks, series, top, together(*shapes), unfinished=unfinished)


def stacked(table: Table, marks: Sequence[str], *, unfinished: bool) -> Markup:
    """Return the columns as areas, each upon the one before, the last at the bottom.

    Args:
        table: of weeks.
        marks: the class of each area.
        unfinished: whether the last week has not ended, and stands apart.
    """
    weeks, series = _series(table, marks)
    sums = [sum(values[i] or 0 for _, _, values in series) for i in range(len(weeks))]
    floor = [0] * len(weeks)
    top = ceiling(max(sums, default=0))
    shapes = []
    for _, mark, values in reversed(series):
        roof = [below + (value or 0) for below, value in zip(floor, values, strict=True)]
        shapes.append(_area(floor, roof, top, mark, unfinished=unfinished))
        floor = roof
    return _frame(table, weeks, series, top, together(*shapes), unfinished=unfinished)


def legend(table: Table, marks: Sequence[str], *, unfinished: bool) -> Markup:
    """Return what each mark stands for."""
    named = [(column.name, mark) for column, mark in zip(table.columns[1:], marks, strict=True)]
    if unfinished:
        named.append(("this week so far", "so-far"))
    entries = (
        tag("li", tag("span", class_=f"key {mark}"), tag("bdi", name)) for name, mark in named
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
    table: Table,
    weeks: Sequence[date],
    series: Sequence[Series],
    top: float,
    shapes: Markup,
    *,
    unfinished: bool,
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
            *(_reading(i, name, series) for i, name in enumerate(_names(weeks, unfinished))),
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
    """Return a line up to the last whole week, broken where a value is not known."""
    count, whole = len(values), len(values) - unfinished
    heights = [None if value is None else height(value, top) for value in values]
    if whole > 1:
        points = (
            None if y is None else f"{across(i, count):g},{y:g}"
            for i, y in enumerate(heights[:whole])
        )
        drawn = _path([*points], f"line {mark}")
    else:
        drawn = together(*(_dash(0, count, y, f"line {mark}") for y in heights[:whole]))
    last = [_dash(i, count, heights[i], f"line so-far {mark}") for i in range(whole, count)]
    return together(drawn, *last)


def _dash(index: int, count: int, y: float | None, mark: str) -> Markup:
    """Return the value of a week by itself, as a dash that can be seen."""
    left, right = _span(index, count)
    return together() if y is None else tag("path", d=f"M{left:g},{y:g}H{right:g}", class_=mark)


def _span(index: int, count: int) -> tuple[float, float]:
    """Return from where to where the first or the last week reaches where it stands by itself."""
    if count == 1:
        return 40.0, 60.0
    width = 100 * SO_FAR / (count - 1)
    return (0.0, width) if index == 0 else (100 - width, 100.0)


def _path(points: Sequence[str | None], mark: str) -> Markup:
    steps = []
    is_down = False
    for point in points:
        if point is not None:
            steps.append(f"{'L' if is_down else 'M'}{point}")
        is_down = point is not None
    return tag("path", d="".join(steps), class_=mark) if steps else together()


def _area(
    floor: Sequence[int], roof: Sequence[int], top: float, mark: str, *, unfinished: bool
) -> Markup:
    """Return an area that ends with the last whole week; a week by itself is a column."""
    count, whole = len(roof), len(roof) - unfinished
    over, under = (
        [f"{across(i, count):g},{height(values[i], top):g}" for i in range(whole)]
        for values in (roof, floor)
    )
    if whole > 1:
        drawn = tag("path", d=f"M{'L'.join([*over, *reversed(under)])}Z", class_=f"area {mark}")
    else:
        drawn = together(*(_column(i, floor, roof, top, f"area {mark}") for i in range(whole)))
    last = (_column(i, floor, roof, top, f"area so-far {mark}") for i in range(whole, count))
    return together(drawn, *last)


def _column(index: int, floor: Sequence[int], roof: Sequence[int], top: float, mark: str) -> Markup:
    left, right = _span(index, len(roof))
    high, low = height(roof[index], top), height(floor[index], top)
    return tag("path", d=f"M{left:g},{high:g}H{right:g}V{low:g}H{left:g}Z", class_=mark)


def _names(weeks: Sequence[date], unfinished: bool) -> list[str]:
    names = [f"{week:%-d %b %Y}" for week in weeks]
    return [*names[:-1], f"{names[-1]}, so far"] if unfinished else names


def _reading(index: int, week: str, series: Sequence[Series]) -> Markup:
    """Return the strip of one week, and what is said while the pointer is over it."""
    count = len(series[0][2])
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
        tag("text", week, *values, x=0, y=14, class_="reading"),
        class_="strip",
    )
