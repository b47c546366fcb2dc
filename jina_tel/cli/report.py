"""``jina-tel report``: the page's answers, in a terminal."""

from __future__ import annotations

import json

from .collect import require_extra
from .reading import add_store, read
from .screen import Styled
from .usage import DONE, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any

    from ..collector.store.archive import Archive
    from .parser import Commands
    from .screen import Screen

TEXT = """\
Print what the page shows: weekly active installs, versions, Python, platforms,
events, failures, retention, CI and the health of ingest. From the collector
that runs on the store, else from its file.

  jina-tel report --store usage.duckdb
  jina-tel report --store usage.duckdb --since 2026-01-01 --version 3.34.0
  jina-tel report --store usage.duckdb --json > usage.json
"""
FILTERS = ("product", "since", "until", "weeks", "version", "ci")
GLANCE = 12  # rows of an answer; --json and the page have all
WIDE = {"retention": 8}  # columns


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("report", "print what the page shows", TEXT, run, product=False)
    add_store(parser)
    parser.add_argument("--product", metavar="NAME", help="of this product (default: the first)")
    parser.add_argument("--since", metavar="DAY", help="from the week of this day on, 2026-01-31")
    parser.add_argument("--until", metavar="DAY", help="to the week of this day")
    parser.add_argument("--weeks", metavar="NUMBER", help="how many weeks (26)")
    parser.add_argument("--version", metavar="VERSION", help="of this version of the product")
    parser.add_argument("--ci", choices=("in", "out"), help="count CI's runs, too (out)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Print the report."""
    require_extra()
    given = {name: getattr(arguments, name) for name in FILTERS}
    asked = {name: value for name, value in given.items() if value}
    report = read(
        arguments.store,
        environ,
        lambda store: _of_file(store, asked),
        lambda address, password: _of_collector(address, password, asked),
    )
    if arguments.json:
        screen.document(report)
    else:
        show(report, screen)
    return DONE


def _of_file(store: Archive, asked: Mapping[str, str]) -> dict[str, Any]:
    import time

    from ..collector.page.filters import FilterError
    from ..collector.page.report import asked_of, report_of

    try:
        report: dict[str, Any] = report_of(asked_of(store, asked, time.time()))
    except FilterError as error:
        raise UsageError(str(error)) from error
    return report


def _of_collector(address: str, password: str | None, asked: Mapping[str, str]) -> dict[str, Any]:
    from urllib.parse import urlencode

    from ..collector.running import asked as answer_of

    with answer_of(address, f"/report.json?{urlencode(asked)}", password) as response:
        report: dict[str, Any] = json.loads(response.read())
    return report


def show(report: Mapping[str, Any], screen: Screen) -> None:
    """Print a report for people."""
    from ..collector.missing import Refused

    for one in report["refused"]:
        screen.line(str(Refused(**one)))
    if not report["product"]:
        screen.line(f"nothing has come yet{_turned_away(report)}")
        return
    screen.line(
        Styled(str(report["product"]), "strong"), f"  {report['since']} to {report['until']}"
    )
    for table in report["answers"].values():
        if table["rows"]:
            screen.line("")
            _show(table, screen)


def _turned_away(report: Mapping[str, Any]) -> str:
    """Return what is said of lines that were not taken, where a store has nothing else."""
    rows = report["answers"]["health"]["rows"]
    number = next(row["events"] for row in rows if row["measure"] == "rejected")
    return f", but {number} line{'s were' if number != 1 else ' was'} rejected" if number else ""


def _show(table: Mapping[str, Any], screen: Screen) -> None:
    """Print one answer; of weeks the last, else the first rows."""
    from ..collector.page.tables import Column
    from ..collector.page.words import said_of_json

    columns = [Column(**column) for column in table["columns"]][: WIDE.get(table["name"])]
    is_weekly = columns[0].kind == "week"
    rows = table["rows"][-GLANCE:] if is_weekly else table["rows"][:GLANCE]
    cells = [[said_of_json(row[column.name], column) for column in columns] for row in rows]
    screen.line(Styled(table["title"], "strong"), "  ", Styled(table["question"], "dim"))
    widths = [
        max(len(column.name), *(len(row[index]) for row in cells))
        for index, column in enumerate(columns)
    ]
    lines = [[column.name for column in columns], *cells]
    for number, line in enumerate(lines):
        text = "  ".join(
            cell.ljust(width) if column.kind in ("text", "week") else cell.rjust(width)
            for cell, width, column in zip(line, widths, columns)
        )
        screen.line("  ", Styled(text.rstrip(), "dim" if number == 0 else ""))
    if len(table["rows"]) > len(rows):
        screen.line("  ", Styled(f"{len(table['rows']) - len(rows)} more: --json", "dim"))
