"""The host's signals: what its handlers raise arrives, and leaves nothing of ours taken."""

from __future__ import annotations

import signal

import pytest

from jina_tel import Telemetry, answers, forks, hurry, signals
from jina_tel.caps import Caps
from jina_tel.facts import Count
from jina_tel.journal.disk import DiskJournal
from jina_tel.testing import Receiver


@pytest.fixture
def acme():
    with Receiver() as receiver:
        yield Telemetry("acme", endpoint=receiver.url)


def test_where_the_host_blocks_no_signal_neither_do_we(acme):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    acme._record("Flow.start")

    assert before == signal.pthread_sigmask(signal.SIG_BLOCK, [])


class TimeLimitError(Exception):
    """As a task queue has one."""


@pytest.mark.parametrize("kind", [TimeLimitError, TimeoutError])
@pytest.mark.parametrize(
    ("where", "what"), [(Caps, "is_one_too_many"), (DiskJournal, "append"), (Telemetry, "_current")]
)
def test_a_time_out_of_the_host_s_ends_a_start_and_is_not_taken_for_ours(
    acme, monkeypatch, kind, where, what
):
    @acme.instrumented
    class Flow:
        def start(self):
            return "started"

    def late(*_):
        raise kind("too late")

    with Alarm(late):
        with monkeypatch.context() as patch:
            patch.setattr(where, what, lambda *_: signal.raise_signal(signal.SIGALRM))
            with pytest.raises(kind, match="too late"):
                Flow().start()
        assert "started" == Flow().start()


@pytest.mark.parametrize("kind", [TimeLimitError, TimeoutError])
@pytest.mark.parametrize("where", ["an answer", "a fact", "a flush"])
def test_deep_in_ours_it_is_not_swallowed_either(monkeypatch, kind, where):
    def late(*_):
        raise kind("too late")

    def alarm(*_):
        signal.raise_signal(signal.SIGALRM)

    facts = {"late": Count(alarm if where == "a fact" else lambda: 1, most=9, why="…")}
    acme = Telemetry("acme", endpoint="http://127.0.0.1:9", facts=facts)
    if where == "an answer":
        monkeypatch.setattr(answers, "_parsed", alarm)
    if where == "a flush":
        acme._record("Flow.start")
        monkeypatch.setattr(hurry, "flush", alarm)
    with Alarm(late), pytest.raises(kind, match="too late"):
        acme.flush(0.1) if where == "a flush" else acme._record("Flow.start")


def test_an_error_of_ours_is_none_of_a_handler_s(acme, monkeypatch):
    def fail(*_):
        raise TimeLimitError

    with Alarm(lambda *_: None):
        monkeypatch.setattr(Caps, "is_one_too_many", fail)

        assert acme.instrumented(type("Flow", (), {"start": lambda self: 5}))().start() == 5


class Handler:
    def __call__(self, *_):
        raise TimeLimitError

    def method(self, *_):
        raise TimeLimitError


@pytest.mark.parametrize("handler", [Handler(), Handler().method, Handler.method])
def test_a_handler_may_be_any_that_can_be_called(handler):
    with Alarm(handler):
        with pytest.raises(TimeLimitError) as raised:
            signal.raise_signal(signal.SIGALRM)
        assert signals.is_of_a_handler(raised.value)


class Alarm:
    """A handler of SIGALRM, for a while."""

    def __init__(self, handler):
        self._handler = handler

    def __enter__(self):
        self._before = signal.signal(signal.SIGALRM, self._handler)

    def __exit__(self, *_):
        signal.signal(signal.SIGALRM, self._before)


def test_a_gate_that_was_left_taken_is_waited_for_once(monkeypatch):
    """A handler of the host's raised right behind the taking of it."""
    monkeypatch.setattr(forks, "GATE_SECONDS", 0.2)
    forks._gate.acquire()
    with forks.Apart():
        pass

    assert not forks._gate.locked()

    with forks.Apart():
        assert forks._gate.locked()
    assert not forks._gate.locked()


def test_a_thread_that_ctrl_c_kept_from_starting_is_started_by_the_next_event(monkeypatch, home):
    def interrupted(module, name):
        raise KeyboardInterrupt

    with Receiver() as receiver:
        acme = Telemetry("acme", endpoint=receiver.url)
        with monkeypatch.context() as patch:
            patch.setattr(forks, "original", interrupted)
            with pytest.raises(KeyboardInterrupt):
                acme._record("Flow.start")
        acme._record("Flow.start")

        assert acme.flush(30)
        assert receiver.payloads
