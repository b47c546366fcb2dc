"""HTTP/1.1 on loopback: reads whole requests, and lets a behaviour answer each.

One thread a connection, kept alive. It never resets a connection: it has read all of a request
before it answers, and closes only after that.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import socketserver
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, BinaryIO, Protocol

from .behaviours import Behaviour, Line, Request, Status

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

POLL_SECONDS = 0.02  # how long a close may wait for the accepting thread
JOIN_SECONDS = 5.0  # a thread that writes to a client that never reads is left behind


class Desk(Protocol):
    """Where requests are registered and their lines taken in."""

    def arrived(self, request: Request) -> Behaviour:
        """Register a request and return the behaviour that answers it."""

    def accept(
        self, request: Request, rejected: Mapping[int, str]
    ) -> tuple[int, dict[str, object]]:
        """Do what the request asks; return the status and the answer."""


class Server(ThreadingHTTPServer):
    """The listening socket, and a thread for each connection."""

    # 64 processes that start at once connect at once; 5, the default, would keep some of them
    # waiting for a second, which is how long the kernel takes to knock again.
    request_queue_size = 1024

    def __init__(self, port: int, tls: ssl.SSLContext | None, desk: Desk) -> None:
        self.desk = desk
        self.closing = threading.Event()
        self._tls = tls
        self._connections: dict[socket.socket, threading.Thread] = {}  # the accepting thread's
        super().__init__(("127.0.0.1", port), _Connection)
        self._accepting = threading.Thread(
            target=self.serve_forever, args=(POLL_SECONDS,), name="jina_tel.testing", daemon=True
        )
        self._accepting.start()

    def close(self) -> None:
        """Refuse new connections, end those that are open, and wait for their threads."""
        self.closing.set()
        self.shutdown()
        self._accepting.join()
        with contextlib.suppress(OSError):  # macOS: a listening socket is not connected
            # A forked child holds this socket, too, and would keep the port open.
            self.socket.shutdown(socket.SHUT_RDWR)
        self.server_close()
        for connection in self._connections:
            with contextlib.suppress(OSError):  # has ended in the meantime
                # Of the plain socket: a TLS one would forget its keys, and answer in clear text.
                socket.socket.shutdown(connection, socket.SHUT_RD)
        deadline = time.monotonic() + JOIN_SECONDS
        for thread in self._connections.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def server_bind(self) -> None:
        """Bind without http.server's look-up of the host's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept a connection; the TLS handshake is left to the connection's own thread."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def process_request(self, request: object, client_address: object) -> None:
        """Start the connection's thread, and remember both for ``close``."""
        assert isinstance(request, socket.socket)
        thread = threading.Thread(
            target=self.process_request_thread,  # type: ignore[attr-defined,unused-ignore]
            args=(request, client_address),
            name="jina_tel.testing",
            daemon=True,
        )
        thread.start()
        living = {known: its for known, its in self._connections.items() if its.is_alive()}
        self._connections = {**living, request: thread}

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over a client that went away; an error of the test's own behaviour is printed."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Connection(BaseHTTPRequestHandler):
    """One connection: its requests, one after the other."""

    protocol_version = "HTTP/1.1"
    server_version = "jina_tel.testing"
    disable_nagle_algorithm = True
    server: Server

    def serve(self) -> None:
        body = self._read_body()
        if body is None:
            return
        request = _request(self, body)
        behaviour = self.server.desk.arrived(request)
        if self.command != "POST":
            behaviour = Status(405)
        behaviour.answer(_Exchange(self, request))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the requests are there to be looked at."""

    def _read_body(self) -> bytes | None:
        """Read all of the body; None when the client went away in the middle."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return _read_chunks(self.rfile)  # type: ignore[arg-type]
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        return body if len(body) == length else None


class _Exchange:
    """One request on a connection, and what a behaviour can do about it."""

    def __init__(self, connection: _Connection, request: Request) -> None:
        self.request = request
        self._connection = connection

    def accept(self, rejected: Mapping[int, str] | None = None) -> tuple[int, dict[str, object]]:
        return self._connection.server.desk.accept(self.request, rejected or {})

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        connection = self._connection
        connection.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            connection.send_header(name, value)
        connection.end_headers()
        connection.wfile.write(body)

    def hang_up(self) -> None:
        self._connection.close_connection = True

    def wait(self, seconds: float | None) -> bool:
        return not self._connection.server.closing.wait(seconds)


def _request(connection: _Connection, body: bytes) -> Request:
    text = _text(body, connection.headers.get("Content-Encoding"))
    return Request(
        method=connection.command,
        path=connection.path,
        headers=connection.headers,
        body=body,
        text=text,
        lines=tuple(_line(line) for line in (text or "").split("\n") if line.strip()),
        at=time.time(),
    )


def _text(body: bytes, encoding: str | None) -> str | None:
    try:
        if encoding == "gzip":
            body = gzip.decompress(body)
        return body.decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return None


def _line(text: str) -> Line:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}  # type: ignore[return-value]


def _read_chunks(stream: BinaryIO) -> bytes | None:
    """Read a body of chunked transfer encoding; None when it ends too early."""
    body = b""
    while True:
        size = stream.readline().partition(b";")[0].strip()
        if not size:
            return None
        chunk = stream.read(int(size, 16))
        stream.readline()
        if not chunk:
            return body
        body += chunk
