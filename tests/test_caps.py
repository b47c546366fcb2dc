"""How many of a name in a minute, from one process."""

from __future__ import annotations

import time

import pytest

from jina_tel.caps import MINUTE, NAMES, Caps


@pytest.fixture
def caps():
    return Caps(2)


def test_another_minute_has_a_count_of_its_own(caps):
    began = time.monotonic()
    minutes = [began + number * MINUTE for number in range(4)]

    refused = [[caps.is_one_too_many("Flow.start", now) for _ in range(3)] for now in minutes]

    assert [[False, False, True]] * 4 == refused
    assert len(caps._windows) <= 2


def test_any_number_of_names_takes_bounded_memory(caps):
    for number in range(3 * NAMES):
        assert not caps.is_one_too_many(f"Flow{number}.start", time.monotonic())

        assert len(caps._windows) <= NAMES + 2


def test_a_window_counts_on_where_an_event_did(caps):
    now = time.monotonic()

    assert not caps.is_one_too_many("Flow.start", now)
    assert 1 == next(caps.window("Flow.start", now))
    assert caps.is_one_too_many("Flow.start", now)
