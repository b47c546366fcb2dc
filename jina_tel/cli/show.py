"""``jina-tel show``: what waits and what left."""

from __future__ import annotations

import json
import time

from ..event import rfc3339
from ..transports.otlp import records_of
from . import words
from .found import products
from .screen import Styled
from .usage import DONE
from .waiting import SentBody, bodies_of, decoded, lines_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .found import Product
    from .parser import Commands
    from .screen import Screen

TEXT = """\
Show what waits on this machine, and what has left it: the last 100 bodies of
each endpoint, as they went, the newest first; where the endpoint refused one
for good, with the status that it answered. They are kept for this command
alone, in <state>/<product>/<endpoint's hash>/sent, mode 0600, and jina-tel
off, forget and reset-id delete them.

With --follow: the oldest first, then what comes, until Ctrl-C. --json prints
one document, {"waiting": [...], "sent": [...]}; with --follow one object a
line.

  jina-tel show
  jina-tel show --pretty --product jina
  jina-tel show --follow    # until Ctrl-C
"""
LOOK_SECONDS = 0.3


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("show", "what waits, and what has left", TEXT, run)
    parser.add_argument("--follow", action="store_true", help="go on as more comes")
    parser.add_argument("--pretty", action="store_true", help="each line decoded and indented")


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Show what waits and what left."""
    found = products(environ, arguments.product)
    if arguments.follow:
        _follow(found, arguments, screen)
    elif arguments.json:
        screen.document({"waiting": list(_waiting(found)), "sent": list(_sent(found))})
    else:
        _show(found, arguments, screen)
    return DONE


def _show(found: list[Product], arguments: argparse.Namespace, screen: Screen) -> None:
    is_empty = True
    waiting = sorted(_waiting(found), key=lambda one: str(one["line"].get("time")), reverse=True)
    for one in (*waiting, *_sent(found)):
        _print(one, screen, pretty=arguments.pretty)
        is_empty = False
    if is_empty:
        names = ", ".join(product.name for product in found)
        screen.line(f"nothing waits, and nothing that left is kept ({names})")


def _follow(found: list[Product], arguments: argparse.Namespace, screen: Screen) -> None:
    """Print what is there, the oldest first, and then what comes, until interrupted."""
    seen: set[str] = set()
    while True:
        fresh = [*reversed(list(_sent(found, seen))), *_waiting(found, seen)]
        for one in fresh:
            if arguments.json:
                screen.record(one)
            else:
                _print(one, screen, pretty=arguments.pretty)
        screen.flush()
        time.sleep(LOOK_SECONDS)


def _waiting(found: list[Product], seen: set[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield each line that waits and was not seen, the oldest first, and note it as seen."""
    for product in found:
        for journal in product.journals():
            for raw in lines_in(journal):
                line = decoded(raw)
                if _is_news(f"line {line.get('id')}", seen):
                    yield {"product": product.name, "state": "waits", "line": line}


def _sent(found: list[Product], seen: set[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield each body that left and was not seen, the newest first; reads one at a time."""
    named = [
        (name, journal.folder, product.name)
        for product in found
        for journal in product.journals()
        for name in bodies_of(journal)
    ]
    for name, folder, product_name in sorted(named, reverse=True):
        if not _is_news(f"{folder} {name}", seen):
            continue
        body = SentBody(folder, name)
        yield {
            "product": product_name,
            "state": "refused" if body.refused else "left",
            "status": body.refused or None,
            "at": words.timestamp(body.at),
            "bytes": body.bytes,
            "lines": body.lines,
            "problem": body.problem or None,
        }


def _is_news(key: str, seen: set[str] | None) -> bool:
    if seen is None:
        return True
    if key in seen:
        return False
    seen.add(key)
    return True


def _print(one: Mapping[str, Any], screen: Screen, *, pretty: bool) -> None:
    if one["state"] == "waits":
        state = Styled("waits", "bad")
        _print_line(one["line"], screen, state, str(one["product"]), pretty=pretty)
        return
    refused = f"refused {one['status']}" if one["status"] else ""
    state = Styled(refused or "left ", "bad" if refused else "good")
    lines = [inner for line in one["lines"] for inner in _records(line)]
    summary = f"  {words.count(len(lines), 'line')}, {words.size(one['bytes'])} compressed"
    problem = f"  cannot be read: {one['problem']}" if one["problem"] else ""
    screen.line(state, f"  {words.moment(one['at'])}  {one['product']}{problem or summary}")
    for line in lines:
        _print_line(line, screen, Styled("      ", ""), "", pretty=pretty)


def _print_line(
    line: Mapping[str, Any], screen: Screen, state: Styled, product: str, *, pretty: bool
) -> None:
    time_text, event = _time_and_event(line)
    at = time_text[:19].replace("T", " ")
    screen.line(state, f"  {at} UTC  {product}{'  ' if product else ''}", Styled(event, "strong"))
    if pretty:
        for row in json.dumps(line, indent=2).split("\n"):
            screen.line(f"         {row}")


def _records(line: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the records of a body that left over OTLP, else the line as it is."""
    try:
        records = records_of(line)
    except (AttributeError, KeyError, TypeError):
        return [line]  # a file that was damaged, or is none of ours
    return [one for one in records if isinstance(one, dict)] or [line]


def _time_and_event(line: Mapping[str, Any]) -> tuple[str, str]:
    """Return when and what, of a line or of a record as it left over OTLP."""
    if "eventName" in line:
        return _moment(line.get("timeUnixNano")), str(line["eventName"])
    payload = line.get("payload")
    event = payload.get("event", "?") if isinstance(payload, dict) else _losses(line.get("lost"))
    return str(line.get("time", "?")), str(event)


def _losses(lost: object) -> str:
    """Return what a ledger line tells: ``lost: 3 too_many, 1 refused``."""
    counts = lost if isinstance(lost, dict) else {}
    if not counts or not all(type(number) is int for number in counts.values()):
        return f"lost: {json.dumps(lost)}"  # of a file that was damaged, or is none of ours
    return "lost: " + ", ".join(f"{number:,} {reason}" for reason, number in counts.items())


def _moment(nanoseconds: object) -> str:
    try:
        return rfc3339(int(str(nanoseconds)) / 1e9)
    except (OverflowError, ValueError, OSError):
        return "?"
