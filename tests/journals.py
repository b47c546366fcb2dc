"""A journal, filled and emptied as a shipper does it, for the tests of the journal."""

from __future__ import annotations

from pathlib import Path

from support import files_below

from jina_tel.journal.disk import DiskJournal

PLENTY = 1 << 30


def prepared(folder: Path) -> DiskJournal:
    """Return a journal in a folder of two levels of ours."""
    journal = DiskJournal(str(folder / "jina" / "0123"), owned=2)
    journal.prepare()
    return journal


def line(text) -> bytes:
    return f"\n{text}\n".encode()


def fill(journal, *texts, most_bytes=PLENTY):
    return [journal.append(line(text), most_bytes) for text in texts]


def told(part, most_events=1000, most_bytes=PLENTY):
    """Return what the next batch says, and where it ends."""
    lines, reached = part.read(most_events, most_bytes)
    return [one.strip(b"\n").decode() for one in lines], reached


def drained(journal, most_events=1000):
    """Send all that waits, as a shipper does, and return what was sent."""
    sent, part = [], journal.claim()
    while part is not None:
        while True:
            texts, reached = told(part, most_events)
            if not texts:
                break
            sent += texts
            part.advance(reached)

        assert part.finish()

        part = journal.claim()
    return sent


def names(journal):
    return files_below(Path(journal.folder))
