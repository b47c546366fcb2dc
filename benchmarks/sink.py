"""The endpoint that every candidate sends to: a process of its own, on loopback.

It understands no candidate's format. It undoes what HTTP can do to a body (gzip, deflate, chunks,
base64) and counts what matches the pattern of an event. Told on its standard input, one word a
line, how to behave; answers each with one line of JSON on its standard output.

=========  ==============================================================================
healthy    answers at once
far        answers 200 ms after it has read the request
hung       takes connections and requests, and answers none
closed     refuses connections (as it does from the start on, until another word comes)
reset      forgets what it has counted
count      says what has arrived
=========  ==============================================================================
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import socket
import sys
import threading
import time
import zlib

FAR_SECONDS = 0.2
WORDS = ("healthy", "far", "hung", "closed")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
BASE64 = re.compile(rb"[A-Za-z0-9_-]{16,}={0,2}\Z")


class Sink:
    """Counts what arrives.

    Args:
        pattern: matches one event; its first group tells one event from another.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern.encode())
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._lock = threading.Lock()
        self.address = self._socket.getsockname()
        self.become("closed")
        self.reset()

    def become(self, word: str) -> None:
        """Behave as ``word`` says; connections that were left hanging are closed."""
        self.mode = word
        if word == "closed":
            # Bound and not listening: the port stays ours, and refuses.
            self._socket.close()
            self._socket = socket.socket()
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(self.address)
        elif self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 0:
            self._socket.listen(4096)
            threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def reset(self) -> None:
        """Forget what has arrived."""
        with self._lock:
            self._arrived: list[tuple[float, bytes, str]] = []
            self._open, self._most_open, self._connections = 0, 0, 0

    def count(self) -> dict[str, float]:
        """Return what has arrived; ``last`` is a moment of the monotonic clock.

        Shape: ``{"events", "times", "requests", "bytes", "connections", "most_open", "last"}``;
        an event that came twice is one of ``events`` and two of ``times``.
        """
        with self._lock:
            arrived = list(self._arrived)
        found: list[bytes] = []
        last = 0.0
        for at, content, encoding in arrived:
            new = self._pattern.findall(decoded(content, encoding))
            found += new
            last = max(last, at) if new else last
        return {
            "events": len(set(found)),
            "times": len(found),
            "requests": len(arrived),
            "bytes": sum(len(content) for _, content, _ in arrived),
            "connections": self._connections,
            "most_open": self._most_open,
            "last": last,
        }

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # it has become "closed"
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open += 1
            self._connections += 1
            self._most_open = max(self._most_open, self._open)
        try:
            with connection, connection.makefile("rb") as stream:
                while (request := read_request(stream)) is not None:
                    self._answer(connection, *request)
        except OSError:
            pass
        finally:
            with self._lock:
                self._open -= 1

    def _answer(self, connection: socket.socket, content: bytes, encoding: str) -> None:
        while self.mode == "hung":
            time.sleep(0.02)
            if is_gone(connection):
                raise ConnectionResetError
        if self.mode == "far":
            time.sleep(FAR_SECONDS)
        with self._lock:
            self._arrived.append((time.monotonic(), content, encoding))
        connection.sendall(ANSWER)


def read_request(stream) -> tuple[bytes, str] | None:
    """Return a request's first line with its body, and the body's encoding; None at the end."""
    first = stream.readline()
    if not first:
        return None
    headers = {}
    while (line := stream.readline()).strip():
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip().decode("latin-1")
    if headers.get(b"transfer-encoding") == "chunked":
        body = read_chunks(stream)
    else:
        body = stream.read(int(headers.get(b"content-length", 0)))
    return first + body, headers.get(b"content-encoding", "")


def read_chunks(stream) -> bytes:
    body = b""
    while size := int(stream.readline().split(b";")[0], 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body


def is_gone(connection: socket.socket) -> bool:
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False


def decoded(content: bytes, encoding: str) -> bytes:
    """Return a request's first line and its body without gzip, deflate and base64."""
    first, _, body = content.partition(b"\n")
    if encoding in ("gzip", "deflate"):
        body = zlib.decompress(body, 47)
    elif encoding:
        raise ValueError(f"a body encoded as {encoding!r} cannot be read")
    if BASE64.match(body):
        try:
            body = base64.urlsafe_b64decode(body)
        except binascii.Error:
            pass
    return first + b"\n" + body


def main(pattern: str) -> None:
    sink = Sink(pattern)
    print(json.dumps(sink.address[1]), flush=True)
    for line in sys.stdin:
        word, said = line.strip(), None
        if word in WORDS:
            sink.become(word)
        elif word == "reset":
            sink.reset()
        elif word == "count":
            said = sink.count()
        else:
            raise SystemExit(f"sink: there is no word {word!r}")
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
