"""``jina-tel reset-id``: another uid; the old one is no more, here."""

from __future__ import annotations

import os
from contextlib import contextmanager

from .. import identity, sent
from ..errors import TransportError
from ..withdrawal import QUIET_SECONDS, hold, let_go
from .found import each, fail, products
from .screen import Styled
from .usage import DONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, TypeVar

    from .found import Product
    from .parser import Commands
    from .screen import Screen

    Result = TypeVar("Result")

TEXT = """\
Make another uid: 32 new random bytes take the place of those in
<config>/<product>/uid, and nobody can tell that both are yours. The copies of
what has left, which jina-tel show prints, have the old uid and are deleted;
what waits is sent under the new one. A program that runs now goes on with its
uptime, by which its events before and after could be tied together: end it
first.

The endpoint keeps what it has under the old uid, and with the old bytes gone
nobody can ask it to delete that: jina-tel forget does both.

  jina-tel reset-id --product jina
"""
STAYS = "stays at the endpoint under the old uid, and nobody can ask it to delete that any more"


def add(commands: Commands) -> None:
    """Add the command."""
    commands.add("reset-id", "another uid from now on", TEXT, run)


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Make another uid for each product."""
    outcomes, failures = each(products(environ, arguments.product), _reset)
    if arguments.json:
        screen.document({"products": outcomes})
    else:
        for outcome in outcomes:
            _show(outcome, screen)
    fail(failures, screen)
    return DONE


def _show(outcome: Mapping[str, Any], screen: Screen) -> None:
    name, old, new = outcome["product"], outcome["old"], outcome["new"]
    if old is None:
        screen.line(f"{name}: no uid was made yet")
        return
    screen.line(f"{name}: ", Styled("replaced", "good"), f": {old}")
    screen.field("uid", "made at the next event" if new is None else str(new))
    screen.field("what was sent", STAYS)


def _reset(product: Product) -> dict[str, Any]:
    old = product.uid()
    if old is not None:
        renew(product, lambda: _purge_copies(product))
    return {"product": product.name, "old": old, "new": product.uid()}


def _purge_copies(product: Product) -> None:
    """Delete the copies of what has left: each line in them has the old uid."""
    for journal in product.journals():
        sent.purge(journal.folder)


def renew(product: Product, first: Callable[[], Result]) -> Result:
    """Do ``first``, then make another uid, while no shipper of the product sends.

    What ``first`` raises leaves the uid as it was. Where telemetry is off none is made.

    Raises:
        TransportError: a shipper was sending for too long.
        OSError: the uid cannot be replaced.
    """
    config = str(product.folders.config)
    with _all_held(product):
        result = first()
        if product.consent().allowed:
            identity.new_secret(config)
        else:
            os.unlink(os.path.join(config, "uid"))
        return result


@contextmanager
def _all_held(product: Product) -> Iterator[None]:
    """Keep all shippers of the product from sending meanwhile."""
    locks: list[int] = []
    try:
        for journal in product.journals():
            lock = hold(journal.folder, QUIET_SECONDS, make=True)
            if lock is None:
                raise TransportError("a program is sending just now; try again in a moment")
            locks.append(lock)
        yield
    finally:
        for lock in locks:
            let_go(lock)
