"""``console:``: payloads on stderr, for people."""

from __future__ import annotations

import io
import json
import sys

import pytest
from servers import LINE, body_of, soon

from jina_tel.errors import TransportError
from jina_tel.transports import transport_for
from jina_tel.transports.base import Answer

EVENT = {**LINE, "payload": {"event": "Flow.start", "uid": 7, "architecture": "x86_64"}}
LOSS = {"id": "a-1", "time": "2026-01-31T12:00:00Z", "product": "jina", "v": 1, "lost": {"x": 2}}


@pytest.fixture
def console():
    return transport_for("console:", None)


def test_payloads_are_printed_on_stderr(console, capsys):
    answer = console.send(body_of(EVENT, EVENT), soon())
    out, err = capsys.readouterr()
    printed = json.dumps(EVENT["payload"], indent=2)

    assert Answer(202) == answer
    assert ("", f"{printed}\n{printed}\n") == (out, err)


def test_a_ledger_line_is_printed_whole(console, capsys):
    console.send(body_of(LOSS), soon())

    assert LOSS == json.loads(capsys.readouterr().err)


def test_what_is_printed_is_what_request_returns(console, capsys):
    console.send(body_of(EVENT, LOSS), soon())
    console.close()

    assert console.request(body_of(EVENT, LOSS)) == capsys.readouterr().err.encode()


def test_a_process_without_stderr(console, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with pytest.raises(TransportError, match="stderr takes nothing"):
        console.send(body_of(EVENT), soon())


def test_a_closed_stderr(console, monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    with pytest.raises(TransportError, match="stderr takes nothing"):
        console.send(body_of(EVENT), soon())
