"""OTLP/HTTP logs: what leaves, that all of it leaves, and what is made of each answer."""

from __future__ import annotations

import json
import time

import otlp
import pytest
from deliveries import Case
from hypothesis import given
from hypothesis import strategies as st
from otlp import TAKEN, body_of, delivered, endpoint_of, heads_of
from servers import Server, answer, saying
from support import ROOT

import jina_tel
from jina_tel.transports.otlp import encode, logs_address, nanoseconds_of, rejected_in

GOLDEN = ROOT / "tests" / "data" / "otlp-logs.json"


# What leaves


def test_the_bytes_of_a_body_are_these():
    """Golden: a change here is one that every receiver sees."""
    lines = [json.loads(line) for line in GOLDEN.with_suffix(".ndjson").read_text().splitlines()]

    assert json.loads(GOLDEN.read_text()) == json.loads(encode(otlp.ndjson(lines)))
    assert (
        encode(otlp.ndjson(lines))
        == json.dumps(json.loads(GOLDEN.read_text()), separators=(",", ":")).encode()
    )


@given(otlp.LINES)
def test_every_event_and_ledger_line_survives(lines):
    assert otlp.by_content(lines) == otlp.by_content(otlp.said_by(encode(otlp.ndjson(lines))))


@given(otlp.EVENTS, st.integers(1, 5))
def test_the_facts_of_a_process_stand_there_once_a_body(line, count):
    lines = [{**line, "id": f"{number:x}"} for number in range(count)]
    [logs] = json.loads(encode(otlp.ndjson(lines)))["resourceLogs"]

    assert count == len(logs["scopeLogs"][0]["logRecords"])


def test_the_request_is_one_of_otlp(tmp_path):
    case, server = delivered(tmp_path, TAKEN, count=2, token="s3cret")
    [request] = server.requests
    head = (
        f"POST /v1/logs HTTP/1.1\r\nHost: {server.authority}\r\n"
        f"User-Agent: jina-tel/{jina_tel.__version__}\r\n"
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"
        f"Content-Length: {len(request) - len(heads_of(server)[0]) - 4}\r\n"
        "Accept: application/json\r\nAuthorization: Bearer s3cret"
    )

    assert [head] == heads_of(server)
    assert (True, 0) == (case.done, case.waiting)


ADDRESSES = [
    ("otlp+https://collector:4318", "https://collector:4318/v1/logs"),
    ("otlp+http://collector:4318/", "http://collector:4318/v1/logs"),
    ("otlp+https://gateway.example/otlp", "https://gateway.example/otlp/v1/logs"),
    ("otlp+https://gateway.example/otlp/v1/logs", "https://gateway.example/otlp/v1/logs"),
    ("otlp+https://a/v1/logs/", "https://a/v1/logs"),
    ("otlp+https://a?key=1+2", "https://a/v1/logs?key=1+2"),
    ("otlp+http://[::1]:4318", "http://[::1]:4318/v1/logs"),
]


@pytest.mark.parametrize(("endpoint", "address"), ADDRESSES)
def test_an_endpoint_is_a_base_address(endpoint, address):
    assert address == logs_address(endpoint)


@pytest.mark.parametrize(
    ("time", "nanoseconds"),
    [
        ("1970-01-01T00:00:01Z", 10**9),
        ("2026-01-31T12:00:00.123456Z", 1_769_860_800_123_456_000),
        ("1969-12-31T23:59:59Z", 0),
        ("9999-99-99T99:99:99.000000Z", 0),
        ("0000-00-00T00:00:00Z", 0),
    ],
)
def test_a_moment_is_nanoseconds(time, nanoseconds):
    assert nanoseconds == nanoseconds_of(time)


# What comes back


REJECTED = [
    (b"{}", 0),
    (b"", 0),
    (b"no json", 0),
    (b"[]", 0),
    (b'{"partialSuccess": null}', 0),
    (b'{"partialSuccess": {}}', 0),
    (b'{"partialSuccess": {"errorMessage": "a warning"}}', 0),
    (b'{"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "why"}}', 2),
    (b'{"partialSuccess": {"rejectedLogRecords": 3}}', 3),
    (b'{"partialSuccess": {"rejectedLogRecords": "-1"}}', 0),
    (b'{"partialSuccess": {"rejectedLogRecords": 1e999}}', 0),
    (b'{"partialSuccess": {"rejectedLogRecords": [1]}}', 0),
    (b"[" * 100_000, 0),
]


@pytest.mark.parametrize(("content", "rejected"), REJECTED)
def test_a_partial_success_names_how_many_were_rejected(content, rejected):
    assert rejected == rejected_in(content)


def test_rejected_records_count_as_refused_and_are_not_sent_again(tmp_path):
    partial = answer(200, REJECTED[7][0])
    case, server = delivered(tmp_path, partial)

    assert (True, 0, 1) == (case.done, case.waiting, len(server.requests))
    assert {"refused": 2} == case.ledger.take()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_these_are_tried_again_with_the_same_bytes(tmp_path, status):
    with Server(saying(answer(status, Retry_After=7), TAKEN)) as server:
        case = Case(tmp_path, endpoint_of(server))
        case.record(3)
        first, at = case.run(), time.time()
        due, waiting = case.contact.due, case.waiting
        second = case.run()

    assert (False, True) == (first, second)
    assert waiting > 0
    assert 5 < due - at <= 8
    assert body_of(server.requests[0]) == body_of(server.requests[1])
    assert {} == case.ledger.take()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 408, 415, 422, 431, 500, 501, 505])
def test_any_other_4xx_and_5xx_is_never_tried_again(tmp_path, status):
    case, server = delivered(tmp_path, answer(status))

    assert (True, 0, 1) == (case.done, case.waiting, len(server.requests))
    assert {"refused": 4} == case.ledger.take()
    assert str(status) == case.contact.said


def test_413_is_no_reason_to_send_the_same_again_but_half_of_it(tmp_path):
    case, server = delivered(tmp_path, answer(413), TAKEN)
    sent = [len(otlp.said_by(json.dumps(body_of(request)))) for request in server.requests]

    assert [4, 2, 2] == sent
    assert {} == case.ledger.take()


def test_410_is_the_switch_that_it_is_over_http(tmp_path):
    case, _ = delivered(tmp_path, answer(410))

    assert (True, 0) == (case.contact.gone, case.waiting)


def test_a_connection_that_ends_without_an_answer_is_tried_again(tmp_path):
    def talk(connection, server):
        server.heard(connection)

    with Server(talk) as server:
        case = Case(tmp_path, endpoint_of(server))
        case.record()
        done = case.run()

    assert not done
    assert case.waiting
