"""The page: filters, what matters most in four numbers, and a card for each answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlencode

from ...facts import UNSET
from ...variables import Variables
from .asked import Asked
from .cards import Card, areas, bars, card, figures, heat, weeks
from .filters import SPANS, Filters, monday
from .html import Markup, tag
from .tables import Table, number_of, shown
from .trends import PEOPLE_COLUMN
from .words import counted, said, share

MOST_REFUSED = 5  # products
CARDS: dict[str, Card] = {
    "weekly": Card("half", weeks("people", "ci", "passing")),
    "versions": Card("half", areas),
    "python": Card("third", bars, has_table=True),
    "platform": Card("third", bars, has_table=True),
    "architecture": Card("third", bars, has_table=True),
    "events": Card("half", bars, has_table=True),
    "failures": Card("half", bars, has_table=True),
    "retention": Card("wide", heat, has_table=True),
    "vendors": Card("half", bars, has_table=True),
    "health": Card("half", figures),
}


def page(
    tables: Mapping[str, Table],
    asked: Asked,
    products: Sequence[str],
    versions: Sequence[str],
    refused: Sequence[str] = (),
) -> str:
    """Return the whole page.

    Args:
        tables: the answers.
        asked: the view.
        products: that there are.
        versions: of this product, the newest first.
        refused: what is not on it, and why.
    """
    filters = asked.filters
    cards = (
        card(table, filters, CARDS[name])
        for name, table in tables.items()
        if table.rows or name != "failures"
    )
    return document(
        f"{filters.product}: usage",
        tag(
            "header",
            tag("h1", tag("bdi", shown(filters.product)), " ", tag("span", "usage")),
            _form(filters, products, versions),
        ),
        tag("main", *_notice(refused), _headline(tables, asked), *cards, id="main"),
        _colophon(asked),
    )


def empty(products: Sequence[str]) -> str:
    """Return what is said where nothing of these products has come yet."""
    ways = [f"{Variables(one).endpoint}=<this address>/v1/events" for one in products]
    return (
        f"Nothing has come yet. Point the library here ({', '.join(ways) or 'its endpoint'}), "
        "start something, and look again. Of a product that is not known here nothing is taken: "
        "the collector wants its --schema."
    )


def _notice(refused: Sequence[str]) -> list[Markup]:
    lines = [tag("li", one) for one in refused[:MOST_REFUSED]]
    return [tag("ul", *lines, class_="refused", aria_label="What was refused")] if lines else []


def nothing(
    title: str, text: str, products: Collection[str] = (), refused: Sequence[str] = ()
) -> str:
    """Return a page that says why there is nothing to see, and leads to those products."""
    ways = [_ways(products)] if products else []
    said = [tag("h1", title), *_notice(refused), tag("p", text), *ways]
    return document(title, tag("main", *said, id="main", class_="alone"))


def _ways(products: Collection[str]) -> Markup:
    ways = [
        tag("a", tag("bdi", shown(one)), href=f"/?{urlencode({'product': one})}")
        for one in products
    ]
    listed = [part for way in ways for part in (", ", way)][1:]
    return tag("p", "There are: ", *listed, ".")


def document(title: str, *body: Markup) -> str:
    """Return a document."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("link", rel="icon", href="/icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href="/style.css"),
    )
    skip = tag("a", "Skip to the numbers", href="#main", class_="skip")
    return f"<!doctype html>\n{tag('html', head, tag('body', skip, *body), lang='en')}\n"


def _form(filters: Filters, products: Sequence[str], versions: Sequence[str]) -> Markup:
    spans = sorted({*SPANS, filters.weeks})
    return tag(
        "form",
        _choice("product", "Product", [(one, shown(one)) for one in products], filters.product),
        _choice("weeks", "Time", [(str(n), counted(n, "week")) for n in spans], str(filters.weeks)),
        _until(filters),
        _choice(
            "version",
            "Version",
            [("", "all"), *((one, one) for one in versions)],
            filters.version,
        ),
        _choice("ci", "CI", [("out", "left out"), ("in", "counted, too")], filters.ci),
        tag("button", "Show"),
        action="/",
        role="search",
        aria_label="What is shown",
    )


def _choice(name: str, label: str, options: Sequence[tuple[str, str]], chosen: str) -> Markup:
    known = [value for value, _ in options]
    if chosen not in known:
        options = [*options, (chosen, shown(chosen, 30))]
    return tag(
        "label",
        tag("span", label),
        tag(
            "select",
            *(tag("option", text, value=v, selected=v == chosen) for v, text in options),
            name=name,
        ),
    )


def _until(filters: Filters) -> Markup:
    last = monday(filters.until) + timedelta(days=6)
    value = None if filters.until == filters.now else last.isoformat()
    return tag("label", tag("span", "Until"), tag("input", type="date", name="until", value=value))


def _headline(tables: Mapping[str, Table], asked: Asked) -> Markup:
    """Return what matters most, in four numbers: of the week by which shares are counted."""
    entries = (
        tag("div", tag("dt", label), tag("dd", value), tag("dd", more, class_="more"))
        for label, value, more in (
            _people(tables["weekly"], asked),
            _version(tables["versions"], asked.filters),
            _python(tables["python"], asked),
            _event(tables["events"], asked),
        )
    )
    return tag("dl", *entries, class_="headline")


Headline = tuple[str, "str | Markup", str]


def _people(weekly: Table, asked: Asked) -> Headline:
    filters = asked.filters
    which = "the last whole week" if filters.week < filters.now else "this week, so far"
    weeks = filters.week - filters.begins
    first, last = weekly.rows[0][PEOPLE_COLUMN], weekly.rows[weeks][PEOPLE_COLUMN]
    is_known = weeks > 0 and isinstance(first, int) and isinstance(last, int) and first > 0
    grown = number_of(last) / number_of(first) - 1 if is_known else 0.0
    more = f"{100 * grown:+.0f} % in {counted(weeks, 'week')}" if is_known else ""
    return f"people in {which}", said(last, weekly.columns[PEOPLE_COLUMN]) or asked.few, more


def _version(versions: Table, filters: Filters) -> Headline:
    named = [column.name for column in versions.columns[1:-1]]
    newest, *others = versions.rows[filters.week - filters.begins][1:]
    total = sum(map(number_of, (newest, *others)))
    if not named or not total:
        return "newest version", "none", ""
    if named[0] == UNSET:  # the oldest of all: there is no other
        where = " or ".join(dict.fromkeys((filters.product, "version")))
        return "newest version", "not known", f"no field says it: {where}"
    part = f"{share(newest / total)} of them" if isinstance(newest, int) else ""
    return "newest version", tag("bdi", named[0]), part


def _python(pythons: Table, asked: Asked) -> Headline:
    named = [row for row in pythons.rows if row[0] != asked.others]
    if not named:
        return "oldest Python", "none", ""
    name, _, part, *_ = named[-1]
    return "oldest Python", tag("bdi", str(name)), f"{share(number_of(part))} of them"


def _event(events: Table, asked: Asked) -> Headline:
    total = sum(row[1] for row in events.rows if isinstance(row[1], int))
    names = sum(row[0] != asked.others for row in events.rows)
    return "events", f"{total:,}", f"of {counted(names, 'name')}"


def _colophon(asked: Asked) -> Markup:
    kept = (
        f"Groups of fewer than {asked.fewest} installs are not shown by themselves."
        if asked.fewest > 1
        else "Every group is shown; with --public, small ones are folded."
    )
    report = tag("a", "All answers as JSON", href=asked.filters.address("/report.json"))
    return tag("footer", tag("p", kept), tag("p", report), class_="colophon")


ICON = tag(
    "svg",
    tag("rect", x=1, y=9, width=3, height=6, rx=1),
    tag("rect", x=6, y=5, width=3, height=10, rx=1),
    tag("rect", x=11, y=1, width=3, height=14, rx=1),
    xmlns="http://www.w3.org/2000/svg",
    viewBox="0 0 16 16",
    fill="#2563eb",
)
