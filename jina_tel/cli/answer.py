"""``jina-tel off`` and ``jina-tel on``: the answer, stored with its date."""

from __future__ import annotations

import os
import time

from .. import answers
from ..consent import decide
from ..errors import TelemetryError
from ..event import rfc3339
from ..folders import folders_of
from ..jina import JINA
from ..settings import Settings
from ..withdrawal import Withdrawal, delete, withdraw
from . import words
from .found import Product, each, fail, is_here, is_product, names, products, traces
from .screen import Styled
from .usage import DONE, NO, UsageError, suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .parser import Commands, Parser
    from .screen import Screen

    Outcome = tuple[Product, Withdrawal]

OFF = """\
Say no. The answer is stored with its date, in
<config>/<product>/consent.json, and holds for programs that run already: they
look once a second, and before every request. Then all that waits is deleted,
and the copies of what has left; a request under way is waited for. What the
endpoint has already: jina-tel forget.

Without --product: every product found here; with --all, and where none is
found, also those that are installed later. With --system, as administrator:
for every user of this machine. A no to a product that is not here is kept for
the day it is installed.

  jina-tel off
  jina-tel off --all
  jina-tel off --product jina
  sudo jina-tel off --system
"""
ON = """\
Say yes. The answer is stored with its date, in
<config>/<product>/consent.json. A variable (JINA_OPTOUT_TELEMETRY,
DO_NOT_TRACK) or an administrator's no still comes first: jina-tel status says
what holds. For a product of which nothing but an answer is here, none is kept
where nothing else says no: so a no with a mistyped name is taken back.

  jina-tel on --product jina
"""


STILL = (
    "a request that had begun before has not ended (was its program stopped, with Ctrl-Z?); "
    "nothing else leaves"
)
LATER = "what is installed later may still send: jina-tel off --all"
NOBODY = "installed-later"  # no product has this name: nobody has answered for it alone
NOT_KEPT = "nothing says no, and nothing of it is here: no answer is kept"


def add(commands: Commands) -> None:
    """Add both commands."""
    off = commands.add("off", "say no, and delete what waits", OFF, run)
    on = commands.add("on", "say yes", ON, run)
    for parser in (off, on):
        _add_options(parser)


def _add_options(parser: Parser) -> None:
    parser.add_argument(
        "--all", action="store_true", help="every product, also those installed later"
    )
    parser.add_argument(
        "--system", action="store_true", help="every user of this machine (as administrator)"
    )


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Store the answer; for a no, delete what waits."""
    if arguments.all and arguments.product:
        raise UsageError("--all and --product: one of them is wanted")
    found = _chosen(arguments, screen, environ)
    says, at = arguments.command, rfc3339(time.time())
    stored = _store_for_many(arguments, found, at, environ)
    outcomes, failures = each(
        found, lambda product: (product, _answer(product, arguments, at, screen))
    )
    if not arguments.system:
        stored += [path for one, _ in outcomes for path in [_file(one)] if os.path.lexists(path)]
    if arguments.json:
        screen.document(
            {"answer": says, "at": at, "stored": stored, "products": _as_json(outcomes)}
        )
    else:
        _show(outcomes, stored, says, screen)
        if stored and _is_plain_off(arguments) and _may_send_unanswered(NOBODY, environ):
            screen.line(Styled(LATER, "dim"))
    fail(failures, screen)
    return NO if any(_is_busy(one) for _, one in outcomes) else DONE


def _chosen(
    arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]
) -> list[Product]:
    """Return the products that were meant; one that is not here yet may be answered for, too."""
    here = names(environ)
    for name in arguments.product or ():
        if name in here:
            continue
        if suggest(name, here) or not is_product(name):
            products(environ, [name])  # raises, and says what was probably meant
        kept = (
            "; the answer is kept for the day it is installed, and "
            f"jina-tel on --product {name} takes it back"
        )
        is_kept = arguments.command == "off" and not arguments.system
        found = f"no product {name!r} was found here (found: {', '.join(here)})"
        screen.note(f"{found}{kept if is_kept else ''}")
    return [Product(name, environ) for name in dict.fromkeys(arguments.product or here)]


def _is_plain_off(arguments: argparse.Namespace) -> bool:
    is_plain = not (arguments.product or arguments.all or arguments.system)
    return is_plain and arguments.command == "off"


def _may_send_unanswered(name: str, environ: Mapping[str, str]) -> bool:
    """Tell whether a product may send for which this user has given no answer of its own."""
    found = folders_of(Settings(NOBODY), environ)
    site, everyone = answers.site(found, name), answers.stored(found, NOBODY)
    return decide(Settings(name, endpoint="console:"), environ, site, everyone).allowed


def _file(product: Product) -> str:
    return os.path.join(str(product.folders.config), answers.FILE)


def _store_for_many(
    arguments: argparse.Namespace, found: list[Product], at: str, environ: Mapping[str, str]
) -> list[str]:
    """Store the answer that holds for many users, or many products; return the files' paths."""
    says, chosen = arguments.command, arguments.product or ()
    if arguments.system:
        return [_store_for_site(found[0].folders.site, says, at, chosen)]
    everyone = folders_of(JINA.settings, {}).everyone
    is_for_all = arguments.all or not (chosen or traces(environ))
    return [answers.store(everyone, says, at)] if is_for_all and everyone is not None else []


def _store_for_site(site: tuple[str, ...], says: str, at: str, chosen: Sequence[str]) -> str:
    if not site:
        raise TelemetryError("--system: this system has no folder for administrators' settings")
    try:
        return answers.store_for_site(site[0], says, at, chosen)
    except TimeoutError:
        raise
    except OSError as error:
        raise TelemetryError(
            f"{site[0]}: {error.strerror}; --system is for administrators: "
            f"sudo jina-tel {says} --system"
        ) from error


def _answer(product: Product, arguments: argparse.Namespace, at: str, screen: Screen) -> Withdrawal:
    """Store the answer for one product, unless all users' was stored; for a no, delete."""
    folders, on_wait = product.folders, _Waiting(product, screen)
    if arguments.system:
        return _NOTHING if arguments.command == "on" else delete(folders.state, on_wait=on_wait)
    if folders.config is None:
        variable = product.settings.variables.optout
        raise TelemetryError(f"no home folder can keep the answer; set HOME, or {variable}=1")
    if arguments.command == "on":
        if is_here(product) or not _may_send_unanswered(product.name, {}):
            answers.store(folders.config, "on", at)
        else:
            _take_back(product)
        return _NOTHING
    return withdraw(folders, at, on_wait=on_wait)


def _take_back(product: Product) -> None:
    """Delete the answer: of one that was given for a mistyped name, nothing else would remain."""
    try:
        os.unlink(_file(product))
    except FileNotFoundError:
        pass


class _Waiting:
    """Says once that a request is waited for, and tells whether the no holds still."""

    def __init__(self, product: Product, screen: Screen) -> None:
        self._product = product
        self._screen = screen
        self._is_told = self._is_overtaken = False

    def __call__(self) -> bool:
        if not self._is_told:
            self._is_told = True
            self._screen.note(f"{self._product.name}: a request is under way; waiting for its end")
        self._is_overtaken = self._is_overtaken or self._product.consent().allowed
        return not self._is_overtaken


def _is_busy(one: Withdrawal) -> bool:
    """Tell whether something of before the no may still leave."""
    return not one.is_quiet and not one.is_overtaken


_NOTHING = Withdrawal(events=0, bodies=0, is_quiet=True)


def _as_json(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    return [
        {
            "product": product.name,
            "on": on,
            "because": because,
            "events_deleted": one.events,
            "bodies_deleted": one.bodies,
            "is_quiet": one.is_quiet,
        }
        for product, one in outcomes
        for on, because in [product.told()]
    ]


def _show(outcomes: list[Outcome], stored: list[str], says: str, screen: Screen) -> None:
    for path in stored:
        screen.line(Styled(says, "good" if says == "on" else "bad"), f"  stored in {path}")
    for product, one in outcomes:
        if says == "off":
            screen.line(
                f"{product.name}: deleted {words.count(one.events, 'event')} that waited, "
                f"and the copies of {words.count(one.bodies, 'body')} that had left"
            )
        if _is_busy(one):
            screen.note(f"{product.name}: {STILL}")
        on, because = product.told()
        if says == "on" and _file(product) not in stored and not is_here(product):
            screen.line(f"{product.name}: {NOT_KEPT}")
        elif on is None:
            screen.note(f"{product.name}: {because}")
        elif on != (says == "on"):
            screen.note(f"{product.name} is {'on' if on else 'off'}: {because}")
