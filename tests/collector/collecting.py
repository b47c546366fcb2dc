"""A collector in a process of its own, and what a client says to it."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from jina_tel import identity, schema
from jina_tel.collector.store import open_store
from jina_tel.collector.store.address import beside
from jina_tel.jina import JINA

NDJSON = "application/x-ndjson"
FACTS = {entry.name: entry.sample for entry in schema.entries(JINA.settings)}
NUMBERS = itertools.count()


class Said(NamedTuple):
    """An answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Collecting:
    """One collector, which may be killed and come back at the same address and with its store.

    Args:
        folder: where its store is.
        options: of the command line.
        store: its address, where it is no file in the folder.
        cwd: where it is started.
        variables: of its environment.
    """

    def __init__(
        self, folder: Path, *options: str, under=(), store="", cwd=None, **variables: str
    ) -> None:
        self.folder = folder
        self.store = store or folder / "usage.duckdb"
        self.segments = folder / f"{beside(str(self.store))}.segments"
        self._cwd = cwd
        self.port = 0
        self._errors = folder / "errors.txt"
        self._options = options
        self._under = under
        self._variables = variables

    def start(self) -> Collecting:
        """Start it, and wait until it says where it listens."""
        self.process = self.launch()
        for line in self.process.stdout:
            if "/v1/events" in line:
                self.port = urlsplit(line.split()[-1]).port
                return self
        raise AssertionError(self.said())

    def launch(self) -> subprocess.Popen:
        """Start it, and wait for nothing."""
        words = ["collect", "--store", str(self.store), "--port", str(self.port)]
        with self._errors.open("wb") as errors:
            return subprocess.Popen(
                [*self._under, sys.executable, "-m", "jina_tel", *words, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **self._variables},
                cwd=self._cwd,
            )

    def said(self) -> str:
        """Return what it has written to standard error."""
        return self._errors.read_text()

    def kill(self) -> None:
        """Have it vanish."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> str:
        """Ask it to end, as Ctrl-C does, and return what it wrote to standard error."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)

        assert 0 == self.process.returncode, self.said()

        return self.said()

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/events"

    def connect(self, seconds: float = 30.0) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)

    def ask(self, method: str, path: str, body=None, **headers: str) -> Said:
        """Send a request on a connection of its own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, named)
            response = connection.getresponse()
            return Said(response.status, response.headers, response.read())

    def post(self, *lines: object, **headers: str) -> Said:
        """Send lines, gzipped as the client does."""
        body = gzip.compress(body_of(*lines))
        given = {"Content_Type": NDJSON, "Content_Encoding": "gzip", **headers}
        return self.ask("POST", "/v1/events", body, **given)

    def forget(self, secret: bytes, product: str = "jina") -> Said:
        body = json.dumps({"product": product, "secret": secret.hex()}).encode()
        return self.ask("POST", "/v1/forget", body, Content_Type="application/json")

    def metric(self, name: str, **labels: str) -> float:
        """Return one of the metrics, 0 where it has not been counted yet."""
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        start = f"jina_tel_{name}{{{wanted}}} " if labels else f"jina_tel_{name} "
        lines = self.ask("GET", "/metrics").body.decode().splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(start)), 0.0)

    def ids(self) -> list[str]:
        """Return the id of every event in the store of a collector that has ended."""
        store = open_store(str(self.store))
        try:
            return [id for (id,) in store.rows("SELECT id FROM events ORDER BY id", {})]
        finally:
            store.close()


@contextlib.contextmanager
def starting():
    """Return a way to start collectors, which ends them all."""
    started = []

    def start(collector: Collecting) -> Collecting:
        started.append(collector)
        return collector.start()

    yield start
    for collector in started:
        collector.close()


def uid_of(secret: bytes) -> int:
    return identity.uid(secret, "jina")


def line(id: str | None = None, **changes) -> dict:
    """Return an event of now, as the client sends one."""
    given = id or f"id-{next(NUMBERS)}"
    whole = {"id": given, "time": now(), "product": "jina", "v": 1, "payload": dict(FACTS)}
    whole["payload"]["session-id"] = identity.session_id(given)
    whole["payload"].update({k: v for k, v in changes.items() if k in FACTS})
    return {**whole, **{k: v for k, v in changes.items() if k not in FACTS}}


def body_of(*lines: object) -> bytes:
    return b"".join(
        (one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines
    )


def now(ahead_seconds: float = 0.0) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() + ahead_seconds))


def wait_until(holds, seconds: float = 30.0):
    """Wait until ``holds()`` is true, and return what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = holds()
        if result:
            return result
        assert time.monotonic() < deadline, "it does not come to hold"
        time.sleep(0.01)
