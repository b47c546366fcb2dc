"""The counts of what was lost: none is lost itself, and none is counted twice."""

from __future__ import annotations

import threading
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from jina_tel.ledger import COMPACT, Ledger
from jina_tel.payload import REASONS

NOTES = st.lists(st.tuples(st.sampled_from(sorted(REASONS)), st.integers(-2, 5)), max_size=50)


@given(NOTES)
def test_what_is_noted_is_taken_once(notes):
    ledger, expected = Ledger(), Counter()
    for reason, number in notes:
        ledger.note(reason, number)
        expected[reason] += max(number, 0)

    assert bool(ledger) == any(expected.values())
    assert {reason: number for reason, number in expected.items() if number} == ledger.take()
    assert {} == ledger.take()
    assert not ledger


@given(NOTES, NOTES)
def test_what_could_not_be_written_down_is_taken_again(before, after):
    ledger, expected = Ledger(), Counter()
    for notes in (before, after):
        for reason, number in notes:
            ledger.note(reason, number)
            expected[reason] += max(number, 0)
        ledger.put_back(ledger.take())

    assert +expected == Counter(ledger.take())


def test_it_does_not_grow_with_what_is_lost():
    ledger = Ledger()
    for _ in range(100 * COMPACT):
        ledger.note("too_many")

    assert len(ledger._noted) <= COMPACT
    assert {"too_many": 100 * COMPACT} == ledger.take()


def test_threads_that_note_and_take_at_once_lose_nothing():
    ledger, taken, over = Ledger(), Counter(), threading.Event()

    def note():
        for _ in range(20_000):
            ledger.note("too_many")

    def take():
        while not over.is_set():
            taken.update(ledger.take())

    writers = [threading.Thread(target=note) for _ in range(4)]
    reader = threading.Thread(target=take)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    reader.join()
    taken.update(ledger.take())

    assert {"too_many": 80_000} == taken
