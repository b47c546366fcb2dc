"""What may be wrong with a store; each is a ``TelemetryError``, so the command line says it in a line.

::

    StoreError        it cannot be opened, read or written; the message says why
    ├── StoreBusy     another process has it
    └── StoreFull     there is no space left; nothing of this call was kept
"""

from __future__ import annotations

from ..errors import TelemetryError


class StoreError(TelemetryError):
    """The store cannot be used; the message says where it is, what is wrong and what to do."""


class StoreBusy(StoreError):
    """Another process has the store."""


class StoreFull(StoreError):
    """There is no space left; nothing of this call was kept, and it may be made again."""
