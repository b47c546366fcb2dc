"""The command line, run in this process, and events that wait for it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
from typing import NamedTuple

from jina_tel import folders, payload, product
from jina_tel.cli import main
from jina_tel.event import Writer
from jina_tel.jina import JINA
from jina_tel.journal.disk import DiskJournal

CLOSED = "http://127.0.0.1:9/v1/events"  # nobody listens on the port for discarding


class Said(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


def command(*words: str) -> Said:
    """Run ``jina-tel`` with these words, its output going into a pipe."""
    code, out, err = command_bytes(*words)
    return Said(code, out.decode(), err)


def command_bytes(*words: str) -> tuple[int, bytes, str]:
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(words))
    return code, out.buffer.getvalue(), err.buffer.getvalue().decode()


def wait_here(count: int, endpoint: str = CLOSED, settings=JINA.settings) -> DiskJournal:
    """Have so many events wait for ``endpoint``, as if a program had recorded them and ended."""
    found = folders.folders_of(settings, os.environ)
    journal = DiskJournal(folders.journal_folder(found.state, endpoint), found.owned + 1)
    journal.prepare()
    product.note(journal.folder, endpoint)
    product.describe(found.state, settings, endpoint)
    facts = payload.inside(payload.process_facts(settings, os.environ))
    writer = Writer(settings.product, facts, kept=True)
    for _ in range(count):
        journal.append(writer.event("Flow.start", time.time()), 1 << 30)
    return journal
