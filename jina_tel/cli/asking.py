"""One endpoint is asked to forget one uid: where, whether the proof may go there, the answer."""

from __future__ import annotations

import json
import os
from urllib.parse import urlsplit, urlunsplit

from .. import clock, identity
from ..errors import TransportError
from ..packing import gzipped
from ..settings import is_loopback
from ..transports import OTLP, http_address
from ..transports.address import target_of
from ..transports.base import REQUEST_SECONDS, Body
from ..transports.http import HttpTransport
from ..transports.otlp import logs_address
from ..transports.proxies import proxy_for
from ..variables import TESTING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..transports.base import Answer
    from .former import Demand
    from .found import Product

REMAINS_CHARACTERS = 500
UNKNOWN = "no note tells which endpoint this was; with it in {}, it is asked"


def asked(product: Product, demand: Demand) -> dict[str, Any]:
    """Ask, where there is somebody to be asked, and return what came of it.

    Shape::

        {"endpoint": "https://…", "journal": "…", "uid": 123, "asked": "https://…/forget",
         "deleted": 4, "problem": null,    # both null: nobody there keeps uids
         "remains": null}    # what may still be on a disk there, in the endpoint's own words
    """
    endpoint = demand.endpoint
    came: dict[str, Any] = {
        "endpoint": endpoint,
        "journal": demand.journal,
        "uid": identity.uid(demand.secret, product.name),
        "asked": None,
        "deleted": None,
        "problem": why_not(product, endpoint) or None,
        "remains": None,
    }
    if endpoint is None or came["problem"] or not http_address(endpoint):
        return came
    came["asked"] = forget_url(endpoint)
    try:
        answer = ask(product, endpoint, demand.secret)
        came["deleted"], came["remains"] = deleted_of(answer), remains_of(answer)
    except TransportError as error:
        came["problem"] = str(error)
    return came


def why_not(product: Product, endpoint: str | None) -> str:
    """Return why the proof cannot be sent to this endpoint, ``""`` where it can, or need not."""
    if endpoint is None:
        return UNKNOWN.format(product.settings.variables.endpoint)
    address = http_address(endpoint)
    if not address:
        return ""
    if product.environ.get(TESTING) and not is_loopback(address):
        return f"{TESTING} is set: nothing leaves this machine"
    if address.startswith("https://"):
        return ""
    if not is_loopback(address):
        return "it is not encrypted: the proof would be read on the way, so it is not sent"
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


def ask(product: Product, endpoint: str, secret: bytes) -> Answer:
    """Ask the endpoint, and return what it answers.

    The token goes to today's endpoint alone: it is the one that it belongs to.

    Raises:
        TransportError: it did not answer, or that it wants a token.
    """
    content = json.dumps({"product": product.name, "secret": secret.hex()}).encode() + b"\n"
    body = Body(1, content, gzipped(content), "application/json")
    token = product.token() if endpoint == product.endpoint else None
    transport = HttpTransport(forget_url(endpoint), token)
    try:
        answer = transport.send(body, clock.monotonic() + REQUEST_SECONDS)
    finally:
        transport.close()
    if answer.status in (401, 403) and not token:
        names = product.settings.variables
        raise TransportError(
            f"it answered {answer.status}; if it wants a token: {names.endpoint} and {names.token}"
        )
    return answer


def deleted_of(answer: Answer) -> int:
    """Return the number in ``{"deleted": n}``; raises TransportError for any other answer."""
    if answer.status in (404, 405, 501):
        raise TransportError(f"it does not know how to forget (it answered {answer.status})")
    if not 200 <= answer.status < 300:
        raise TransportError(f"it answered {answer.status}")
    deleted = _named_in(answer, "deleted")
    if type(deleted) is not int or deleted < 0:
        raise TransportError(f"it answered {answer.status}, but not how much it has deleted")
    return deleted


def remains_of(answer: Answer) -> str | None:
    """Return what the endpoint says may still be on a disk there, None where it does not say."""
    remains = _named_in(answer, "remains")
    return remains[:REMAINS_CHARACTERS] if isinstance(remains, str) and remains else None


def _named_in(answer: Answer, name: str) -> Any:
    try:
        return json.loads(answer.content)[name]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
