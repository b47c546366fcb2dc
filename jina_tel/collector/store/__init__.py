"""Where the rows of all events are kept: one seam (``base``), and the engines behind it."""

from __future__ import annotations

from .archive import Archive
from .base import REJECTED, Loss, Row, Store

__all__ = ["REJECTED", "Archive", "Loss", "Row", "Store", "open_store"]


def open_store(address: str) -> Archive:
    """Open the store at this address, a path for now, and make it where there is none.

    Raises:
        StoreError: another process has it, or it is none of ours.
    """
    from .duck import DuckStore

    return DuckStore(address)
