"""What one product's recorder keeps, and for how long."""

from __future__ import annotations

import time

import pytest

from jina_tel import Telemetry, files
from jina_tel.recorder import MINUTE, NAMES, Recorder
from jina_tel.settings import Settings
from jina_tel.testing import Receiver


@pytest.fixture
def recorder(monkeypatch):
    monkeypatch.setenv("ACME_TEL_ENDPOINT", "memory:")
    return Recorder(Settings("acme", events_per_minute=2))


def test_another_minute_has_a_count_of_its_own(recorder):
    began = time.monotonic()
    minutes = [began + number * MINUTE for number in range(4)]

    refused = [[recorder._is_one_too_many("Flow.start", now) for _ in range(3)] for now in minutes]

    assert [[False, False, True]] * 4 == refused
    assert len(recorder._windows) <= 2


def test_any_number_of_names_takes_bounded_memory(recorder):
    for number in range(3 * NAMES):
        assert not recorder._is_one_too_many(f"Flow{number}.start", time.monotonic())

        assert len(recorder._windows) <= NAMES + 2


def test_losses_that_go_on_do_not_have_a_request_each(monkeypatch, home):
    """A line that tells of them is there at the end of a turn, and would have it take another."""
    monkeypatch.setattr("jina_tel.recorder.LEDGER_SECONDS", 3600.0)
    with Receiver() as receiver:
        acme = Telemetry("acme", endpoint=receiver.url, events_per_minute=1)
        acme.record("Flow.start")
        for number in range(4):
            for _ in range(10):
                acme.record("Flow.start")
            acme.record(f"Other{number}.start")
            receiver.wait(number + 2)

        assert [{"too_many": 1}] == [line["lost"] for line in receiver.losses]
        assert acme.flush()
        assert [{"too_many": 1}, {"too_many": 39}] == [line["lost"] for line in receiver.losses]


def test_a_system_without_locks_keeps_events_in_memory(monkeypatch, home):
    """As Windows, which has no ``flock``."""
    monkeypatch.setattr(files, "CAN_LOCK", False)
    with Receiver() as receiver:
        acme = Telemetry("acme", endpoint=receiver.url)

        @acme.instrumented
        class Flow:
            def start(self):
                return self

        Flow().start()

        assert acme.flush(30)
        assert ["Flow.start"] == [payload["event"] for payload in receiver.payloads]
    assert [] == [*home.rglob("events.jsonl")]
