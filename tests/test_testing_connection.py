"""The receiver and its connections: many, idle, cut off, encrypted."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from talking import ask, ask_on, connect, event, ids, ndjson, post

from jina_tel.testing import (
    Behaviour,
    Healthy,
    Receiver,
    Status,
    Truncated,
)


def test_64_clients_at_once(receiver):
    barrier = threading.Barrier(64)

    def start(number):
        barrier.wait(30)
        return post(receiver, event(str(number))).status

    began = time.monotonic()
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(start, range(64)))

    assert answers == [202] * 64
    assert len(receiver.wait(64)) == 64
    assert time.monotonic() - began < 20


def test_64_connections_are_taken_before_any_is_served():
    """Nobody is accepting yet: all have to fit into the queue."""
    with Receiver() as receiver:
        stop_accepting(receiver)
        clients = [socket.create_connection(("127.0.0.1", receiver.port), 0.5) for _ in range(64)]
        for client in clients:
            client.close()


def stop_accepting(receiver):
    receiver._server.shutdown()


def test_a_connection_serves_many_requests(receiver):
    with connect(receiver) as connection:
        name = connection.sock.getsockname()

        for id in "abc":
            assert ask_on(connection, ndjson(event(id))).status == 202
            assert connection.sock.getsockname() == name


@pytest.mark.parametrize(
    "behaviour", [Status(503), Truncated(), Status(413, body=b"x" * 100_000)], ids=str
)
def test_no_answer_resets_the_connection(receiver, behaviour):
    """A server that closes with bytes unread resets, and the client loses the answer."""
    receiver.behaviour = behaviour
    body = b" " * 20_000_000

    try:
        response = ask(receiver, body, headers={"Connection": "close"})
    except http.client.IncompleteRead:
        assert behaviour == Truncated()
    else:
        assert response.status == behaviour.code
    assert len(receiver.requests[0].body) == len(body)


def test_an_idle_connection_is_closed_and_no_thread_stays(receiver):
    before = {thread for thread in threading.enumerate() if thread.name != "jina_tel.testing"}
    with connect(receiver) as connection:
        ask_on(connection, ndjson(event("a")))

        receiver.close()

        assert connection.sock.recv(1) == b""
    assert set(threading.enumerate()) <= before
    assert ids(receiver.events) == ["a"]


def test_after_close_connections_are_refused_until_it_starts_again(receiver):
    post(receiver, event("a"))
    url = receiver.url

    receiver.close()

    with pytest.raises(ConnectionRefusedError), connect(receiver):
        pass
    assert url == receiver.start().url
    post(receiver, event("a"), event("b"))
    assert ids(receiver.events) == ["a", "b"]
    assert receiver.duplicates == 1


def test_a_forked_child_does_not_keep_the_port_open():
    """In a program of its own, since the test's process has threads."""
    program = """if True:
        import os, socket, time
        from jina_tel.testing import Receiver
        with Receiver() as receiver:
            client = socket.create_connection(("127.0.0.1", receiver.port))
            client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            client.recv(1000)  # its thread runs, and ends
            read, write = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(write)
                os.read(read, 1)  # until the parent has looked
                os._exit(0)
        try:
            socket.create_connection(("127.0.0.1", receiver.port), 5)
        except ConnectionRefusedError:
            print("refused")
        os.close(write)
        os.waitpid(child, 0)
    """

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == "refused\n", done.stderr


def test_a_given_port_is_used_and_a_taken_one_refused(receiver):
    with pytest.raises(OSError, match="in use"):
        Receiver(port=receiver.port).start()

    receiver.close()
    with Receiver(port=receiver.port) as another:
        assert another.port == receiver.port
        assert post(another, event("a")).status == 202


def test_a_receiver_that_never_started_has_no_url():
    with pytest.raises(RuntimeError, match="with Receiver"):
        _ = Receiver().url


def test_start_and_close_twice_do_nothing_more(receiver):
    assert receiver.start().port == receiver.port
    receiver.close()
    receiver.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return a PEM file with a self-signed certificate for 127.0.0.1 and its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    # fmt: off
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=jina_tel.testing", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", path, "-out", f"{path}.cert"],
        check=True, capture_output=True,
    )
    # fmt: on
    with path.open("a") as file:
        file.write((path.parent / f"{path.name}.cert").read_text())
    return path


def test_https_with_the_given_certificate(certificate):
    trusting = ssl.create_default_context(cafile=certificate)
    with Receiver(certificate=certificate) as receiver:
        assert receiver.url == f"https://127.0.0.1:{receiver.port}/v1/events"
        response = post(receiver, event("a"), trust=trusting)

        assert response.status == 202
        receiver.behaviour = Truncated()
        with pytest.raises(http.client.IncompleteRead):
            post(receiver, event("b"), trust=trusting)
        assert ids(receiver.events) == ["a"]


def test_a_client_that_does_not_trust_it_disturbs_nobody(certificate, capfd):
    trusting = ssl.create_default_context(cafile=certificate)
    with Receiver(certificate=certificate) as receiver:
        silent = socket.create_connection(("127.0.0.1", receiver.port))  # no handshake at all
        with pytest.raises(ssl.SSLCertVerificationError):
            post(receiver, event("a"), trust=ssl.create_default_context())

        post(receiver, event("b"), trust=trusting)
        assert ids(receiver.events) == ["b"]
        silent.close()
    assert capfd.readouterr().err == ""


def test_an_answer_that_is_on_its_way_when_the_receiver_closes_is_encrypted(certificate):
    class Late(Behaviour):
        def answer(self, exchange):
            exchange.wait(None)
            connection = exchange._connection.connection
            # Below TLS: returns when the receiver has shut down the reading side.
            assert socket.socket.recv(connection, 1, socket.MSG_PEEK) == b""
            Healthy().answer(exchange)

    trusting = ssl.create_default_context(cafile=certificate)
    receiver = Receiver(certificate=certificate, behaviour=Late())
    with receiver, ThreadPoolExecutor() as pool:
        answer = pool.submit(post, receiver, event("a"), trust=trusting)
        receiver.wait_for_requests(1)
        receiver.close()

        assert answer.result(10).status == 202
