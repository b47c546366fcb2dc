"""One connection under one deadline, on a descriptor that a host may take away."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time

import pytest
from servers import ACCEPTED, Server, black_hole, body_of, saying, soon

from jina_tel.errors import TransportError
from jina_tel.files import Held
from jina_tel.transports import wire
from jina_tel.transports.base import Body
from jina_tel.transports.http import HttpTransport

BODY = body_of()
BIG = Body(1, BODY.content, b"ours" * 5_000_000)  # more than the system's buffers hold


class Sending(threading.Thread):
    """Sends one body in a thread, and knows how that ended."""

    def __init__(self, url, body=BODY, seconds=30.0):
        super().__init__(daemon=True)
        self.url = url
        self.body = body
        self.deadline = soon(seconds)
        self.error = None

    def run(self):
        transport = HttpTransport(self.url, None)
        try:
            transport.send(self.body, self.deadline)
        except TransportError as error:
            self.error = error
        transport.close()


class Host:
    """A host that closes our descriptor and has its number for a socket of its own."""

    def __init__(self, before):
        [self.number] = until(lambda: [held.number for held in Held.every - before])
        self.mine, self.other = socket.socketpair()
        self.other.send(b"the host's")
        os.dup2(self.mine.fileno(), self.number)

    def received(self):
        """Return what came on the other end of the host's socket."""
        self.mine.close()
        os.close(self.number)  # fails where somebody else has closed it
        found = b""
        while piece := self.other.recv(65536):
            found += piece
        self.other.close()
        return found

    def has_its_bytes(self):
        return b"the host's" == self.mine.recv(100)


def until(holds):
    deadline = soon()
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return holds()


@pytest.fixture(autouse=True)
def held_before():
    """See that each test lets go of what it held; a thread of another test may hold its own."""
    before = set(Held.every)
    yield before

    assert set() == Held.every - before


def test_a_host_that_takes_our_number_while_we_wait_for_the_answer(held_before):
    taken = threading.Event()

    def talk(connection, server):
        server.heard(connection)
        taken.wait(10)
        connection.sendall(ACCEPTED)

    with Server(talk) as server:
        sending = Sending(server.url)
        sending.start()
        until(lambda: server.requests)
        host = Host(held_before)
        taken.set()
        sending.join(10)

        assert "closed our connection" in str(sending.error)
        assert host.has_its_bytes()
        assert b"" == host.received()


def test_a_host_that_takes_our_number_while_we_send(held_before):
    taken = threading.Event()

    def talk(connection, server):
        connection.recv(10)
        began.set()
        taken.wait(10)
        server.heard(connection)

    began = threading.Event()
    with Server(talk) as server:
        sending = Sending(server.url, BIG)
        sending.start()
        began.wait(10)
        host = Host(held_before)
        taken.set()
        sending.join(10)

        assert sending.error.left
        assert host.has_its_bytes()
        assert b"" == host.received()


def test_a_host_that_takes_our_number_while_we_connect(held_before):
    with black_hole() as (name, port):
        sending = Sending(f"http://{name}:{port}/", seconds=0.5)
        sending.start()
        host = Host(held_before)
        sending.join(10)

        assert not sending.error.left
        assert host.has_its_bytes()
        assert b"" == host.received()


def test_a_host_that_takes_our_number_between_two_bodies(held_before):
    with Server(saying(ACCEPTED)) as server:
        transport = HttpTransport(server.url, None)
        transport.send(BODY, soon())
        host = Host(held_before)
        with pytest.raises(TransportError, match="closed our connection"):
            transport.send(BODY, soon())
        transport.close()

        assert host.has_its_bytes()
        assert b"" == host.received()


def test_a_host_that_has_closed_our_connection_when_we_close_it(held_before):
    with Server(saying(ACCEPTED)) as server:
        transport = HttpTransport(server.url, None)
        transport.send(BODY, soon())
        host = Host(held_before)
        transport.close()

        assert host.has_its_bytes()
        assert b"" == host.received()


def address_of(port):
    return (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))


def test_an_address_that_never_answers_leaves_time_for_the_next():
    with black_hole() as (_, mute), Server(saying(ACCEPTED)) as server:
        found = wire.connect_to_first([address_of(mute), address_of(server.port)], soon(2))
        until(lambda: server.connections)
        left = found.deadline - time.monotonic()
        found.close()

    assert 0 < left <= 1.0


def test_an_address_of_a_kind_that_the_system_does_not_have():
    unknown = (255, socket.SOCK_STREAM, 0, "", None)
    with Server(saying(ACCEPTED)) as server:
        wire.connect_to_first([unknown, address_of(server.port)], soon()).close()
        with pytest.raises(OSError, match="supported"):
            wire.connect_to_first([unknown], soon())


def test_a_name_without_addresses():
    with pytest.raises(OSError, match="no address"):
        wire.connect_to_first([], soon())


def test_connecting_ends_at_the_deadline():
    with black_hole() as (name, port), pytest.raises(TransportError, match="in time") as caught:
        HttpTransport(f"http://{name}:{port}/", None).send(BODY, soon(0.2))

    assert not caught.value.left


def test_a_server_that_reads_nothing_does_not_keep_us_longer():
    stay = threading.Event()
    with Server(lambda connection, server: stay.wait(10)) as server:
        with pytest.raises(TransportError, match="in time") as caught:
            HttpTransport(server.url, None).send(BIG, soon(0.3))
        stay.set()

    assert caught.value.left


def test_a_deadline_that_has_passed_sends_nothing():
    with Server(saying(ACCEPTED)) as server:
        with pytest.raises(TransportError, match="in time"):
            HttpTransport(server.url, None).send(BODY, time.monotonic())

    assert [] == server.requests


def test_a_big_body_arrives_whole():
    with Server(saying(ACCEPTED)) as server:
        transport = HttpTransport(server.url, None)
        transport.send(BIG, soon(60))
        transport.close()

    assert server.requests[0].endswith(b"\r\n\r\n" + BIG.gzipped)


def test_closing_tells_the_other_side_though_a_child_holds_a_copy(held_before):
    ended = threading.Event()

    def talk(connection, server):
        with contextlib.suppress(OSError):
            while server.heard(connection):
                connection.sendall(ACCEPTED)
        ended.set()

    with Server(talk) as server:
        transport = HttpTransport(server.url, None)
        transport.send(BODY, soon())
        [held] = Held.every - held_before
        copy = os.dup(held.number)
        transport.close()

        assert ended.wait(10)
        os.close(copy)


def test_a_piece_does_not_wait_until_the_one_before_is_acknowledged():
    """Else a request over TLS waits for the answer to the end of the handshake (Nagle, RFC 896)."""
    with Server(saying(ACCEPTED)) as server:
        connected = wire.connect("127.0.0.1", server.port, soon())
        option = connected._connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        connected.close()

    assert option
