"""One connection: bytes out, bytes in, under one deadline, with or without TLS.

Asks before each use whether the descriptor is still ours (``files.Held``). TLS runs over memory
buffers, so that OpenSSL, too, never writes to a number that the host has taken over.
"""

from __future__ import annotations

import _socket
import http.client
import io
import time
from typing import TYPE_CHECKING, Any, cast

from ..files import Held

if TYPE_CHECKING:
    import socket
    import ssl

PIECE_BYTES = 16 * 1024


class Wire:
    """A connected socket.

    Attributes:
        deadline: the monotonic moment at which every wait ends.
        proxy_authorization: for a proxy on the way, ``""`` without credentials; None for no proxy.
    """

    def __init__(self, connection: _socket.socket, deadline: float) -> None:
        self.deadline = deadline
        self.proxy_authorization: str | None = None
        self._connection = connection
        self._held = Held(connection.fileno())

    def send(self, content: bytes) -> None:
        """Send all of it; raises OSError, TimeoutError past the deadline."""
        self._ready().sendall(content)

    def receive(self, most_bytes: int) -> bytes:
        """Return what came, ``b""`` at the end; raises OSError, TimeoutError past the deadline."""
        return self._ready().recv(most_bytes)

    def close(self) -> None:
        """Close it, and tell the other side even where a forked child holds a copy."""
        if not self._held.forget():
            self._connection.detach()  # the number is the host's by now
            return
        try:
            self._connection.shutdown(_socket.SHUT_RDWR)
        except OSError:
            pass
        self._connection.close()

    def _ready(self) -> _socket.socket:
        if not self._held.is_ours():
            raise OSError("the host has closed our connection")
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._connection.settimeout(left)
        return self._connection


def connect(host: str, port: int, deadline: float) -> Wire:
    """Connect to the first address of ``host`` that takes us; raises OSError."""
    failure: OSError | None = None
    # As bytes: a str would go through the idna codec, which is an import.
    for family, kind, protocol, _, address in _socket.getaddrinfo(
        host.encode("ascii"), port, 0, _socket.SOCK_STREAM
    ):
        connection = _socket.socket(family, kind, protocol)
        try:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            connection.connect(address)
            return Wire(connection, deadline)
        except OSError as error:
            connection.close()
            failure = error
    raise failure or OSError(f"{host} has no address")


class EncryptedWire(Wire):
    """A wire within a wire: TLS over memory buffers."""

    def __init__(self, wire: Wire, context: ssl.SSLContext, host: str) -> None:
        import ssl

        self._below = wire
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._want_read = ssl.SSLWantReadError
        self._ended = (ssl.SSLZeroReturnError, ssl.SSLEOFError)
        self.proxy_authorization = wire.proxy_authorization

    @property
    def deadline(self) -> float:  # type: ignore[override]
        """The deadline of the wire below."""
        return self._below.deadline

    @deadline.setter
    def deadline(self, moment: float) -> None:
        self._below.deadline = moment

    def shake_hands(self) -> None:
        """Agree on keys and check the certificate; raises ssl.SSLError."""
        self._run(self._tls.do_handshake)

    def send(self, content: bytes) -> None:
        """Send all of it."""
        view = memoryview(content)
        while view:
            view = view[self._run(lambda view=view: self._tls.write(view)) :]  # type: ignore[misc]

    def receive(self, most_bytes: int) -> bytes:
        """Return what came, ``b""`` at the end."""
        try:
            return cast(bytes, self._run(lambda: self._tls.read(most_bytes)))
        except self._ended:
            return b""

    def close(self) -> None:
        """Close the wire below."""
        self._below.close()

    def _run(self, step: Any) -> Any:
        while True:
            try:
                result = step()
            except self._want_read:
                self._flush()
                self._fill()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        content = self._outgoing.read()
        if content:
            self._below.send(content)

    def _fill(self) -> None:
        content = self._below.receive(PIECE_BYTES)
        if content:
            self._incoming.write(content)
        else:
            self._incoming.write_eof()


def encrypt(wire: Wire, host: str) -> Wire:
    """Return the wire under TLS, verified against the system's trust store.

    ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` stand in its place where they are set.
    """
    import ssl

    encrypted = EncryptedWire(wire, ssl.create_default_context(), host)
    try:
        encrypted.shake_hands()
    except BaseException:
        wire.close()
        raise
    return encrypted


class _Reader(io.RawIOBase):
    """What ``http.client`` reads from."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._wire.receive(len(buffer))
        buffer[: len(content)] = content
        return len(content)


class _Source:
    """As much of a socket as ``http.client.HTTPResponse`` asks for."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._wire), PIECE_BYTES)


def response(wire: Wire, method: str) -> http.client.HTTPResponse:
    """Return the answer to ``method``, its head read; raises OSError and http.client's errors."""
    answer = http.client.HTTPResponse(cast("socket.socket", _Source(wire)), method=method)
    answer.begin()
    return answer
