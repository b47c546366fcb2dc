"""Twenty times killed under load: what was acknowledged is there, and once."""

from __future__ import annotations

import random
import threading
from http.client import HTTPException

import pytest
from collecting import line, wait_until

KILLS = 20
SENDERS = 4
LINES = 50


class Sender(threading.Thread):
    """Sends batches one after the other, each until it is acknowledged, and now and then again."""

    def __init__(self, collector, number: int) -> None:
        super().__init__(daemon=True)
        self.collector = collector
        self.number = number
        self.acknowledged: list[str] = []
        self.sent: set[str] = set()
        self.resends = 0
        self.ending = threading.Event()

    def run(self) -> None:
        batches = 0
        while not self.ending.is_set():
            ids = [f"{self.number:x}-{batches:x}-{n:x}" for n in range(LINES)]
            self.sent.update(ids)
            self.deliver(ids)
            self.acknowledged += ids
            batches += 1

    def deliver(self, ids: list[str]) -> None:
        times = random.choice((1, 1, 1, 2))  # a client that was killed before it noted the answer
        while times:
            try:
                times -= 202 == self.collector.post(*map(line, ids)).status
            except (OSError, HTTPException):  # it was killed in the middle of an answer
                self.resends += 1
                self.ending.wait(0.01)


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_and_nothing_counts_twice(collector):
    senders = [Sender(collector, number) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    for _ in range(KILLS):
        before = [len(sender.acknowledged) for sender in senders]
        wait_until(lambda before=before: grown(senders, before))
        collector.kill()
        collector.start()
    for sender in senders:
        sender.ending.set()
        sender.join()
    collector.stop()
    stored = collector.ids()

    assert sum(sender.resends for sender in senders)
    assert set() == {id for sender in senders for id in sender.acknowledged} - set(stored)
    assert set() == set(stored) - set().union(*(sender.sent for sender in senders))
    assert len(set(stored)) == len(stored)
    assert ["clock", "lock"] == sorted(path.name for path in collector.segments.iterdir())


def grown(senders, before) -> bool:
    """Tell whether each sender has had a few batches acknowledged since."""
    return all(
        len(sender.acknowledged) > count + 5 * LINES
        for sender, count in zip(senders, before, strict=True)
    )
