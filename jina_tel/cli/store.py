"""``jina-tel store``: make, bring up to date, check and move what ``jina-tel collect`` keeps."""

from __future__ import annotations

from contextlib import contextmanager

from .collect import STORE_PASSWORD, require_extra
from .screen import Bar
from .usage import DONE, NO, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from ..collector.store.archive import Archive
    from .parser import Commands
    from .screen import Screen

TEXT = """\
Make, bring up to date, check and move the store of collectors: a file, or a
ClickHouse database, whose address is clickhouse://USER@HOST:8123/DATABASE
(clickhouse+https:// for TLS), with the password in JINA_TEL_STORE_PASSWORD.

  init     make the database and its tables; with --cluster on all its servers
  migrate  bring the tables of an older jina_tel up to this one; no row is lost
  check    count the events again, and hold every count against them
  copy     copy all to another store, in which there is nothing else. Ended and
           started again, it goes on. In the end both must have equal counts

A server's needs jina_tel[clickhouse]. Nothing else may write to either store
while it is copied: stop the collectors; their clients keep what they have.

  jina-tel store init new.duckdb
  jina-tel store check new.duckdb --json
"""
ADVICE = "end it first, or take a copy and use that: jina-tel export COPY.duckdb --store {}"
ACTS = ("init", "migrate", "check", "copy")


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add("store", "make, check and move a store", TEXT, run, product=False)
    parser.add_argument("act", choices=ACTS, metavar="ACT", help=", ".join(ACTS))
    parser.add_argument("store", metavar="STORE", help="a file, or a server's address")
    parser.add_argument("target", metavar="TARGET", nargs="?", help="of copy: the other store")
    parser.add_argument("--cluster", metavar="NAME", default="", help="of init: on all its servers")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(arguments: argparse.Namespace, screen: Screen, environ: Mapping[str, str]) -> int:
    """Do what is asked for."""
    _refuse(arguments)
    require_extra()
    from ..collector.privacy import privately

    acts: dict[str, Callable[..., dict[str, Any]]] = {
        "init": init,
        "migrate": migrate,
        "check": check,
        "copy": copy,
    }
    with privately(), _alone():
        outcome = acts[arguments.act](arguments, environ.get(STORE_PASSWORD) or None)
    if arguments.json:
        screen.document(outcome)
    else:
        _show(outcome, screen)
    return NO if outcome.get("problems") else DONE


def init(arguments: argparse.Namespace, password: str | None) -> dict[str, Any]:
    """Make the store; one that is there is left as it is."""
    from ..collector.store import open_store, servers
    from ..collector.store.address import is_server, shown

    if is_server(arguments.store):
        servers().init(arguments.store, password, arguments.cluster)
    else:
        open_store(arguments.store).close()
    return {"store": shown(arguments.store), "cluster": arguments.cluster or None}


def migrate(arguments: argparse.Namespace, password: str | None) -> dict[str, Any]:
    """Bring the tables up to date, and return what was missing."""
    from ..collector.store import open_store, servers
    from ..collector.store.address import is_server, shown

    missing: list[str] = []
    if is_server(arguments.store):
        missing = servers().migrate(arguments.store, password)
    else:
        open_store(arguments.store).close()  # which says if it is of another format
    return {"store": shown(arguments.store), "missing": missing}


def check(arguments: argparse.Namespace, password: str | None) -> dict[str, Any]:
    """Count all again, and return the counts and the problems."""
    from ..collector.store.address import shown
    from ..collector.store.checking import checked

    with _open(arguments.store, password) as store:
        return {"store": shown(arguments.store), **checked(store)}


def copy(arguments: argparse.Namespace, password: str | None) -> dict[str, Any]:
    """Copy all to the other store, and return how many events both have."""
    from ..collector.store import transfer
    from ..collector.store.address import shown

    with _open(arguments.store, password) as source:
        with _open(arguments.target, password, is_new=True) as target:
            bar = Bar(transfer.number_of(source), "copying")
            try:
                events = transfer.copy(source, target, bar.show)
            finally:
                bar.close()
    return {"store": shown(arguments.store), "target": shown(arguments.target), "events": events}


@contextmanager
def _alone() -> Iterator[None]:
    """Say what to do where a store is in use; raises StoreError."""
    from ..collector.errors import StoreBusyError, StoreError
    from ..collector.running import address_of

    try:
        yield
    except StoreBusyError as error:
        address = address_of(error.path)
        who = f", the collector at {address}" if address else ""
        raise StoreError(f"{error}{who}; {ADVICE.format(error.path)}") from error


def _refuse(arguments: argparse.Namespace) -> None:
    if (arguments.act == "copy") != bool(arguments.target):
        raise UsageError("copy takes two stores, and the others one: jina-tel store --help")
    if arguments.cluster and arguments.act != "init":
        raise UsageError("--cluster: only init takes it; the store knows its cluster from then on")


def _open(
    store: str, password: str | None, *, is_new: bool = False
) -> AbstractContextManager[Archive]:
    """Open a store, which has to be there unless it is a file that may be new."""
    import os
    from contextlib import closing

    from ..collector.errors import StoreError
    from ..collector.store import open_store
    from ..collector.store.address import is_server

    if not is_new and not is_server(store) and not os.path.exists(store):
        raise StoreError(f"{store}: there is no such store; jina-tel collect makes one")
    return closing(open_store(store, password))


def _show(outcome: Mapping[str, Any], screen: Screen) -> None:
    screen.line(str(outcome["store"]))
    for label, value in outcome.items():
        if label in ("store", "problems", "missing") or value is None:
            continue
        screen.field(label, f"{value:,}" if isinstance(value, int) else value)
    for label in ("missing", "problems"):
        for text in outcome.get(label, ()):
            screen.field(label.rstrip("s"), text, "bad")
    if outcome.get("problems") == []:
        screen.field("problems", "none", "good")
