"""The receiver: what has arrived, and whoever waits for it."""

from __future__ import annotations

import gzip
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from talking import ask, event, ids, loss, ndjson, post

from jina_tel.testing import (
    Slow,
    Status,
)


def test_an_event_arrives(receiver):
    response = post(receiver, event("a"))

    assert (response.status, response.answer) == (202, {"accepted": 1, "rejected": []})
    assert receiver.events == [event("a")]
    assert receiver.payloads == [{"event": "Flow.start", "uid": 1}]
    assert receiver.losses == []


def test_the_url_is_on_loopback(receiver):
    assert f"http://127.0.0.1:{receiver.port}/v1/events" == receiver.url


def test_a_request_is_seen_as_it_came(receiver):
    body = gzip.compress(ndjson(event("a"), loss("b")))
    before = time.time()

    ask(receiver, body, path="/else?where", headers={"Content-Encoding": "gzip", "X-Case": "Kept"})

    [request] = receiver.requests
    assert (request.method, request.path) == ("POST", "/else?where")
    assert request.headers["x-cASE"] == "Kept"
    assert request.body == body
    assert request.text == ndjson(event("a"), loss("b")).decode()
    assert request.lines == (event("a"), loss("b"))
    assert before <= request.at <= time.time()
    assert ids(receiver.events) == ["a"]


def test_what_comes_again_counts_once(receiver):
    post(receiver, event("b"), event("a"), event("b"), loss("x"))
    post(receiver, event("a"), event("c"), loss("x"))

    assert ids(receiver.events) == ["b", "a", "c"]
    assert ids(receiver.losses) == ["x"]
    assert receiver.duplicates == 3


def test_a_ledger_line_is_no_event(receiver):
    post(receiver, loss("x", 7))

    assert receiver.events == []
    assert receiver.losses == [loss("x", 7)]


def test_clear_forgets_all(receiver):
    post(receiver, event("a"), event("a"), loss("x"))

    receiver.clear()

    assert (receiver.events, receiver.losses, receiver.requests) == ([], [], [])
    assert receiver.duplicates == 0
    post(receiver, event("a"))
    assert ids(receiver.events) == ["a"]


def test_a_chunked_body_is_read(receiver):
    parts = iter([ndjson(event("a"))[:10], ndjson(event("a"))[10:], ndjson(event("b"))])

    assert ask(receiver, parts).answer["accepted"] == 2
    assert ids(receiver.events) == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"no gzip", "gzip"),
        (gzip.compress(ndjson(event("a")))[:-9], "gzip"),
        (gzip.compress(b"")[:10] + b"\xff" * 40, "gzip"),
        (b"\xff\xfe", "identity"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(receiver, body, encoding):
    assert ask(receiver, body, headers={"Content-Encoding": encoding}).status == 400
    assert receiver.events == []
    assert (receiver.requests[0].body, receiver.requests[0].text) == (body, None)


def test_a_line_that_is_no_event_is_rejected_by_its_number(receiver):
    body = b'\n{"id": "a", "payload": {}}\nno JSON\n[1]\n{"id": 7, "payload": {}}\n{"id": "b"}\n'

    answer = ask(receiver, body).answer

    assert answer["accepted"] == 1
    assert [one["line"] for one in answer["rejected"]] == [2, 3, 4, 5]
    assert ids(receiver.events) == ["a"]
    assert receiver.requests[0].lines[1] == {}


def test_a_request_that_is_cut_off_is_not_counted(receiver):
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        client.sendall(
            b"POST /v1/events HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + ndjson(event("a"))
        )
        client.shutdown(socket.SHUT_WR)

        assert client.recv(100) == b""
    assert receiver.requests == []


def test_a_chunked_request_that_is_cut_off_is_not_counted(receiver):
    with socket.create_connection(("127.0.0.1", receiver.port)) as client:
        head = b"POST /v1/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head + b"2\r\n{}\r\n")
        client.shutdown(socket.SHUT_WR)

        assert client.recv(100) == b""
    assert receiver.requests == []


def test_only_a_post_brings_events(receiver):
    assert ask(receiver, ndjson(event("a")), method="PUT").status == 405
    assert receiver.events == []
    assert receiver.requests[0].method == "PUT"


def test_wait_returns_when_the_events_are_there(receiver):
    receiver.behaviour = Slow(0.1)  # so what wakes it is the event, not the request
    with ThreadPoolExecutor() as pool:
        waited = pool.submit(receiver.wait, 3, seconds=60)
        post(receiver, event("a"), event("a"), loss("x"))
        post(receiver, event("b"), event("c"))

        assert ids(waited.result(5)) == ["a", "b", "c"]


def test_wait_for_fewer_than_there_are_returns_all(receiver):
    post(receiver, event("a"), event("b"))

    assert ids(receiver.wait(1)) == ["a", "b"]


def test_wait_says_what_did_arrive(receiver):
    post(receiver, event("a"))
    receiver.behaviour = Status(503)
    post(receiver, event("b"))

    with pytest.raises(
        AssertionError, match=r"wanted 2 events; .* 1 events in 2 requests"
    ) as error:
        receiver.wait(2, seconds=0.01)

    assert "Flow.start" in str(error.value)


def test_wait_for_requests_returns_when_they_have_come(receiver):
    receiver.behaviour = Status(503)
    with ThreadPoolExecutor() as pool:
        waited = pool.submit(receiver.wait_for_requests, 2, seconds=60)
        post(receiver, event("a"))
        post(receiver, event("b"))

        assert [ids(request.lines) for request in waited.result(5)] == [["a"], ["b"]]


def test_wait_for_requests_says_what_did_arrive(receiver):
    post(receiver, event("a"), event("b"))

    with pytest.raises(AssertionError, match=r"wanted 2 requests; .* 2 events in 1 requests"):
        receiver.wait_for_requests(2, seconds=0.01)


def test_arrivals_yields_each_event_once_and_ends_with_the_receiver(receiver):
    post(receiver, event("a"))
    arrivals = receiver.arrivals()

    assert next(arrivals)["id"] == "a"
    post(receiver, event("a"), event("b"), event("c"))
    assert [next(arrivals)["id"], next(arrivals)["id"]] == ["b", "c"]
    with ThreadPoolExecutor() as pool:
        last = pool.submit(next, arrivals, None)
        receiver.close()

        assert last.result(10) is None
