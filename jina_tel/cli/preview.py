"""``jina-tel preview``: the exact request that would leave now."""

from __future__ import annotations

import json
import time

from . import words
from .found import described, fail, products
from .request import head_and_bytes, request_of
from .screen import Styled
from .usage import DONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any

    from .found import Product
    from .parser import Commands
    from .request import Request
    from .screen import Screen

TEXT = """\
Show the exact request that would leave now, headers and body, made by the
functions that send it. Nothing is sent, claimed or changed. Where nothing
waits, it shows what one start would send, marked as an example.

In a pipe or a file: the bytes as they would leave, the body compressed. On a
terminal, and with --pretty: the head, and each line of the body decoded. The
token of JINA_TEL_TOKEN is shown as ***; with --show-token it is the real one.

  jina-tel preview --pretty
  jina-tel preview --product jina > request
  jina-tel preview --json
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("preview", "the exact request that would leave now", TEXT, run)
    parser.add_argument("--pretty", action="store_true", help="decoded and indented, for people")
    parser.add_argument("--show-token", action="store_true", help="show the token as it is")


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Show the request of each product; one that is not understood does not keep the others."""
    found, failures = described(products(environ, arguments.product))
    if arguments.json:
        many = [_as_json(product, show_token=arguments.show_token) for product in found]
        screen.document({"products": many})
    else:
        show = _show if arguments.pretty or screen.is_terminal else _print_bytes
        for product in found:
            show(product, arguments, screen)
    fail(failures, screen)
    return DONE


def _print_bytes(product: Product, arguments: argparse.Namespace, screen: Screen) -> None:
    consent = product.consent()
    if not consent.allowed:
        screen.note(f"{product.name}: nothing would leave: {consent.because}")
        return
    request = request_of(product, time.time())
    if request.is_example:
        screen.note(f"{product.name}: nothing waits; this is an example of what one start sends")
    screen.raw(head_and_bytes(product, request.body, show_token=arguments.show_token)[1])


def _show(product: Product, arguments: argparse.Namespace, screen: Screen) -> None:
    consent = product.consent()
    request = request_of(product, time.time(), example=not consent.allowed)
    screen.line(Styled(product.name, "strong"), "  ", _summary(product, request))
    head, _ = head_and_bytes(product, request.body, show_token=arguments.show_token)
    screen.line("")
    for row in head.rstrip().split("\r\n") if head else _without_http(product):
        screen.line(Styled(row, "dim"))
    screen.line("")
    for line in request.body.lines():
        _show_line(line, arguments.pretty, screen)
    screen.line("")
    for note in _notes(product, request):
        screen.line(Styled(note, "dim"))


def _summary(product: Product, request: Request) -> Styled:
    consent = product.consent()
    if not consent.allowed:
        return Styled(f"nothing would leave: {consent.because}", "bad")
    if request.is_example:
        return Styled("nothing waits, so nothing would leave now", "good")
    return Styled(f"this would leave now: {words.count(request.body.line_count, 'line')}", "good")


def _without_http(product: Product) -> list[str]:
    endpoint = product.endpoint
    if endpoint is None:
        return ["(no endpoint is configured: there would be no request)"]
    if endpoint.startswith("file:"):
        return [f"(these lines would be appended to {endpoint})"]
    return [f"({endpoint} leaves nothing: the lines stay in the program or its terminal)"]


def _show_line(line: Mapping[str, object], pretty: bool, screen: Screen) -> None:
    text = json.dumps(line, indent=2) if pretty else json.dumps(line, separators=(",", ":"))
    for row in text.split("\n"):
        screen.line(row)


def _notes(product: Product, request: Request) -> list[str]:
    body = request.body
    notes = [f"body: {words.size(len(body.content))}, {words.size(len(body.gzipped))} compressed"]
    if request.is_example:
        notes.append("AN EXAMPLE: nobody has started Example; this is what one start would send.")
    if request.uid_is_example:
        notes.append("The uid is an example, too: yours is made when a first event leaves.")
    rest = request.waiting - body.line_count
    if rest > 0 and not request.is_example:
        notes.append(f"{words.count(rest, 'line')} more would follow in further requests.")
    return notes


def _as_json(product: Product, *, show_token: bool) -> dict[str, Any]:
    consent = product.consent()
    request = request_of(product, time.time(), example=not consent.allowed)
    head, _ = head_and_bytes(product, request.body, show_token=show_token)
    first, *headers = head.rstrip().split("\r\n")
    return {
        "product": product.name,
        "on": consent.allowed,
        "because": consent.because,
        "endpoint": product.endpoint,
        "would_leave": consent.allowed and not request.is_example,
        "is_example": request.is_example,
        "uid_is_example": request.uid_is_example,
        "request_line": first or None,
        "headers": dict(header.split(": ", 1) for header in headers),
        "body_bytes": len(request.body.content),
        "compressed_bytes": len(request.body.gzipped),
        "lines": request.body.lines(),
        "waiting": request.waiting,
    }
