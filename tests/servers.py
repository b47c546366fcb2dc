"""Small servers on loopback that talk as they are told to, byte by byte."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from jina_tel.errors import TransportError
from jina_tel.transports.base import Body
from jina_tel.transports.http import HttpTransport

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
LINE = {"id": "a-0", "time": "2026-01-31T12:00:00Z", "product": "jina", "v": 1, "payload": {}}


def soon(seconds=10.0):
    """Return a deadline."""
    return time.monotonic() + seconds


def body_of(*lines):
    """Return the body of a request with these lines."""
    ndjson = b"".join(json.dumps(line).encode() + b"\n" for line in lines or [LINE])
    return Body(len(lines) or 1, ndjson, gzip.compress(ndjson, mtime=0))


def answer(status, content=b"", **headers):
    """Return the bytes of an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    head = {"Content-Length": len(content), **named}
    lines = [f"HTTP/1.1 {status} x", *(f"{name}: {value}" for name, value in head.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


def sent_to(server, body=None, token=None, seconds=10.0):
    """Send one body to what has a ``url``; return the answer."""
    transport = HttpTransport(server.url, token)
    try:
        return transport.send(body or body_of(), soon(seconds))
    finally:
        transport.close()


def failure_of(talk, seconds=10.0):
    """Return the error that comes of sending to a server that talks like this."""
    with Server(talk) as server, pytest.raises(TransportError) as caught:
        sent_to(server, seconds=seconds)
    return caught.value


class Server:
    """Listens on loopback; ``talk(connection, server)`` has each connection, in a thread.

    Attributes:
        requests: every whole request that ``heard`` has read, as it came.
        connections: how many there were.
    """

    def __init__(self, talk, *, host="127.0.0.1", tls=None):
        self.talk = talk
        self.tls = tls
        self.host = f"[{host}]" if ":" in host else host
        self.requests = []
        self.connections = 0
        self._open = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listening = socket.create_server((host, 0), family=family)
        self.port = self._listening.getsockname()[1]
        self.authority = f"{self.host}:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.authority}/v1/events"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error):
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                self.talk(connection, self)

    def heard(self, connection):
        """Read one request; return it whole, or ``b""`` where the client has gone."""
        head = until(connection, b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        request = head
        while head and len(request) < len(head) + length:
            piece = connection.recv(len(head) + length - len(request))
            if not piece:
                return b""
            request += piece
        if request:
            self.requests.append(request)
        return request


def until(connection, end):
    """Read up to ``end``, not a byte more."""
    content = b""
    while not content.endswith(end):
        piece = connection.recv(1)
        if not piece:
            return b""
        content += piece
    return content


def saying(*answers, stay=True):
    """Return a talk: each request gets the next answer, over all connections; the last one stays.

    Args:
        stay: whether a connection is kept open after an answer.
    """
    left = list(answers)

    def talk(connection, server):
        while server.heard(connection):
            connection.sendall(left.pop(0) if len(left) > 1 else left[0])
            if not stay:
                return

    return talk


def proxy(connection, server):
    """Talk as a proxy does: a tunnel for CONNECT, else the request is passed on."""
    head = server.heard(connection)
    method, target = head.split()[:2] if head else (b"", b"")
    if method == b"CONNECT":
        host, _, port = target.decode().rpartition(":")
        beyond = socket.create_connection((host.strip("[]"), int(port)))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    elif method:
        parts = urlsplit(target.decode())
        beyond = socket.create_connection((parts.hostname, parts.port))
        beyond.sendall(head.replace(target, parts.path.encode(), 1))
    else:
        return
    with beyond:
        back = threading.Thread(target=pump, args=[beyond, connection], daemon=True)
        back.start()
        pump(connection, beyond)
        back.join()


def pump(source, sink):
    with contextlib.suppress(OSError):
        while True:
            piece = source.recv(65536)
            if not piece:
                break
            sink.sendall(piece)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def black_hole():
    """Give the address of a port that takes no more connections, and refuses none."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        for _ in range(3):  # until the queue of those who wait to be accepted is full
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        yield address
