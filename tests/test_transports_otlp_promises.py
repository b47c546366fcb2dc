"""What is promised of every transport holds over OTLP: what is shown, kept, verified, forgotten."""

from __future__ import annotations

import pytest
from certificates import Authority
from commands import command, command_bytes, wait_here
from deliveries import Case
from otlp import TAKEN, delivered, endpoint_of, events_in, heads_of
from servers import Server, answer, proxy, saying
from support import run


def test_what_left_is_kept_as_it_left(tmp_path):
    case, server = delivered(tmp_path, TAKEN)
    [kept] = case.bodies

    assert kept.read_bytes() == server.requests[0].partition(b"\r\n\r\n")[2]


def test_a_redirect_is_followed_within_the_host_alone(tmp_path):
    case, server = delivered(tmp_path / "a", answer(307, Location="/other"), TAKEN)
    elsewhere, _ = delivered(tmp_path / "b", answer(307, Location="http://127.0.0.2/v1/logs"))

    assert (True, False) == (case.done, elsewhere.done)
    assert "POST /other HTTP/1.1" == heads_of(server)[1].split("\r\n")[0]


def test_tls_is_verified(tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    with Server(saying(TAKEN), tls=authority.server()) as server:
        case = Case(tmp_path / "case", endpoint_of(server, "https"))
        case.record(2)
        refused = case.run()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        taken = case.run()

    assert (False, True, 1) == (refused, taken, len(server.requests))
    assert 2 == len(events_in(server))


def test_a_proxy_is_asked(tmp_path, monkeypatch):
    with Server(proxy) as between, Server(saying(TAKEN)) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://{between.authority}")
        case = Case(tmp_path, endpoint_of(server))
        case.record()

        assert case.run()

    assert 1 == len(server.requests) == len(between.requests)


def test_preview_shows_the_bytes_that_leave():
    with Server(saying(TAKEN)) as server:
        wait_here(3, endpoint_of(server))
        command("send")  # makes the uid
        wait_here(3, endpoint_of(server))
        _, shown, _ = command_bytes("preview")
        said = command("send")
        pretty = command("show", "--pretty").out

    assert 0 == said.code
    assert shown == server.requests[-1]
    assert "Flow.start" in pretty
    assert '"eventName": "Flow.start"' in pretty
    assert "3 lines" in pretty


def test_preview_shows_the_document_to_people():
    wait_here(2, "otlp+http://127.0.0.1:9")
    shown = command("preview", "--pretty").out
    [one] = command("preview", "--json").json["products"]

    assert "POST /v1/logs HTTP/1.1" in shown
    assert '"resourceLogs"' in shown
    assert "2 lines" in shown
    assert ["resourceLogs"] == list(one["lines"][0])


def test_forget_asks_beside_the_logs():
    deleted = answer(200, b'{"deleted": 3}')
    with Server(saying(TAKEN, deleted)) as server:
        wait_here(3, endpoint_of(server) + "/otlp")
        command("send")
        said = command("forget")

    assert 0 == said.code, said
    assert "POST /otlp/v1/forget HTTP/1.1" == heads_of(server)[1].split("\r\n")[0]


def test_the_proof_of_a_uid_does_not_leave_in_the_clear():
    wait_here(1, "otlp+http://collector.invalid:4318")
    command("send")

    assert "is not encrypted" in command("forget").out


PROGRAM = """
import sys, jina_tel

@jina_tel.instrumented
class Flow:
    def start(self): ...

Flow().start()
assert jina_tel.flush(20)
print("jina_tel.transports.otlp" in sys.modules)
"""


@pytest.mark.parametrize(("over", "imported"), [("otlp+", "True"), ("", "False")])
def test_a_program_s_event_arrives_and_no_other_program_imports_this(over, imported):
    with Server(saying(TAKEN)) as server:
        said = run(PROGRAM, JINA_TEL_ENDPOINT=f"{over}http://{server.authority}")

    assert imported == said.strip()
    assert 1 == len(server.requests)
    if over:
        assert ["Flow.start"] == [event["payload"]["event"] for event in events_in(server)]
