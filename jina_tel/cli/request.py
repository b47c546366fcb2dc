"""The request that would leave now, made by what sends, and nothing claimed or made for it.

Where nothing waits, the request holds one event that stands for what a start would send.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from .. import identity, payload
from ..delivery import FILLED, Delivery
from ..event import Writer
from ..ledger import Ledger
from ..transports import http_address, transport_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..journal.disk import DiskJournal
    from ..transports.base import Body
    from .found import Product

EXAMPLE = "Example.start"


class Request(NamedTuple):
    """A request that has not left.

    Attributes:
        body: what it holds.
        waiting: how many lines wait in all: those that it does not hold leave in the next ones.
        is_example: whether it shows what would be, and not what waits.
        uid_is_example: whether the uid in it is made up, for none was made yet.
    """

    body: Body
    waiting: int
    is_example: bool
    uid_is_example: bool


class Preview(Delivery):
    """A delivery that makes no uid, and sends nothing."""

    def __init__(self, product: Product, journal: DiskJournal | None) -> None:
        super().__init__(
            product.settings,
            product.endpoint or "",
            product.token(),
            journal,  # type: ignore[arg-type]  # never asked: what waits is handed over
            None if journal is None else journal.folder,
            product.folders.config,
            Ledger(),
            lambda: False,
        )
        kept = _kept_uid(product)
        made_up = identity.uid(os.urandom(identity.SECRET_BYTES), product.name)
        self.made_up = kept is None
        self._who = made_up if kept is None else kept, not product.why_uid_goes()

    def _identity(self) -> tuple[int, bool]:
        return self._who


def _kept_uid(product: Product) -> int | None:
    try:
        return product.uid()
    except OSError:
        return None  # nor can the shipper read it: it sends one of its own, and that it is not kept


def request_of(product: Product, at: float, *, example: bool = False) -> Request:
    """Return the request that would leave at ``at``; an example where nothing waits."""
    journal = product.journal()
    delivery = Preview(product, journal)
    lines, waiting = ([], 0) if journal is None or example else _first_batch(product, journal)
    body, _ = delivery.body(lines, at)
    if not body.line_count:
        body, _ = delivery.body([example_line(product, at)], at)
        return Request(body, waiting, True, delivery.made_up)
    return Request(body, waiting, False, delivery.made_up)


def _first_batch(product: Product, journal: DiskJournal) -> tuple[list[bytes], int]:
    most, most_bytes = product.settings.batch_events, int(product.settings.body_bytes * FILLED)
    first: list[bytes] = []
    waiting = 0
    for part in journal.parts():
        first = first or part.read(most, most_bytes)[0]
        waiting += len(part.read(1 << 62, 1 << 62)[0])
    return first, waiting


def example_line(product: Product, at: float) -> bytes:
    """Return the line of the journal that a start in this process would write."""
    facts = payload.inside(payload.process_facts(product.settings, product.environ))
    kept = payload.is_kept(product.environ)
    return Writer(product.name, facts, kept=kept).event(EXAMPLE, at)


def head_and_bytes(product: Product, body: Body, *, show_token: bool) -> tuple[str, bytes]:
    """Return the request's head as text, and the whole request; ``""`` where there is no HTTP.

    The credentials in it are masked, unless the token is to be shown.
    """
    endpoint = product.endpoint or ""
    if not http_address(endpoint):
        return "", body.content
    whole = transport_for(endpoint, product.token()).request(body)
    head = whole[: len(whole) - len(body.gzipped)].decode("latin-1")
    if not show_token:
        head = "\r\n".join(map(masked, head.split("\r\n")))
    return head, head.encode("latin-1") + body.gzipped


def masked(header: str) -> str:
    """Return a header with its credentials, if it has any, as three stars."""
    name, colon, value = header.partition(":")
    if name.lower() not in ("authorization", "proxy-authorization"):
        return header
    return f"{name}{colon} {value.split()[0]} ***"
