"""What leaves over HTTP, byte by byte, and what the headers and contents of answers mean."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import ACCEPTED, Server, body_of, saying, sent_to, soon

import jina_tel
from jina_tel import plain_json
from jina_tel.settings import is_endpoint
from jina_tel.testing import Slow
from jina_tel.transports.base import Answer
from jina_tel.transports.http import HttpTransport, rejected_in, retry_after

BODY = body_of()
WHOLE = (
    f"POST /v1/events HTTP/1.1\r\nHost: %s\r\nUser-Agent: jina-tel/{jina_tel.__version__}\r\n"
    "Content-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\n"
    f"Content-Length: {len(BODY.gzipped)}\r\nAccept: application/json\r\n"
)


# What leaves


def test_nothing_leaves_but_the_declared_bytes():
    with Server(saying(ACCEPTED)) as server:
        sent_to(server)

    assert [(WHOLE % server.authority).encode() + b"\r\n" + BODY.gzipped] == server.requests


def test_the_token_is_sent_as_bearer():
    with Server(saying(ACCEPTED)) as server:
        sent_to(server, token="s3cr/et+=")
    head = WHOLE % server.authority + "Authorization: Bearer s3cr/et+=\r\n\r\n"

    assert [head.encode() + BODY.gzipped] == server.requests


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "a\tb", "é", "", "\udc80"])
def test_a_token_that_is_no_header_is_not_sent(token):
    with Server(saying(ACCEPTED)) as server:
        sent_to(server, token=token)

    assert [(WHOLE % server.authority).encode() + b"\r\n" + BODY.gzipped] == server.requests


@given(
    st.text(st.characters(max_codepoint=0x7F), max_size=20),
    st.one_of(st.none(), st.text(max_size=20)),
)
def test_no_endpoint_and_no_token_adds_a_line(tail, token):
    endpoint = f"http://127.0.0.1/{tail}"
    if not is_endpoint(endpoint):
        return
    head, _, content = HttpTransport(endpoint, token).request(BODY).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")

    assert len(BODY.gzipped) == len(content)
    assert 3 == len(lines[0].split(b" "))
    assert all(b"\n" not in line and b"\r" not in line for line in lines)
    assert [b"Authorization"] * (len(lines) - 7) == [line.split(b":")[0] for line in lines[7:]]


@given(
    st.sampled_from(["http://", "https://"]),
    st.text(st.sampled_from("a1.:/?#[]@%-\\"), max_size=12),
)
def test_whatever_counts_as_an_endpoint_can_be_asked(scheme, rest):
    if is_endpoint(scheme + rest):
        assert HttpTransport(scheme + rest, None).request(BODY)


def test_what_is_sent_is_what_request_returns():
    with Server(saying(ACCEPTED)) as server:
        transport = HttpTransport(server.url, "token")
        shown = transport.request(BODY)
        transport.send(BODY, soon())
        transport.close()

    assert [shown] == server.requests


def test_the_query_of_an_endpoint_is_sent():
    with Server(saying(ACCEPTED)) as server:
        server.url += "?tenant=a%20b&x=1#not-this"
        sent_to(server)

    assert [b"POST", b"/v1/events?tenant=a%20b&x=1", b"HTTP/1.1"] == server.requests[0].split()[:3]


def test_an_endpoint_without_a_path():
    with Server(saying(ACCEPTED)) as server:
        server.url = f"http://{server.authority}"
        sent_to(server)

    assert [b"POST", b"/", b"HTTP/1.1"] == server.requests[0].split()[:3]


def test_ipv6_loopback():
    with Server(saying(ACCEPTED), host="::1") as server:
        assert Answer(202) == sent_to(server)

    assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]


# Headers and contents of answers


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 400, float("inf")),
        ("\x1c120\x1f", 120.0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (" ", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 99 Foo 2015 99:99:99 GMT", None),
        ("Fri, 31 Dec 999999999999 23:59:59 GMT", None),
    ],
)
def test_retry_after(header, seconds):
    assert seconds == retry_after(header)


@pytest.mark.parametrize(
    "form", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"]
)
def test_retry_after_as_a_date_in_the_three_forms_of_http(form, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")  # all three mean UTC, wherever we are
    time.tzset()
    try:
        found = retry_after(time.strftime(form, time.gmtime(time.time() + 3600)))
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()

    assert 3590 < found <= 3600


def test_retry_after_as_a_date_far_away():
    assert 86390 < retry_after(formatdate(time.time() + 86400, usegmt=True)) <= 86400


@given(st.text(st.characters(max_codepoint=0xFF)))
def test_retry_after_raises_nothing(header):
    found = retry_after(header)

    assert found is None or found >= 0.0


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b'{"rejected": [{"line": 1, "why": "x"}, {"line": 3}]}', 2),
        (b'{"rejected": 4}', 4),
        (b'{"accepted": 1, "rejected": [{"line": 1, "why": "x"}], "rejected_count": 400}', 400),
        (b'{"rejected": [{"line": 1, "why": "x"}], "rejected_count": "all"}', 1),
        (b'{"rejected": [], "rejected_count": -4}', 0),
        (b'{"rejected": []}', 0),
        (b'{"rejected": -4}', 0),
        (b'{"rejected": true}', 0),
        (b'{"rejected": "all"}', 0),
        (b'{"rejected": null}', 0),
        (b"{}", 0),
        (b"[1]", 0),
        (b"", 0),
        (b"<html>", 0),
        (b"\xff\xfe", 0),
        (b'{"rejected": ' + b"[" * 100_000, 0),
        (b'\0"\0"rejected"', 0),
    ],
)
def test_how_many_lines_an_answer_rejects(content, count):
    assert count == rejected_in(content)


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"accepted": 1}', b"[" * 100_000])
def test_an_answer_that_names_none_is_not_read(monkeypatch, content):
    monkeypatch.setattr(plain_json, "loads", None)

    assert 0 == rejected_in(content)


@given(st.binary() | st.binary().map(b'{"rejected":'.__add__))
def test_any_content_is_looked_at(content):
    assert rejected_in(content) >= 0


# What an exit looks at


def test_an_answer_is_awaited_from_the_last_byte_on_and_no_longer_than_it_takes(receiver):
    receiver.behaviour = Slow(0.3)
    transport = HttpTransport(receiver.url, None)
    before = time.monotonic()
    talk = threading.Thread(target=lambda: transport.send(BODY, soon()))
    talk.start()
    receiver.wait_for_requests(1)
    while not transport.handed_over and talk.is_alive():
        time.sleep(0.001)

    assert before < transport.handed_over < time.monotonic()
    talk.join()
    assert 0.0 == transport.handed_over
    assert 0.3 <= transport.took
    transport.close()
