"""What one product's recorder keeps, and for how long."""

from __future__ import annotations

from jina_tel import Telemetry, files, process
from jina_tel.testing import Receiver, Status


def test_losses_that_go_on_do_not_have_a_request_each(monkeypatch, home):
    """A line that tells of them is there at the end of a turn, and would have it take another."""
    monkeypatch.setattr("jina_tel.recorder.LEDGER_SECONDS", 3600.0)
    with Receiver() as receiver:
        acme = Telemetry("acme", endpoint=receiver.url, events_per_minute=1)
        acme._record("Flow.start")
        for number in range(4):
            for _ in range(10):
                acme._record("Flow.start")
            acme._record(f"Other{number}.start")
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


def test_what_was_configured_before_leaves_nothing_behind(home):
    with Receiver() as receiver:
        acme = Telemetry("acme", endpoint=receiver.url)
        for number in range(20):
            acme.configure(batch_events=number + 1)
            acme._record("Flow.start")
        assert acme.flush(30)
        for one in recordings_to(receiver):
            one._pipeline.shipper.ended.wait(30.0)  # while it is there, a fork has to tell it
        acme.configure(batch_events=30)
        acme._record("Flow.start")

        assert acme.flush(30)
        assert 21 == len(receiver.payloads)
    assert 1 == len(recordings_to(receiver))


def test_what_waits_for_the_endpoint_of_before_is_still_sent_at_the_exit(home):
    with Receiver() as first, Receiver() as second:
        first.behaviour = Status(503, retry_after=3600)
        acme = Telemetry("acme", endpoint=first.url)
        acme._record("Flow.start")
        acme.flush(30)
        acme.configure(endpoint=second.url)
        acme._record("Flow.start")

        assert acme.flush(30)
        assert 1 == len(recordings_to(first))
        assert 1 == len(recordings_to(second))


def recordings_to(receiver):
    return [one for one in process.recordings if one.endpoint == receiver.url]
