"""Receivers on loopback that are shaped as others are.

Vector and Fluent Bit cannot be had here. What stands for them takes and refuses what their source
code does: Vector's ``src/sources/http_server.rs`` and ``util/http/prelude.rs``, Fluent Bit's
``plugins/in_http/http_prot.c`` and the manual of its input ``opentelemetry``.
"""

from __future__ import annotations

import gzip
import json
import threading
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit


class Source(ABC):
    """Listens; what it takes stands in ``taken``, what it answered in ``answered``."""

    path = "/"

    def __init__(self) -> None:
        self.taken: list = []
        self.answered: list[int] = []
        source = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                status, said = source.answer(self.path, self.headers, body)
                source.answered.append(status)
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *arguments):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)  # one request after the other
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()

    @abstractmethod
    def answer(self, path: str, headers, body: bytes) -> tuple[int, bytes]:
        """Return the status and the content."""


class Vector(Source):
    """``http_server`` with newline_delimited framing and the codec json."""

    def answer(self, path, headers, body):
        if urlsplit(path).path != "/usage":
            return 404, b'{"code":404,"message":"Not found"}'
        try:
            events = [json.loads(line) for line in body.split(b"\n") if line]
        except ValueError as error:
            return 400, json.dumps({"code": 400, "message": str(error)}).encode()
        self.taken += events
        return 200, b""


class FluentBitHttp(Source):
    """The input ``http``: JSON, one value or several in a row, and forms."""

    def answer(self, path, headers, body):
        if headers.get("Content-Type") != "application/json":
            return 400, b"error: invalid 'Content-Type'\n"
        self.taken += [json.loads(line) for line in body.splitlines()]
        return 201, b""


class FluentBitOtlp(Source):
    """The input ``opentelemetry``."""

    def answer(self, path, headers, body):
        if path != "/v1/logs" or headers.get("Content-Type") != "application/json":
            return 400, b"error: invalid request\n"
        self.taken.append(body)
        return 201, b""
