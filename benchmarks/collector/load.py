"""How much a collector takes in, durably, beside the floors of the same machine and minute.

    .venvs/collector/bin/python benchmarks/collector/load.py --seconds 20

The collector is a process of its own, as ``jina-tel collect`` starts it; the load generator is this
one, so both share the machine's processors. A batch is 100 events, gzipped as the client does it;
each event has an id of its own and is one of 20,000 installations' in 2,000 environments.

A row "of N a second" is offered so many events a second and no more, for as long as is said: what
is stored then keeps up with it, or does not. The other rows are offered as much as is taken.

Printed, a row each: requests and events that were acknowledged in a second; events, counted until
the store had the last of them, and how many seconds later that was than its answer; the middle and
the slowest hundredth of the answers' times; the most memory that the collector had, and how many
seconds of a processor it took in a second.

Floors: ``fdatasync`` of one such batch after the other, by one thread on the same disk; and an
application under the same uvicorn that reads the body and answers 202.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil
import uvloop

from jina_tel import identity, schema
from jina_tel.jina import JINA

CONNECTIONS = 32
BATCH = 100
OFFERED = (  # what it is called, the events of a request, the events a second
    ("batches", BATCH, 0),
    ("batches, of 50 k a second", BATCH, 50_000),
    ("singly", 1, 0),
    ("singly, of 5 k a second", 1, 5_000),
)
MOST = {BATCH: 90_000, 1: 15_000}  # events a second that are prepared where all are taken
SAMPLES = {entry.name: entry.sample for entry in schema.entries(JINA.settings)}
HEAD = "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\n"
BARE = """
import sys, uvicorn
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    while (await receive()).get("more_body"):
        pass
    head = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 202, "headers": head})
    await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="critical",
            access_log=False, lifespan="off")
"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    events: int
    requests: int
    seconds: float
    until_stored: float
    answers: list[float]
    megabytes: float
    processors: float

    def print(self) -> None:
        low = statistics.median(self.answers) * 1000
        high = sorted(self.answers)[int(len(self.answers) * 0.99)] * 1000
        stored = f"{'':18}"
        if self.until_stored:
            behind = self.until_stored - self.seconds
            stored = f"{self.events / self.until_stored:10,.0f}{behind:8.1f}"
        requests, events = self.requests / self.seconds, self.events / self.seconds
        print(
            f"{self.name:36}{requests:10,.0f}{events:10,.0f}"
            f"{stored}{low:8.1f}{high:8.1f}{self.megabytes:8.0f}{self.processors:8.2f}",
            flush=True,
        )


def main() -> None:
    """Measure all rows, and print them."""
    parser = argparse.ArgumentParser(description="measure how much a collector takes in")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--folder", help="on the disk that is meant; by default that of /tmp")
    given = parser.parse_args()
    wide = "".join(f"{title:>10}" for title in ("requests", "events", "stored"))
    print(f"{'':36}{wide}{'s late':>8}{'ms':>8}{'ms 99%':>8}{'MB':>8}{'cores':>8}")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        batches = requests_of(BATCH, 2000)
        synced(Path(folder), batches[0], given.seconds / 4)
        single = requests_of(1, 20_000)
        for name, requests, size in (("100 events", batches, BATCH), ("1 event", single, 1)):
            with bare() as (process, port):
                load = Load(requests, given.seconds / 4)
                measure(f"bare uvicorn, {name}", process, port, load, size)
        for name, size, offered in OFFERED:
            prepared = requests_of(size, int(given.seconds * (offered or MOST[size]) / size))
            with collector(Path(folder) / name) as (process, port):
                load = Load(prepared, given.seconds, offered / size)
                measure(f"collector, {name}", process, port, load, size, stored=True)


def requests_of(size: int, count: int) -> list[bytes]:
    """Return requests, ready to be sent, each with so many events."""
    chance = random.Random(size)
    people = [person(chance) for _ in range(20_000)]
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
    run = os.urandom(6).hex()
    return [
        request(
            [line(f"{run}-{number * size + n:x}", at, chance.choice(people)) for n in range(size)]
        )
        for number in range(count)
    ]


def person(chance: random.Random) -> str:
    """Return the payload of one installation as JSON, without its session's id."""
    environment = random.Random(chance.randrange(2000))
    facts = {
        **SAMPLES,
        "jina": f"3.{environment.randrange(40)}.{environment.randrange(9)}",
        "python": f"3.{environment.randrange(8, 14)}.{environment.randrange(9)}",
        "platform": environment.choice(("Linux", "Darwin", "Windows")),
        "uid": chance.randrange(1 << 53),
        "event": chance.choice(("Flow.start", "Client.start", "BaseExecutor.start")),
    }
    del facts["session-id"]
    return json.dumps(facts, separators=(",", ":"))[:-1]


def line(id: str, at: str, facts: str) -> str:
    session = identity.session_id(id)
    return (
        f'{{"id":"{id}","time":"{at}","product":"jina","v":1,"payload":{facts},'
        f'"session-id":"{session}"}}}}\n'
    )


def request(lines: list[str]) -> bytes:
    body = gzip.compress("".join(lines).encode(), 6)
    head = f"{HEAD}content-encoding: gzip\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def synced(folder: Path, batch: bytes, seconds: float) -> None:
    """Write and sync one batch after the other."""
    content = gzip.decompress(batch.partition(b"\r\n\r\n")[2])
    number = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    answers = []
    began = time.perf_counter()
    while (at := time.perf_counter()) < began + seconds:
        os.write(number, content)
        os.fdatasync(number)
        answers.append(time.perf_counter() - at)
    os.close(number)
    (folder / "floor").unlink()
    count = len(answers)
    Row("fdatasync, 100 events", count * BATCH, count, seconds, 0.0, answers, 0, 0).print()


@contextmanager
def bare() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run an application that does nothing."""
    port = 8076
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port)], text=True)
    try:
        wait_for(port)
        yield process, port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def collector(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a collector."""
    folder.mkdir()
    words = ["collect", "--store", str(folder / "usage.duckdb"), "--port", "0", "--rate", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "jina_tel", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        address = next(text.split()[-1] for text in process.stdout if "/v1/events" in text)
        yield process, urlsplit(address).port or 0
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    while True:
        try:
            urlopen(f"http://127.0.0.1:{port}/").read()
        except OSError:
            time.sleep(0.05)
        else:
            return


def measure(
    name: str,
    process: subprocess.Popen[str],
    port: int,
    load: Load,
    size: int,
    *,
    stored: bool = False,
) -> None:
    """Send for so long, wait until all of it is stored, and print the row."""
    watched = psutil.Process(process.pid)
    before = sum(watched.cpu_times()[:2])
    began = time.perf_counter()
    uvloop.run(load.run(port, watched))
    took = time.perf_counter() - began
    count = len(load.answers) * size
    until = 0.0
    if stored:
        while metric(port, "events_loaded_total") < count:
            time.sleep(0.05)
        until = time.perf_counter() - began
    spent = sum(watched.cpu_times()[:2]) - before
    megabytes = max(load.megabytes, watched.memory_info().rss / 1e6)
    processors = spent / (until or took)
    Row(name, count, len(load.answers), took, until, load.answers, megabytes, processors).print()


def metric(port: int, name: str) -> float:
    text = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    return next(float(t.split()[1]) for t in text.splitlines() if t.startswith(f"jina_tel_{name} "))


class Load:
    """Sends requests on several connections, one after the other on each.

    Args:
        requests: to send.
        seconds: for so long.
        pace: so many requests a second at the most, 0 for as many as are answered.
    """

    def __init__(self, requests: list[bytes], seconds: float, pace: float = 0.0) -> None:
        self.answers: list[float] = []
        self.megabytes = 0.0
        self.seconds = seconds
        self.left = iter(requests)
        self.pace = pace
        self.due = 0.0

    async def run(self, port: int, watched: psutil.Process) -> None:
        loop = asyncio.get_running_loop()
        self.until = time.perf_counter() + self.seconds
        ends = [loop.create_future() for _ in range(CONNECTIONS)]
        for end in ends:
            await loop.create_connection(lambda end=end: Connection(self, end), "127.0.0.1", port)
        while not all(end.done() for end in ends):
            self.megabytes = max(self.megabytes, watched.memory_info().rss / 1e6)
            await asyncio.wait(ends, timeout=0.2)

    def pause(self) -> float:
        """Return how long to wait with the next request."""
        if not self.pace:
            return 0.0
        self.due = (self.due or time.perf_counter()) + 1 / self.pace
        return max(0.0, self.due - time.perf_counter())

    def next(self) -> bytes | None:
        return next(self.left, None) if time.perf_counter() < self.until else None


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, and the next."""

    def __init__(self, load: Load, end: asyncio.Future[None]) -> None:
        self.load = load
        self.end = end
        self.got = b""

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.send()

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, found, body = self.got.partition(b"\r\n\r\n")
        if not found or len(body) < int(
            head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
        ):
            return
        assert self.got.startswith(b"HTTP/1.1 202"), self.got[:200]
        self.got = b""
        self.load.answers.append(time.perf_counter() - self.began)
        pause = self.load.pause()
        if pause:
            asyncio.get_running_loop().call_later(pause, self.send)
        else:
            self.send()

    def send(self) -> None:
        request = self.load.next()
        if request is None:
            self.transport.close()
            self.end.set_result(None)
            return
        self.began = time.perf_counter()
        self.transport.write(request)


if __name__ == "__main__":
    main()
