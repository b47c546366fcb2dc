"""What an event passes behind the recorder: made at a product's first event in this process."""

from __future__ import annotations

import os

from . import event, folders, forks, payload, product
from .election import LOCK
from .errors import JournalError
from .journal.disk import DiskJournal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .folders import Folders
    from .journal import Journal
    from .settings import Settings
    from .shipper import Shipper

LONG_EXIT_SECONDS = 1.0  # where nobody comes after us


class Pipeline:
    """Who writes the lines, where they wait, and who ships them.

    Attributes:
        writer: makes the lines.
        journal: where they wait.
        folder: the journal's, or None where it is kept in memory.
        kept: whether the uid is the same in the next process.
        shipper: set by whoever opens the pipeline.
        to_describe: what ``describe`` has not written down yet.
    """

    __slots__ = ("folder", "journal", "kept", "shipper", "to_describe", "writer")

    shipper: Shipper

    def __init__(
        self, writer: event.Writer, journal: Journal, folder: str | None, *, kept: bool
    ) -> None:
        self.writer = writer
        self.journal = journal
        self.folder = folder
        self.kept = kept
        self.to_describe: tuple[str, Settings, str] | None = None

    def describe(self, say: Callable[[str], None]) -> None:
        """Write down what is sent and where to, once; ``say`` is told where that cannot be.

        Our thread does it, ahead of all that it sends: a first event need not wait for it.
        """
        wanted, self.to_describe = self.to_describe, None
        if wanted is None or self.folder is None:
            return
        try:
            product.describe(*wanted)
        except OSError as error:
            say(f"what is sent could not be written down: {error}")

    def is_durable(self) -> bool:
        """Tell whether a next process finds what waits here."""
        return self.kept and self.folder is not None

    def exit_seconds(self, chosen: float) -> float:
        """Return how long an exit may wait for us: longer where nobody comes after."""
        return max(chosen, LONG_EXIT_SECONDS) if chosen and not self.is_durable() else chosen


def open_pipeline(
    settings: Settings, endpoint: str, found: Folders | None, say: Callable[[str], None]
) -> Pipeline:
    """Return a pipeline that has no shipper yet; makes the journal's folder.

    Args:
        settings: the product's.
        endpoint: where to.
        found: where files may be kept, or None for nowhere.
        say: is told why events are kept in memory.
    """
    kept = payload.is_kept(os.environ)
    writer = event.Writer(settings.product, _facts_of(settings), kept=kept)
    if endpoint == "memory:":
        forks.load("jina_tel.transports.recall")
        from .transports.recall import Recall

        return Pipeline(writer, Recall(settings), None, kept=kept)
    if found is None or found.state is None:
        return _in_memory(writer, kept=kept)
    folder = folders.journal_folder(found.state, endpoint)
    journal = DiskJournal(folder, found.owned + 1)
    try:
        journal.prepare(LOCK)
        product.note(folder, endpoint)
    except (JournalError, OSError) as error:
        say(f"{error}; events are kept in memory")
        return _in_memory(writer, kept=kept)
    opened = Pipeline(writer, journal, folder, kept=kept)
    opened.to_describe = found.state, settings, endpoint
    return opened


def _in_memory(writer: event.Writer, *, kept: bool) -> Pipeline:
    forks.load("jina_tel.journal.memory")
    from .journal.memory import MemoryJournal

    return Pipeline(writer, MemoryJournal(), None, kept=kept)


_facts: dict[Any, str] = {}  # by what is asked: read once a process, also for its forked children


def _facts_of(settings: Settings) -> str:
    asked = (settings.product, settings.distributions, tuple(settings.facts.items()))
    known = _facts.get(asked)
    if known is None:
        known = payload.inside(payload.process_facts(settings, os.environ))
        _facts[asked] = known
    return known
