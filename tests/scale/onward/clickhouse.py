"""The engine of ClickHouse in a process of its own, asked as over ClickHouse's HTTP interface.

``chdb`` is that engine, of today, and has no server; so this speaks as much of the interface as the
recipes of ours need: a statement in ``query``, the data of an INSERT in the body, gzipped or not,
settings in the address, and a status by the error's code.

    python clickhouse.py FOLDER
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

OURS = ("query", "user", "password")
# As ClickHouse's server answers (HTTPHandler); what is not named here is 500.
STATUSES = {"UNKNOWN_TABLE": 404, "CANNOT_PARSE": 400, "INCORRECT_DATA": 400, "SYNTAX_ERROR": 400}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        given = dict(parse_qsl(urlsplit(self.path).query))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        try:
            status, said = 200, self.server.engine.query(statement_of(given, body.decode()))
        except RuntimeError as error:
            said = str(error)
            status = next((number for name, number in STATUSES.items() if name in said), 500)
        content = str(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


def statement_of(given: dict[str, str], body: str) -> str:
    """Return the whole statement: settings stand ahead of an INSERT's format, its data behind."""
    statement, form, name = given["query"].partition(" FORMAT ")
    settings = ", ".join(f"{name} = '{given[name]}'" for name in given if name not in OURS)
    return f"{statement}{f' SETTINGS {settings}' if settings else ''}{form}{name}\n{body}"


class ClickHouse:
    """A server of its own process; ``port`` says where."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> ClickHouse:
        return self

    def __exit__(self, *error) -> None:
        self._process.kill()
        self._process.communicate()

    def do(self, statement: str, body: str = "") -> str:
        """Have a statement carried out; return what it says."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", f"/?query={quote(statement)}", body.encode())
        answer = connection.getresponse()
        said = answer.read().decode()
        connection.close()

        assert 200 == answer.status, said

        return said

    def rows(self, statement: str) -> list[dict]:
        text = self.do(f"{statement.rstrip()} FORMAT JSONEachRow")
        return [json.loads(line) for line in text.splitlines() if line]


def main(folder: str) -> None:
    from chdb import session

    server = HTTPServer(("127.0.0.1", 0), Handler)  # one request after the other
    server.engine = session.Session(folder)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
