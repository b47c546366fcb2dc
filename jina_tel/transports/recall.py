"""The journal behind ``memory:``: what is appended is an event in ``memory.EVENTS`` at once."""

from __future__ import annotations

from .. import identity, plain_json
from ..journal import WRITTEN
from ..journal.memory import MemoryJournal
from ..payload import as_wire, fields_of
from . import memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..settings import Settings


class Recall(MemoryJournal):
    """Keeps nothing to be sent; each line becomes what would leave, and stands in the list."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._fields = fields_of(settings)
        self._product = settings.product
        self._uid = identity.uid(identity.secret_of_tree(self._product), self._product)

    def append(self, line: bytes, most_bytes: int) -> int:
        """Append the line's wire form to the list."""
        wire = as_wire(plain_json.loads(line), self._fields, self._product, self._uid, kept=False)
        if wire is not None:
            memory.EVENTS.append(wire)
        return WRITTEN
