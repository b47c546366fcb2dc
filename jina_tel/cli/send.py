"""``jina-tel send``: ship what waits now."""

from __future__ import annotations

import time

from .. import contact as contacts
from ..delivery import Delivery
from ..event import Writer
from ..ledger import Ledger
from ..payload import is_kept
from ..transports.base import REQUEST_SECONDS
from ..withdrawal import hold, let_go
from . import words
from .found import each, fail, products
from .screen import Bar, Styled
from .usage import DONE, NO
from .waiting import lines_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any

    from ..journal.disk import DiskJournal
    from .found import Product
    from .parser import Commands
    from .screen import Screen

TEXT = """\
Send what waits now, instead of when a program of the product runs next. Tries
also where an earlier attempt failed, but keeps a pause that the endpoint
itself asked for. What cannot be sent stays, and is sent later. Where
telemetry is off, nothing is sent.

Exit code 0 when nothing waits any more, 1 when something still does.

  jina-tel send
"""
NO_BOUND = 1 << 62


def add(commands: Commands) -> None:
    """Add the command."""
    commands.add("send", "send what waits, now", TEXT, run)


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Send what waits of each product."""
    outcomes, failures = each(products(environ, arguments.product), outcome_of)
    if arguments.json:
        screen.document({"products": outcomes})
    else:
        for outcome in outcomes:
            _show(outcome, screen)
    fail(failures, screen)
    return NO if any(outcome["left"] for outcome in outcomes) else DONE


def outcome_of(product: Product) -> dict[str, Any]:
    """Send what waits of one product; return how much that was, and why the rest was not."""
    if product.told()[0] is None:
        return _outcome(product, 0, sum(map(_count, product.journals())), product.problem)
    journal = product.journal()
    waited = 0 if journal is None else _count(journal)
    why = "" if journal is None or not journal.waiting_bytes() else _send(product, journal)
    left = 0 if journal is None else _count(journal)
    return _outcome(product, max(waited - left, 0), left, why)


def _outcome(product: Product, sent: int, left: int, why: str) -> dict[str, Any]:
    because = (why or None) if left else None
    return {"product": product.name, "sent": sent, "left": left, "because": because}


def _count(journal: DiskJournal) -> int:
    return sum(1 for _ in lines_in(journal))


def _send(product: Product, journal: DiskJournal) -> str:
    """Send; return why something is left, in words."""
    why = _why_not(product, journal)
    if why:
        return why
    lock = hold(journal.folder, REQUEST_SECONDS, make=True)
    if lock is None:
        return "another process is sending"
    try:
        return _deliver(product, journal)
    finally:
        let_go(lock)


def _why_not(product: Product, journal: DiskJournal) -> str:
    if product.problem:
        return product.problem
    consent = product.consent()
    if not consent.allowed:
        return consent.because
    contact = contacts.load(journal.folder)
    if contact.asked and not contact.is_due(time.time()):
        return f"the endpoint asked to wait until {words.moment(contact.due)}"
    return ""


def _deliver(product: Product, journal: DiskJournal) -> str:
    ledger = Ledger()
    total = journal.waiting_bytes()
    bar = Bar(total, f"sending {product.name}")

    def may_send() -> bool:
        bar.show(total - journal.waiting_bytes())
        return product.consent().allowed

    delivery = Delivery(
        product.settings,
        product.endpoint or "",
        product.token(),
        journal,
        journal.folder,
        product.folders.config,
        ledger,
        may_send,
    )
    try:
        done = delivery.run(_no_pause)
        if _write_down(ledger, product, journal) and done:
            done = delivery.run(_no_pause)
    finally:
        bar.close()
    if done:
        return "more came meanwhile"
    return delivery.contact().said or product.consent().because


def _write_down(ledger: Ledger, product: Product, journal: DiskJournal) -> bool:
    """Write down what was lost, as the client does; return whether there was anything."""
    lost = ledger.take()
    if lost:
        writer = Writer(product.name, "", kept=is_kept(product.environ))
        journal.append(writer.ledger(lost, time.time()), NO_BOUND)
    return bool(lost)


def _no_pause() -> None:
    """Do not wait between two claims: the person does."""


def _show(outcome: Mapping[str, Any], screen: Screen) -> None:
    name, sent, left = outcome["product"], outcome["sent"], outcome["left"]
    if left:
        shown = Styled(f"{words.count(left, 'line')} left", "bad")
        screen.line(f"{name}: ", shown, f", {sent:,} sent")
        screen.field("because", outcome["because"] or "the endpoint did not take them")
    elif sent:
        screen.line(f"{name}: ", Styled(f"{words.count(sent, 'line')} sent", "good"))
    else:
        screen.line(f"{name}: nothing waited")
