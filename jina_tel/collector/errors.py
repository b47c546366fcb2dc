"""What may be wrong with a store, beside or behind it; the command line prints all of these errors.

::

    StoreError            it cannot be opened, read or written; the message says why
    ├── StoreBusyError    another process has it
    ├── StoreFullError    there is no space left; nothing of this call was kept
    └── ViewError         its collector was asked for a view that there is not
    OptionError           an option of the command line cannot be used
    OnwardError           what the store has does not go on to another system
"""

from __future__ import annotations

from ..errors import TelemetryError


class StoreError(TelemetryError):
    """The store cannot be used; the message says where it is, what is wrong and what to do."""


class StoreBusyError(StoreError):
    """Another process has the store.

    Attributes:
        path: of the store.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: another process has this store open")
        self.path = path


class StoreFullError(StoreError):
    """There is no space left; nothing of this call was kept, and it may be made again."""


class OptionError(TelemetryError):
    """What an option says cannot be used; the message names the option."""


class ViewError(StoreError):
    """The collector of a store was asked for a view that there is not.

    The message is the one of the page's own ``FilterError``, as the file would have it.
    """


class OnwardError(TelemetryError):
    """What the store has does not go on to another system; it may be tried again."""
