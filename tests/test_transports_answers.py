"""What is made of every kind of answer, the broken and the hostile ones first of all."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import ACCEPTED, Server, answer, body_of, failure_of, saying, sent_to, soon

from jina_tel.errors import TransportError
from jina_tel.testing import Receiver, Status, Truncated
from jina_tel.transports.base import Answer, Body
from jina_tel.transports.http import HttpTransport
from jina_tel.transports.response import CONTENT_BYTES

BODY = body_of()


def test_the_bodies_of_one_delivery_share_a_connection():
    with Server(saying(ACCEPTED)) as server:
        transport = HttpTransport(server.url, None)
        answers = [transport.send(BODY, soon()) for _ in range(3)]
        transport.close()

    assert [Answer(202)] * 3 == answers
    assert (1, 3) == (server.connections, len(server.requests))


def test_a_connection_that_ended_between_two_bodies_is_opened_again_once():
    with Server(saying(ACCEPTED, stay=False)) as server:
        transport = HttpTransport(server.url, None)
        answers = [transport.send(BODY, soon()) for _ in range(3)]
        transport.close()

    assert [Answer(202)] * 3 == answers
    assert (3, 3) == (server.connections, len(server.requests))


def test_a_new_connection_that_ends_without_an_answer_is_not_tried_again():
    def talk(connection, server):
        server.heard(connection)

    with Server(talk) as server, pytest.raises(TransportError) as caught:
        sent_to(server)

    assert caught.value.left
    assert (1, 1) == (server.connections, len(server.requests))


SECOND_ANSWERS = [
    b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nshort",
    b"no HTTP at all\r\n\r\n",
    b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
]


@pytest.mark.parametrize("second", SECOND_ANSWERS)
def test_what_goes_wrong_on_a_kept_connection_is_a_transport_error(second):
    left = [ACCEPTED, second]

    def talk(connection, server):
        while left and server.heard(connection):
            connection.sendall(left.pop(0))

    with Server(talk) as server:
        transport = HttpTransport(server.url, None)
        transport.send(BODY, soon())
        with pytest.raises(TransportError) as caught:
            transport.send(BODY, soon())

    assert caught.value.left


def test_silence_on_a_kept_connection_ends_at_the_deadline():
    def talk(connection, server):
        server.heard(connection)
        connection.sendall(ACCEPTED)
        server.heard(connection)
        server.heard(connection)

    with Server(talk) as server:
        transport = HttpTransport(server.url, None)
        transport.send(BODY, soon())
        with pytest.raises(TransportError, match="in time"):
            transport.send(BODY, soon(0.2))


def test_when_the_second_connection_is_refused_the_body_may_have_left():
    with Server(saying(ACCEPTED, stay=False)) as server:
        transport = HttpTransport(server.url, None)
        transport.send(BODY, soon())
        server.__exit__()
        with pytest.raises(TransportError) as caught:
            transport.send(BODY, soon())

    assert caught.value.left


def test_a_refused_connection_leaves_nothing():
    with Server(saying(ACCEPTED)) as server:
        pass
    with pytest.raises(TransportError, match="ConnectionRefusedError") as caught:
        sent_to(server)

    assert not caught.value.left


def test_a_name_that_does_not_resolve():
    with pytest.raises(TransportError, match="gaierror") as caught:
        HttpTransport("http://nobody.invalid/", None).send(BODY, soon())

    assert not caught.value.left


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\r\n",
        b"HTTP/1.1 \r\n\r\n",
        b"HTTP/1.1 abc x\r\n\r\n",
        b"HTTP/2 202\r\n\r\n"[:7],
        b"HTTP/1.1 202 x\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 202 x\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcdefgh",
        b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\nnumber\r\n",
        b"HTTP/1.1 202 x\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(200)) + b"\r\n",
        b"HTTP/1.1 202 x\r\nA: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x00\x00" * 20,
    ],
)
def test_half_an_answer_and_garbage_are_transport_errors(said):
    error = failure_of(saying(said, stay=False))

    assert error.left


@given(st.binary(max_size=300))
def test_no_answer_raises_anything_else(said):
    left = None
    with Server(saying(b"HTTP/1.1 202 x\r\n" + said, stay=False)) as server:
        try:
            status = sent_to(server).status
        except TransportError as error:
            left, status = error.left, 202

    assert (202, True) == (status, left in (None, True))


def test_the_truncated_answer_of_the_receiver_is_an_error():
    with Receiver(behaviour=Truncated()) as receiver, pytest.raises(TransportError):
        sent_to(receiver)


@pytest.mark.parametrize("status", [200, 204, 302, 400, 410, 413, 429, 500, 503])
def test_the_status_is_returned(status):
    with Receiver(behaviour=Status(status)) as receiver:
        assert status == sent_to(receiver).status


def test_interim_answers_are_passed_over():
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    with Server(saying(hints + b"HTTP/1.1 100 Continue\r\n\r\n" + hints + ACCEPTED)) as server:
        transport = HttpTransport(server.url, None)
        answers = [transport.send(BODY, soon()) for _ in range(2)]
        transport.close()

    assert [Answer(202)] * 2 == answers
    assert 1 == server.connections


def test_a_chunked_answer():
    chunks = b'4;ext=1\r\n{"re\r\n10\r\njected": [1, 2]}\r\n0\r\nTrailer: x\r\n\r\n'
    head = b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Server(saying(head + chunks)) as server:
        transport = HttpTransport(server.url, None)
        answers = [transport.send(BODY, soon()) for _ in range(2)]
        transport.close()

    assert [2, 2] == [each.rejected for each in answers]
    assert 1 == server.connections


def test_an_answer_that_ends_with_the_connection():
    with Server(saying(b'HTTP/1.0 202 x\r\n\r\n{"rejected": 3}', stay=False)) as server:
        assert 3 == sent_to(server).rejected


def test_an_answer_that_comes_before_the_body_was_read_counts():
    """A server that refuses a large body need not read it: its 413 is there, and it hangs up."""

    def talk(connection, server):
        connection.recv(100)
        connection.sendall(answer(413, Connection="close"))

    big = Body(1, BODY.content, b"x" * 20_000_000)
    with Server(talk) as server:
        assert 413 == sent_to(server, big).status


def test_many_rejected_lines_are_all_counted():
    named = b", ".join(b'{"line": %d, "why": "%s"}' % (n, b"w" * 90) for n in range(1000))
    with Server(saying(answer(202, b'{"rejected": [' + named + b"]}"))) as server:
        assert 1000 == sent_to(server).rejected


# An endpoint that means us harm, or is broken


def test_a_byte_a_moment_ends_at_the_deadline():
    stop = threading.Event()

    def talk(connection, server):
        server.heard(connection)
        connection.sendall(b"HTTP/1.1 202 x\r\nContent-Length: 1000\r\n\r\n")
        while not stop.wait(0.02):
            connection.sendall(b"x")

    began = time.monotonic()
    failure_of(talk, seconds=0.5)
    stop.set()

    assert time.monotonic() - began < 10  # the answer would take 20 s


def endless(head, piece):
    """Return a talk that never ends, and how many bytes it was rid of."""
    taken = []

    def talk(connection, server):
        server.heard(connection)
        connection.sendall(head)
        while True:
            taken.append(connection.send(piece))

    return talk, taken


PIECE = b"x" * 65536
ENDLESS = [
    (b"HTTP/1.1 202 x\r\nContent-Length: 100000000\r\n\r\n", PIECE),
    (b"HTTP/1.1 202 x\r\n\r\n", PIECE),
    (b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + PIECE + b"\r\n"),
]


@pytest.mark.parametrize(("head", "piece"), ENDLESS)
def test_a_long_answer_is_not_read_to_its_end(head, piece):
    talk, taken = endless(head, piece)
    with Server(talk) as server:
        found = sent_to(server)

    assert (202, CONTENT_BYTES) == (found.status, len(found.content))
    assert sum(taken) < 50_000_000  # and not 100 MB: what the system's own buffers hold


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", PIECE),
        (b"", b"HTTP/1.1 100 Continue\r\nA: " + b"b" * 60_000 + b"\r\n\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
)
def test_what_never_becomes_an_answer_is_given_up(head, piece):
    talk, taken = endless(head, piece)

    assert failure_of(talk, seconds=60.0).left
    assert sum(taken) < 50_000_000
