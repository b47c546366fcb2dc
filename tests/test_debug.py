"""What happens, for whoever asks; and silence."""

from __future__ import annotations

import io
import os
import sys

import pytest
from support import run

from jina_tel import Telemetry
from jina_tel.debug import say
from jina_tel.facts import Choice, Count
from jina_tel.testing import Healthy, Receiver, Status

NAME = "ACME_TEL_DEBUG"


@pytest.mark.parametrize("value", [None, "", "0"])
def test_it_is_silent_unless_asked(monkeypatch, capfd, value):
    if value is not None:
        monkeypatch.setenv(NAME, value)
    say(NAME, "a secret")

    assert ("", "") == tuple(capfd.readouterr())


@pytest.mark.parametrize("value", ["1", "true", "00"])
def test_whoever_asks_is_told_on_stderr_and_by_whom(monkeypatch, capfd, value):
    monkeypatch.setenv(NAME, value)
    say(NAME, "größer")

    assert ("", f"jina_tel[{os.getpid()}]: größer\n") == tuple(capfd.readouterr())


class Broken(io.StringIO):
    def write(self, text):
        raise RuntimeError("the host's own stream")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


STREAMS = [
    lambda: None,
    object,
    closed,
    Broken,
    lambda: io.TextIOWrapper(io.BytesIO(), "ascii"),
    lambda: io.TextIOWrapper(io.FileIO(os.open("/dev/full", os.O_WRONLY), "w"), write_through=True),
]


@pytest.mark.parametrize("make", STREAMS)
def test_where_nobody_can_be_told_nothing_is_raised(monkeypatch, make):
    monkeypatch.setenv(NAME, "1")
    stream = make()
    monkeypatch.setattr(sys, "stderr", stream)
    say(NAME, "größer")
    monkeypatch.undo()
    if isinstance(stream, io.TextIOWrapper):
        stream.detach().close()


CLOSED = """
import os, sys
os.close(2)
theirs = os.open("theirs", os.O_WRONLY | os.O_CREAT)
sys.stderr = None
from jina_tel import Telemetry
from jina_tel.debug import say
from jina_tel.facts import Choice, Count
from jina_tel.testing import Healthy, Receiver, Status
say("ACME_TEL_DEBUG", "nothing of ours")
print(theirs, os.fstat(theirs).st_size)
"""


def test_a_file_of_the_host_s_that_has_the_number_of_stderr_stays_clean(tmp_path):
    assert "2 0\n" == run(CLOSED, cwd=tmp_path, ACME_TEL_DEBUG="1")


def facts():
    """New ones: each is read once a process."""
    return {
        "broken": Count(lambda: 1 // 0, most=9, why="…"),
        "other": Choice(("a", "b"), lambda: "c", why="…"),
    }


TOLD = [
    "the fact broken is (unset): ZeroDivisionError: integer division or modulo by zero",
    "the fact other is (unset): it has no value that was declared",
    "on: events go to {url}, and wait in {folder}",
    "event Flow.start",
    "event Flow.start",
    "lost: too_many",
]


@pytest.mark.parametrize(
    ("behaviour", "then"),
    [
        (Healthy(), "answer: 202"),
        (Status(422, body=b'{"why": "no\\nschema"}'), "answer: 422 no\\nschema"),
        (Status(503, retry_after=7), "not sent: 503; tried again in 7.0 s"),
        (Status(410), "is gone: all is deleted, and nothing recorded for 30 days"),
    ],
)
def test_who_debugs_sees_each_event_and_what_became_of_it(
    monkeypatch, capfd, home, behaviour, then
):
    monkeypatch.setenv(NAME, "1")
    with Receiver() as receiver:
        receiver.behaviour = behaviour
        acme = Telemetry("acme", endpoint=receiver.url, facts=facts(), events_per_minute=1)
        acme._record("Flow.start")
        acme._record("Flow.start")
        acme.flush(30)
        folder = next(home.rglob("endpoint")).parent

    lines = [line.partition("acme: ")[2] for line in capfd.readouterr().err.splitlines()]
    told = [line.format(url=receiver.url, folder=folder) for line in TOLD]
    assert told == [line for line in lines if not line.startswith(OF_OUR_THREAD)]
    assert any(line.endswith(then) for line in lines)


OF_OUR_THREAD = ("lines sent", "not sent", "the endpoint")


def test_who_debugs_is_told_why_nothing_could_be_recorded(capfd, home):
    """Not even what records could be imported."""
    text = run(
        """
        import sys
        from jina_tel import Telemetry
        acme = Telemetry("acme", endpoint="http://127.0.0.1:9")
        sys.modules["jina_tel.caps"] = None
        @acme.instrumented
        class Flow:
            def start(self): ...
        sys.stderr = sys.stdout
        Flow().start()
        """,
        ACME_TEL_DEBUG="1",
    )

    assert "acme: ModuleNotFoundError: import of jina_tel.caps halted" in text
