"""Events in quick succession: asked once for them all, and each of them as it would be alone."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest

from jina_tel import Telemetry, burst, forks, recorder
from jina_tel.testing import Receiver
from jina_tel.testing.behaviours import Hung

MOST = 1000


@pytest.fixture
def receiver():
    with Receiver(behaviour=Hung()) as started:
        yield started


@pytest.fixture
def acme(monkeypatch, home, receiver):
    """A product in a burst that does not end by itself, while a request is under way."""
    monkeypatch.setattr(recorder, "NEAR_SECONDS", 60.0)
    monkeypatch.setattr(burst, "BURST_SECONDS", 60.0)
    product = Telemetry("acme", endpoint=receiver.url, events_per_minute=MOST)
    product.start = start_of(product, "Flow")
    product.start()
    receiver.wait_for_requests(1)
    return begun(product)


def start_of(product, name):
    """Return the instrumented ``start`` of an object of a new class, a method bound anew."""
    kind = product.instrumented(name=name)(type(name, (), {"start": lambda self: None}))
    return lambda: kind().start()


def begun(product):
    """Record until a burst has begun: two events, or three where a second has just ended."""
    for _ in range(9):
        product.start()
        if product._again is not None:
            return product
    pytest.fail("no burst")


def lines(home):
    text = "".join(path.read_text() for path in Path(home).rglob("events.jsonl"))
    return [json.loads(line) for line in text.splitlines() if line]


def soon(question):
    until = time.monotonic() + 30
    while not question():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_an_event_of_a_burst_is_on_disk_when_the_call_returns(acme, home):
    before = len(lines(home))

    assert acme._again("Flow.start")
    assert before + 1 == len(lines(home))


def test_its_line_is_what_it_would_be_alone(acme, home):
    begun(acme)
    assert acme._again("100%.start")
    alone, *_, of_burst = lines(home)

    assert list(alone) == list(of_burst)
    assert {**alone["payload"], "event": "100%.start"} == of_burst["payload"]
    assert alone["id"].split("-")[0] == of_burst["id"].split("-")[0]
    assert len(alone["time"]) == len(of_burst["time"])
    assert alone["time"] <= of_burst["time"]


def test_an_event_in_the_midst_of_another_takes_the_ordinary_way(acme, home):
    """As one in a signal handler of the host's would; and it is counted once."""
    before = len(lines(home))
    with acme._recorder._bursts._lease.lock:
        assert not acme._again("Flow.start")
        assert before == len(lines(home))
        acme.start()

    assert before + 1 == len(lines(home))
    for _ in range(MOST):
        acme.start()
    kept = [line["payload"]["event"] for line in lines(home) if "payload" in line]
    assert MOST - 1 == kept.count("Flow.start")  # the first one is being sent


def test_threads_have_each_event_once(acme, home):
    before = len(lines(home))

    def events():
        for _ in range(100):
            acme.start()

    threads = [threading.Thread(target=events) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [line["id"] for line in lines(home)]

    assert before + 400 == len(ids) == len(set(ids))


def test_a_no_ends_it_at_once(acme, home, monkeypatch):
    before = len(lines(home))
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    acme.start()

    assert before == len(lines(home))
    assert acme._again is None


def test_a_change_of_the_settings_ends_it(acme):
    acme.configure(events_per_minute=1)

    assert acme._again is None


def test_the_cap_of_a_name_holds(acme, home):
    for _ in range(MOST + 500):
        acme.start()
    other = start_of(acme, "Gateway")
    other()
    kept = [line["payload"]["event"] for line in lines(home) if "payload" in line]

    assert MOST - 1 == kept.count("Flow.start")  # the first one is being sent
    assert 1 == kept.count("Gateway.start")


def test_it_begins_anew_after_as_many_lines_as_a_lease_has(acme, home):
    first, most = acme._again, acme._recorder._bursts._lease.lines
    for _ in range(most + 3):
        acme.start()

    assert acme._again not in (None, first)
    assert most + 3 <= len(lines(home))


def test_it_ends_with_its_time(acme, monkeypatch, home):
    monkeypatch.setattr(burst, "BURST_SECONDS", 0.001)
    acme._recorder._bursts._until = 0.0
    acme._recorder.record("Flow.start", time.monotonic())
    again = acme._recorder.again
    time.sleep(0.002)

    assert not again("Flow.start")


def test_a_clock_that_is_set_back_ends_it(acme, monkeypatch):
    moments = [time.time() + 7200]
    monkeypatch.setattr(burst.time, "time", lambda: moments[0])
    acme._recorder._bursts._until = 0.0
    acme._recorder.record("Flow.start", time.monotonic())
    again = acme._recorder.again
    assert again("Flow.start")
    moments[0] -= 3600

    assert not again("Flow.start")


def test_it_ends_with_our_thread(acme, receiver):
    lease = acme._recorder._bursts._lease
    receiver.close()
    soon(lambda: not acme._recorder._pipeline.shipper.is_at_work())

    soon(lease.is_ended)
    acme.start()
    acme.start()
    assert acme._again is None


def test_it_ends_ahead_of_a_fork_and_none_begins_within(acme):
    lease = acme._recorder._bursts._lease
    forks._on_fork()
    try:
        assert lease.is_ended()
        acme.start()
        acme.start()
        assert acme._again is None
    finally:
        forks._on_fork_in_parent()
    begun(acme)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_has_ids_of_its_own(acme, home):
    before = len(lines(home))
    child = os.fork()
    if not child:
        try:
            for _ in range(10):
                acme.start()
        finally:
            os._exit(0)
    for _ in range(10):
        acme.start()
    os.waitpid(child, 0)
    ids = [line["id"] for line in lines(home)]

    assert before + 20 == len(ids) == len(set(ids))


def test_a_single_event_begins_none(home, receiver):
    product = Telemetry("acme", endpoint=receiver.url)
    start = start_of(product, "Flow")
    start()
    time.sleep(2 * recorder.NEAR_SECONDS)
    start()

    assert product._again is None
