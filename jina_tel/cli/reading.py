"""Where a command reads a store: the file or server, or the collector that has it."""

from __future__ import annotations

from .collect import PASSWORD, STORE_PASSWORD
from .usage import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from ..collector.store.archive import Archive
    from .parser import Parser

    T = TypeVar("T")


def add_store(parser: Parser) -> None:
    """Add the option that says which store."""
    parser.add_argument(
        "--store", metavar="STORE", required=True, help="what jina-tel collect keeps"
    )


def read(
    store: str,
    environ: Mapping[str, str],
    from_file: Callable[[Archive], T],
    from_collector: Callable[[str, str | None], T],
) -> T:
    """Read a store from its file or server, or from the collector that has it open.

    What is written meanwhile is for this user alone.

    Args:
        store: the file's path, or the server's address.
        environ: the page's password and the server's may stand there.
        from_file: given the store.
        from_collector: given the collector's address, and the password.

    Raises:
        StoreError: there is no such store, or neither can be read.
        UsageError: the collector was asked for a view that there is not.
    """
    from ..collector.privacy import privately

    with privately():
        return _read(store, environ, from_file, from_collector)


def _read(
    store: str,
    environ: Mapping[str, str],
    from_file: Callable[[Archive], T],
    from_collector: Callable[[str, str | None], T],
) -> T:
    import os

    from ..collector.errors import StoreBusyError, StoreError, ViewError
    from ..collector.running import address_of, password_of
    from ..collector.store import open_store
    from ..collector.store.address import is_server

    if not is_server(store) and not os.path.exists(store):
        raise StoreError(f"{store}: there is no such store; jina-tel collect makes one")
    address = None if is_server(store) else address_of(store)
    try:
        opened = open_store(store, environ.get(STORE_PASSWORD))
    except StoreBusyError:
        if address is None:
            raise
        try:
            return from_collector(address, password_of(store, environ.get(PASSWORD)))
        except ViewError as error:
            raise UsageError(str(error)) from error
    try:
        return from_file(opened)
    finally:
        opened.close()
