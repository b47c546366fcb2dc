"""A delivery, its journal and its folders, without a process around them."""

from __future__ import annotations

import time
from pathlib import Path

from jina_tel import contact, event, payload, sent
from jina_tel.delivery import Delivery
from jina_tel.journal.disk import DiskJournal
from jina_tel.ledger import Ledger
from jina_tel.settings import Settings

MOST = 1 << 30
DAY = 86400.0


class Case:
    """One product's delivery to ``endpoint``; its files are below ``folder``."""

    def __init__(self, folder, endpoint, *, kept=True, token=None, **numbers):
        self.settings = Settings("acme", (), endpoint, **numbers)
        self.folder = folder / "journal"
        self.config = folder / "config"
        self.journal = DiskJournal(str(self.folder), 1)
        self.journal.prepare()
        facts = payload.inside(payload.process_facts(self.settings, {}))
        self.writer = event.Writer("acme", facts, kept=kept)
        self.token = token
        self.consents = True
        self.ledger = Ledger()
        self.delivery = self.anew()

    def anew(self, seconds=10.0):
        """Return a delivery as the next process would make it."""
        return Delivery(
            self.settings,
            self.settings.endpoint,
            self.token,
            self.journal,
            str(self.folder),
            str(self.config),
            self.ledger,
            lambda: self.consents,
            request_seconds=seconds,
        )

    def record(self, count=1, at=None):
        for _ in range(count):
            self.journal.append(self.writer.event("Flow.start", at or time.time()), MOST)

    def run(self):
        return self.delivery.run(lambda: None)

    @property
    def contact(self):
        return contact.load(str(self.folder))

    @property
    def waiting(self):
        return self.journal.waiting_bytes()

    @property
    def bodies(self):
        return [Path(self.folder, "sent", name) for name in sent.names(str(self.folder))]
