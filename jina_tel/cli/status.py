"""``jina-tel status``: on or off, because of what, and where everything is."""

from __future__ import annotations

import time

from .. import contact as contacts
from .. import notice
from ..ci import is_ci, vendor
from ..event import rfc3339
from . import words
from .found import products
from .screen import Styled
from .usage import DONE, IN_THE_WAY, NO
from .waiting import lines_in, tells_of_losses

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any

    from ..contact import Contact
    from ..journal.disk import DiskJournal
    from .found import Product
    from .parser import Commands
    from .screen import Screen

TEXT = """\
Say for each product on this machine whether telemetry is on or off, and
because of what: the rule, the variable's name, the file's path. And which uid
is sent, where things are kept, how many events wait, and what the endpoint
said last. Where it has asked to stop (410), nothing is recorded for 30 days:
that is off, until the moment that is named.

Reads files, writes none, and asks no network. Exit code 0 when it is on for
any product, 1 when for none, 3 when that cannot be told: what a product is
about was written by a later version of jina-tel, for instance.

With --json each moment is RFC 3339, in UTC. "said" is the status that the
endpoint answered, a number, or in words what kept it from answering; "why"
is what it answered to say why. Of what waits, "losses" counts the lines that
tell what was lost.

  jina-tel status --product jina >/dev/null && echo jina sends
"""
STATES = {
    True: Styled("on", "good"),
    False: Styled("off", "bad"),
    None: Styled("cannot tell", "bad"),
}


def add(commands: Commands) -> None:
    """Add the command."""
    commands.add("status", "on or off, because of what, and where things are kept", TEXT, run)


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Print the status of each product."""
    found = [facts(product) for product in products(environ, arguments.product)]
    if arguments.json:
        screen.document({"products": found})
    else:
        for number, one in enumerate(found):
            if number:
                screen.line("")
            show(one, screen)
    if any(one["on"] for one in found):
        return DONE
    unknown = [one for one in found if one["on"] is None]
    for one in unknown:
        screen.note(f"{one['product']}: {one['because']}")
    return IN_THE_WAY if unknown else NO


def facts(product: Product) -> dict[str, Any]:
    """Return what is to be said of one product: what ``--json`` prints."""
    (is_on, because), journal = product.told(), product.journal()
    contact = contacts.Contact() if journal is None else contacts.load(journal.folder)
    others = [one for one in product.journals() if journal is None or one.folder != journal.folder]
    why_not_kept = product.why_not_kept()
    return {
        "product": product.name,
        "on": is_on,
        "because": because,
        "endpoint": product.endpoint,
        **_uid(product),
        "kept": not why_not_kept,
        "kept_because": why_not_kept or None,
        "ci": (vendor(product.environ) or "unknown") if is_ci(product.environ) else None,
        "waiting": _waiting([] if journal is None else [journal]),
        "waiting_elsewhere": _waiting(others),
        "contact": _contact(contact),
        "notice": _notice(product),
        "config": product.folders.config,
        "state": product.folders.state,
        "problem": product.problem or None,
    }


def _uid(product: Product) -> dict[str, Any]:
    try:
        return {"uid": product.uid(), "uid_problem": None}
    except OSError as error:
        return {"uid": None, "uid_problem": str(error)}


def _waiting(journals: list[DiskJournal]) -> dict[str, int]:
    losses = [tells_of_losses(line) for journal in journals for line in lines_in(journal)]
    return {
        "events": losses.count(False),
        "losses": losses.count(True),
        "bytes": sum(journal.waiting_bytes() for journal in journals),
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "at": words.timestamp(contact.at) if contact.at else None,
        "said": int(contact.said) if contact.said.isdecimal() else contact.said or None,
        "why": contact.why or None,
        "failures": contact.failures,
        "due": words.timestamp(contact.due) if contact.due else None,
        "gone": contact.gone,
    }


def _notice(product: Product) -> str | None:
    """Return whether the notice was shown; None where this product shows none."""
    config = product.folders.config
    if config is None or not notice.text_of(product.settings):
        return None
    return "not shown yet" if notice.shown(config) is None else "shown"


def show(one: Mapping[str, Any], screen: Screen) -> None:
    """Print one product's status for people."""
    screen.line(Styled(str(one["product"]), "strong"), "  ", STATES[one["on"]])
    screen.field("because", one["because"])
    screen.field("endpoint", one["endpoint"] or ("none" if one["on"] is False else "not known"))
    screen.field("uid", uid_in_words(one))
    screen.field("kept", kept_in_words(one))
    screen.field("waiting", waiting_in_words(one))
    contact = contact_in_words(one["contact"], time.time())
    screen.field("last contact", "not known" if one["on"] is None else contact)
    if one["notice"] is not None:
        screen.field("notice", one["notice"])
    screen.field("settings in", one["config"] or "nowhere: there is no home folder")
    if one["state"] != one["config"]:
        screen.field("events in", one["state"] or "nowhere: they are kept in memory")
    if one["problem"] and one["on"] is not None:
        screen.field("problem", one["problem"], "bad")


def uid_in_words(one: Mapping[str, Any]) -> str:
    """Say which uid is sent."""
    if one["uid_problem"]:
        return f"cannot be read: {one['uid_problem']}"
    return str(one["uid"]) if one["uid"] is not None else "none yet; made when a first event leaves"


def kept_in_words(one: Mapping[str, Any]) -> str:
    """Say whether the uid will be there tomorrow, and what events say of that."""
    if one["ci"]:
        return f'no: a CI job ({one["ci"]}); its events say "kept": false'
    if not one["kept"]:
        return f'no: {one["kept_because"]}; events say "kept": false'
    return "yes"


def waiting_in_words(one: Mapping[str, Any]) -> str:
    """Say how much waits."""
    waiting, elsewhere = one["waiting"], one["waiting_elsewhere"]
    said = words.count(waiting["events"], "event")
    if waiting["losses"]:
        tell = "tells" if waiting["losses"] == 1 else "tell"
        said += f" and {words.count(waiting['losses'], 'line')} that {tell} of losses"
    if waiting["events"] or waiting["losses"]:
        said += f", {words.size(waiting['bytes'])}"
    further = elsewhere["events"] + elsewhere["losses"]
    if further:
        use = "may be" if one["on"] is None else "is not"
        said += f"; and {further:,} for an endpoint that {use} in use now"
    return said


def contact_in_words(contact: Mapping[str, Any], now: float) -> str:
    """Say what the endpoint answered last, and when it is asked again."""
    if not contact["at"]:
        return "never"
    why = f" ({contact['why']})" if contact["why"] else ""
    said = f"{contact['said'] or 'nothing'}{why}, {words.moment(contact['at'])}"
    if contact["failures"]:
        said += f", {words.count(contact['failures'], 'failure')} in a row"
    if contact["gone"]:
        said += "; it asked to be left alone"
    if contact["due"] and contact["due"] > rfc3339(now):
        return f"{said}; next not before {words.moment(contact['due'])}"
    return f"{said}; next when there is something to send"
