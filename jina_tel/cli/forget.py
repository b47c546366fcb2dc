"""``jina-tel forget``: ask the endpoint to delete all of this uid, and prove that it is ours."""

from __future__ import annotations

import json
import os
import time
from urllib.parse import urlsplit, urlunsplit

from .. import identity, sent
from ..errors import TransportError
from ..packing import gzipped
from ..settings import is_loopback
from ..transports import OTLP, http_address
from ..transports.base import REQUEST_SECONDS, Body
from ..transports.http import HttpTransport, target_of
from ..transports.otlp import logs_address
from ..transports.proxies import proxy_for
from . import words
from .found import each, fail, products
from .reset import renew
from .screen import Styled
from .usage import DONE, NO

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any

    from ..transports.base import Answer
    from .found import Product
    from .parser import Commands
    from .screen import Screen

TEXT = """\
Ask the endpoint to delete everything that was ever sent under this machine's
uid, show its answer, and then make a new uid, as jina-tel reset-id does.

The uid is a hash of 32 random bytes in <config>/<product>/uid. These bytes
prove that the uid is yours: they go to the endpoint's address with forget as
the last part of its path, over https alone (or on this machine). Afterwards
they are of no use to anybody. Where the endpoint cannot be reached or
refuses, the uid stays, and you can ask again. What waits here is deleted,
too.

  jina-tel forget --product jina
"""


def add(commands: Commands) -> None:
    """Add the command."""
    commands.add("forget", "have everything deleted that was sent under this uid", TEXT, run)


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Ask for each product; one that cannot be asked does not keep the others."""
    outcomes, failures = each(products(environ, arguments.product), forget)
    if arguments.json:
        screen.document({"products": outcomes})
    else:
        for outcome in outcomes:
            _show(outcome, screen)
    fail(failures, screen)
    return NO if any(outcome["problem"] for outcome in outcomes) else DONE


def forget(product: Product) -> dict[str, Any]:
    """Ask, and reset the uid if the endpoint has deleted it; return what came of it.

    Shape::

        {"product": "jina", "uid": 123, "asked": "https://…/forget", "deleted": 4,
         "reset": true, "problem": null}
    """
    outcome: dict[str, Any] = {"product": product.name, "uid": None, "asked": None, "deleted": None}
    config = product.folders.config
    secret = None if config is None else identity.kept_secret(config)
    if secret is None:
        return {**outcome, "reset": False, "problem": None}
    outcome["uid"] = identity.uid(secret, product.name)
    problem = why_not(product)
    if problem:
        return {**outcome, "reset": False, "problem": problem}
    outcome["asked"] = forget_url(product.endpoint or "")

    def first() -> None:
        outcome["deleted"] = ask(product, secret)
        purge(product)

    try:
        renew(product, first)
    except TransportError as error:
        return {**outcome, "reset": False, "problem": str(error)}
    except OSError as error:
        if outcome["deleted"] is None:
            raise
        return {**outcome, "reset": False, "problem": f"the uid could not be replaced: {error}"}
    return {**outcome, "reset": True, "problem": None}


def why_not(product: Product) -> str:
    """Return why the secret cannot be sent to this endpoint, ``""`` where it can."""
    endpoint = product.endpoint
    if endpoint is None:
        return product.problem or "no endpoint is known here, so there is nobody to ask"
    address = http_address(endpoint)
    if not address:
        return f"{endpoint} keeps no uids that it could delete: what was sent is yours to delete"
    if address.startswith("https://"):
        return ""
    if not is_loopback(address):
        return f"{endpoint} is not encrypted: the proof would be read on the way, so it is not sent"
    target = target_of(address)
    if proxy_for(target.scheme, target.host, target.authority, os.environ) is not None:
        return "HTTP_PROXY stands between, and would read the proof; set NO_PROXY=" + target.host
    return ""


def forget_url(endpoint: str) -> str:
    """Return the endpoint's address with ``forget`` in the place of its last path segment."""
    address = logs_address(endpoint) if endpoint.startswith(OTLP) else endpoint
    parts = urlsplit(address)
    path = f"{parts.path.rpartition('/')[0]}/forget"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def purge(product: Product) -> None:
    """Delete what waits here, and the copies of what has left."""
    for journal in product.journals():
        journal.purge()
        sent.purge(journal.folder)


def ask(product: Product, secret: bytes) -> int:
    """Ask the endpoint; return how many events it has deleted.

    Raises:
        TransportError: it did not answer, or not that it has deleted anything.
    """
    asked = {"product": product.name, "secret": secret.hex()}
    content = json.dumps(asked).encode() + b"\n"
    body = Body(1, content, gzipped(content), "application/json")
    transport = HttpTransport(forget_url(product.endpoint or ""), product.token())
    try:
        answer = transport.send(body, time.monotonic() + REQUEST_SECONDS)
    finally:
        transport.close()
    return deleted_of(answer)


def deleted_of(answer: Answer) -> int:
    """Return the number in ``{"deleted": n}``; raises TransportError for any other answer."""
    if answer.status in (404, 405, 501):
        raise TransportError(f"it does not know how to forget (it answered {answer.status})")
    if not 200 <= answer.status < 300:
        raise TransportError(f"it answered {answer.status}")
    try:
        deleted = json.loads(answer.content)["deleted"]
    except (ValueError, TypeError, KeyError, RecursionError):
        deleted = None
    if type(deleted) is not int or deleted < 0:
        raise TransportError(f"it answered {answer.status}, but not how much it has deleted")
    return deleted


def _show(outcome: Mapping[str, Any], screen: Screen) -> None:
    name, uid = outcome["product"], outcome["uid"]
    if uid is None:
        screen.line(f"{name}: no uid was ever made here, so nothing was sent under one")
    elif outcome["problem"] and outcome["deleted"] is not None:
        deleted = words.count(outcome["deleted"], "event")
        screen.line(f"{name}: ", Styled(f"the endpoint deleted {deleted}", "good"))
        screen.field("problem", outcome["problem"], "bad")
        screen.field("uid", f"{uid}, as before; jina-tel reset-id makes another")
    elif outcome["problem"]:
        screen.line(f"{name}: ", Styled("not forgotten", "bad"), f": {outcome['problem']}")
        screen.field("uid", f"{uid}, as before; ask again later")
    else:
        deleted = words.count(outcome["deleted"], "event")
        screen.line(f"{name}: ", Styled("forgotten", "good"), f": the endpoint deleted {deleted}")
        screen.field("asked", outcome["asked"])
        screen.field("uid", f"{uid} is no more; another takes its place when there is need of one")
