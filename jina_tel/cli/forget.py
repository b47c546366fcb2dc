"""``jina-tel forget``: ask each endpoint to delete all of this uid, and prove that it is ours."""

from __future__ import annotations

from .. import identity, sent
from ..errors import TransportError
from . import former, words
from .asking import asked
from .found import each, fail, products
from .reset import renew
from .screen import Styled
from .usage import DONE, NO

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any

    from .former import Demand
    from .found import Product
    from .parser import Commands
    from .screen import Screen

    Came = Mapping[str, Any]  # of asking one endpoint, as asking.asked draws it

TEXT = """\
Ask today's endpoint, and each earlier one that something was sent to, to
delete everything that was ever sent under this machine's uid, show the
answers, and then make a new uid, as jina-tel reset-id does.

The uid is a hash of 32 random bytes in <config>/<product>/uid. These bytes
prove that the uid is yours: they go to the endpoint's address with forget as
the last part of its path, over https alone (or on this machine). A token goes
to today's endpoint alone. What waits here is deleted, too.

Where no endpoint deletes, the uid stays, and you can ask again. Where some do
and others do not, you get a new uid, and the bytes of the old one are kept in
<config>/<product>/former.json: the next jina-tel forget asks those others
again, until they have answered. Who gives up on an endpoint that is no more
deletes that file. What was sent to a file is yours to delete.

  jina-tel forget --product jina
"""
NOBODY = "nobody has deleted anything"


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
    """Ask all, and reset the uid if any of them has deleted it; return what came of it.

    Shape::

        {"product": "jina", "uid": 123, "deleted": 4, "reset": true, "problem": null,
         "former": null,    # the path of the file that keeps what is still to be asked
         "endpoints": [{"endpoint": "https://…", …}, …]}    # as asking.asked has it
    """
    config = product.folders.config
    secret = None if config is None else identity.kept_secret(config)
    came: list[Came] = []

    def first() -> None:
        demands = former.demands_of(product, secret)
        came.extend(asked(product, demand) for demand in demands)
        _settle(product, secret, demands, came)

    problem, is_reset = "", False
    try:
        if secret is None:
            first()
        else:
            renew(product, first)
            is_reset = True
    except TransportError as error:
        problem = str(error)
    except OSError as error:
        if _deleted(came) is None:
            raise
        problem = f"the uid could not be replaced: {error}"
    return {
        "product": product.name,
        "uid": None if secret is None else identity.uid(secret, product.name),
        "deleted": _deleted(came),
        "reset": is_reset,
        "problem": problem or _problem(came) or None,
        "former": former.where(config),
        "endpoints": came,
    }


def _settle(
    product: Product, secret: bytes | None, demands: list[Demand], came: list[Came]
) -> None:
    """Keep what is still to be asked, ahead of the uid's end, and delete what waits.

    Raises:
        TransportError: nobody has deleted anything under the uid of now, so it stays.
        OSError: it cannot be kept.
    """
    config = product.folders.config
    ends = any(d.secret == secret and c["deleted"] is not None for d, c in zip(demands, came))
    still_open = [demand for demand, one in zip(demands, came) if one["problem"]]
    known = demands if ends else former.load(config)  # the others can be told again from here
    keys = {one.key for one in known}
    if came:
        former.store(str(config), [one for one in still_open if one.key in keys])
    if ends:
        purge(product)
        former.begin_anew(product)
    elif secret is not None:
        raise TransportError(_problem(came) or _nobody(product))


def _nobody(product: Product) -> str:
    """Return why there is nobody to be asked."""
    endpoint = product.endpoint
    if endpoint is None:
        return product.problem or "no endpoint is known here, so there is nobody to ask"
    return f"{endpoint} keeps no uids that it could delete: what was sent is yours to delete"


def _problem(came: list[Came]) -> str:
    return "; ".join(f"{_name(one)}: {one['problem']}" for one in came if one["problem"])


def _deleted(came: list[Came]) -> int | None:
    """Return how many events were deleted, None where nobody has answered that."""
    numbers = [one["deleted"] for one in came if one["deleted"] is not None]
    return sum(numbers) if numbers else None


def purge(product: Product) -> None:
    """Delete what waits here, and the copies of what has left."""
    for journal in product.journals():
        journal.purge()
        sent.purge(journal.folder)


def _name(one: Came) -> str:
    return one["endpoint"] or f"the endpoint of {one['journal']}"


def _show(outcome: Mapping[str, Any], screen: Screen) -> None:
    name, came = outcome["product"], outcome["endpoints"]
    if outcome["uid"] is None and not came:
        screen.line(f"{name}: no uid was ever made here, so nothing was sent under one")
        return
    alone = len(came) < 2
    screen.line(f"{name}: ", *_in_short(outcome, outcome["problem"] if alone else NOBODY))
    for one in came if outcome["deleted"] is not None or not alone else ():
        _show_one(one, outcome["uid"], screen, alone=alone)
    if outcome["deleted"] is not None and outcome["problem"] != (_problem(came) or None):
        screen.field("problem", outcome["problem"], "bad")
    if outcome["uid"] is not None:
        screen.field("uid", _uid_in_words(outcome))
    if outcome["former"]:
        screen.field("still to ask", f"jina-tel forget does; what proves it: {outcome['former']}")


def _in_short(outcome: Mapping[str, Any], why_not: str) -> tuple[Styled, str]:
    """Return what came of it, in one line; ``why_not`` where nobody has deleted anything."""
    if outcome["deleted"] is None:
        return Styled("not forgotten", "bad"), f": {why_not}"
    who = {one["endpoint"] for one in outcome["endpoints"] if one["deleted"] is not None}
    said = "the endpoint" if len(who) == 1 else f"{len(who)} endpoints"
    done = Styled("forgotten in part", "bad") if outcome["problem"] else Styled("forgotten", "good")
    return done, f": {said} deleted {words.count(outcome['deleted'], 'event')}"


def _show_one(one: Came, uid: int | None, screen: Screen, *, alone: bool) -> None:
    """Print what came of asking one endpoint; the uid where it is an earlier one."""
    under = "" if one["uid"] == uid else f" (uid {one['uid']})"
    if one["problem"]:
        label = "asked" if one["asked"] else "not asked"
        screen.field(label, f"{_name(one)}{under}: {one['problem']}", "bad")
    elif one["deleted"] is None:
        screen.field("not asked", f"{_name(one)}: what was sent there is yours to delete")
    else:
        deleted = "" if alone else f": deleted {words.count(one['deleted'], 'event')}"
        screen.field("asked", f"{one['asked']}{under}{deleted}")
        if one["remains"]:
            screen.field("remains there", one["remains"])


def _uid_in_words(outcome: Mapping[str, Any]) -> str:
    uid, came = outcome["uid"], outcome["endpoints"]
    if outcome["reset"]:
        return f"{uid} is no more; another takes its place when there is need of one"
    is_done = any(one["uid"] == uid and one["deleted"] is not None for one in came)
    if is_done or (came and not _problem(came)):
        return f"{uid}, as before; jina-tel reset-id makes another"
    return f"{uid}, as before; ask again later"
