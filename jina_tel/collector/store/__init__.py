"""Where the rows of all events are kept: one seam (``base``), and the engines behind it."""

from __future__ import annotations

from types import ModuleType

from ..errors import StoreError
from .address import is_server
from .archive import Archive
from .base import REJECTED, Loss, Row, Store

__all__ = ["REJECTED", "Archive", "Loss", "Row", "Store", "open_store", "servers"]


INSTALL = "pip install 'jina_tel[clickhouse]'"


def open_store(address: str, password: str | None = None) -> Archive:
    """Open the store at this address: a path, where one is made if there is none, or a server's.

    Args:
        address: a path, or ``clickhouse://user@host:8123/database``.
        password: of a server's user, where the address has none.

    Raises:
        StoreError: another process has it, it is none of ours, there is none on this server, or
            what a server needs is not installed.
    """
    if not is_server(address):
        from .duck import DuckStore

        return DuckStore(address)
    store: Archive = servers().opened(address, password)
    return store


def servers() -> ModuleType:
    """Return ``clickhouse.opening``; raises StoreError that says what to install for it."""
    try:
        from .clickhouse import opening
    except ImportError as error:
        raise StoreError(f"a store on a server needs {error.name}: {INSTALL}") from error
    return opening
