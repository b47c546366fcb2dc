"""The thread that ships, and the one that another process's keeps from it."""

from __future__ import annotations

import threading
import time

from jina_tel import Telemetry, election, forks, shipper
from jina_tel.journal.disk import FILE


def test_who_waits_for_the_one_that_ships_ends_once_all_is_sent(home, receiver, monkeypatch):
    """Not only when it has waited for as long as it may."""
    monkeypatch.setattr(shipper, "ELECTION_SECONDS", 300.0)
    acme = Telemetry("acme", endpoint=receiver.url)
    acme._record("Flow.start")
    assert acme.flush()
    ours = acme._recorder._pipeline
    leader = election.stand(ours.folder)
    try:
        acme._record("Flow.start")
        time.sleep(0.3)
        assert ours.shipper.is_at_work()
        next(home.rglob(FILE)).unlink()  # as the leader does, once it has sent it

        until = time.monotonic() + 30
        while ours.shipper.is_at_work():
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        election.resign(leader)


def test_what_is_recorded_while_our_thread_ends_is_sent(receiver, monkeypatch):
    """It has looked for the last time by then, and keeps others from starting another."""
    acme = Telemetry("acme", endpoint=receiver.url)
    resign, late = election.resign, []

    def resign_and_record(lock):
        resign(lock)
        if not late:
            late.append(acme._recorder._pipeline.shipper.is_at_work())
            acme._record("Gateway.start")

    monkeypatch.setattr(election, "resign", resign_and_record)
    acme._record("Flow.start")
    receiver.wait(2, 30)

    assert [True] == late
    assert ["Flow.start", "Gateway.start"] == [one["payload"]["event"] for one in receiver.events]


def test_an_exit_sees_a_thread_begin(monkeypatch):
    """CPython 3.9 ends under a thread that has been started, and has run nothing yet."""
    held = []

    def start(run, begun):
        held.append(run)
        begun[0] = True

    monkeypatch.setattr(forks, "start_thread", start)
    alone = shipper.Shipper((), lambda: None, None, lambda: None, lambda: None, print)
    alone.wake(time.monotonic())
    begun = threading.Timer(0.2, held[0])
    begun.start()
    alone.see_begun()

    assert alone._task
    begun.join()
