"""A ClickHouse server for tests: the engine of chdb in a process of its own, over HTTP.

Speaks as much of ClickHouse's HTTP interface as ``clickhouse-connect`` does: a statement in
the body or in ``query``, ``param_<name>``, settings, ``database``, Native data behind an INSERT,
chunked and compressed bodies, errors with their code. It asks for one password.

    python engine.py FOLDER [PORT]
"""

from __future__ import annotations

import base64
import gzip
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

NUMBERS = itertools.count()  # of databases
USER, PASSWORD = "ada", "s3cr3t/:@"
INSERT = re.compile(rb"INSERT INTO (\S+) \(([^)]*)\) FORMAT (\w+)\n", re.IGNORECASE)
NOT_SETTINGS = {"query", "database", "compress", "decompress", "wait_end_of_query"}
CODE = re.compile(r"Code: (\d+)")
AUTHENTICATION_FAILED = "516"


class Handler(BaseHTTPRequestHandler):
    """Answers one connection after the other, each in a thread with a handle of its own."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def do_GET(self):
        self.answer(200, b"Ok.\n")

    def do_POST(self):
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = decoded(self.body(), self.headers.get("Content-Encoding"))
        if not self.may():
            said = f"Code: {AUTHENTICATION_FAILED}. DB::Exception: {USER}: Authentication failed\n"
            self.answer(403, said.encode(), {"X-ClickHouse-Exception-Code": AUTHENTICATION_FAILED})
            return
        try:
            self.answer(200, self.done(given, body), {"X-ClickHouse-Summary": "{}"})
        except Exception as error:  # noqa: BLE001 - whatever the engine says is an answer
            said = str(error)
            code = CODE.search(said)
            headers = {"X-ClickHouse-Exception-Code": code[1]} if code else {}
            self.answer(500, said.encode(), headers)

    def done(self, given: dict[str, str], body: bytes) -> bytes:
        from clickhouse_connect.driver._backend.models import QueryRuntime

        settings = {
            name: value
            for name, value in given.items()
            if name not in NOT_SETTINGS and not name.startswith("param_")
        }
        # Nobody waits here for news on the way.
        for name in ("send_progress_in_http_headers", "http_headers_progress_interval_ms"):
            settings.pop(name, None)
        runtime = QueryRuntime(database=given.get("database"), settings=settings)
        backend = self.server.handle_of_thread()._backend
        insert = INSERT.match(body)
        if insert:
            columns = [name.strip("` ") for name in insert[2].decode().split(",")]
            data = body[insert.end() :]
            backend.execute_raw_insert(
                insert[1].decode(), columns, data, insert[3].decode(), None, runtime, None
            )
            return b""
        bound = {name: value for name, value in given.items() if name.startswith("param_")}
        query = "\n".join(filter(None, [given.get("query"), body.decode()]))
        return backend.execute_raw_query(query, bound, None, runtime, None)

    def may(self) -> bool:
        told = self.headers.get("Authorization", "")
        return told == "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    def body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"X-ClickHouse-Timezone": "UTC", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: str, port: int) -> None:
        self._folder = folder
        self._local = threading.local()
        self._first = client_of(folder)  # holds the engine while no connection is there
        super().__init__(("127.0.0.1", port), Handler)

    def handle_of_thread(self):
        if not hasattr(self._local, "client"):
            self._local.client = client_of(self._folder)
        return self._local.client


def client_of(folder: str):
    import clickhouse_connect

    return clickhouse_connect.get_client(interface="chdb", path=folder)


def decoded(body: bytes, encoding: str | None) -> bytes:
    if encoding == "gzip":
        return gzip.decompress(body)
    if encoding == "zstd":
        from backports import zstd

        return b"".join(frames(body, zstd.ZstdDecompressor))
    if encoding == "lz4":
        import lz4.frame

        return b"".join(frames(body, lz4.frame.LZ4FrameDecompressor))
    return body


def frames(body: bytes, decompressor) -> Iterator[bytes]:
    """Yield what each block of data was, which is compressed by itself."""
    while body:
        one = decompressor()
        yield one.decompress(body)
        body = one.unused_data or b""


class Engine:
    """One such server, for as long as a test or a measurement wants it.

    Args:
        folder: in which the engine keeps its data.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0

    def start(self) -> Engine:
        """Start it, at the port that it had before if there was one."""
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(self.folder), str(self.port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline())
        return self

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate()

    def address(self, database: str = "usage", password: str = "") -> str:
        """Return the store's address; the password comes from a variable."""
        secret = f":{password}" if password else ""
        return f"clickhouse://{USER}{secret}@127.0.0.1:{self.port}/{database}"

    def ping(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200


@contextmanager
def running(folder: Path) -> Iterator[Engine]:
    engine = Engine(folder).start()
    try:
        yield engine
    finally:
        engine.stop()


def main() -> None:
    server = Server(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    print(server.server_address[1], flush=True)
    server.serve_forever()


def end_with(parent: int) -> None:
    """End once whoever started this is gone, killed for instance."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    main()
