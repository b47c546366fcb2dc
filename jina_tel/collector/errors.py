"""What may be wrong with a store; all are ``TelemetryError``, which the command line prints.

::

    StoreError            it cannot be opened, read or written; the message says why
    ├── StoreBusyError    another process has it
    └── StoreFullError    there is no space left; nothing of this call was kept
"""

from __future__ import annotations

from ..errors import TelemetryError


class StoreError(TelemetryError):
    """The store cannot be used; the message says where it is, what is wrong and what to do."""


class StoreBusyError(StoreError):
    """Another process has the store."""


class StoreFullError(StoreError):
    """There is no space left; nothing of this call was kept, and it may be made again."""
