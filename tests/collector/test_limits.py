"""What is refused: nothing of it is kept, the memory stays flat, and others are served on."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import struct
import time
from contextlib import AsyncExitStack, closing
from pathlib import Path

import psutil
import pytest
from backports import zstd
from collecting import NDJSON, body_of, line, now, wait_until
from starlette.requests import Request

from jina_tel.collector.limits import HELD_BYTES, Bodies, Rate, network_of
from jina_tel.collector.refusals import RefusedError

MIB = 1 << 20
HEAD = f"POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: {NDJSON}\r\n"
YEAR = 366 * 86_400

BAD_LINES = {
    "unknown field": lambda: {**line(), "more": 1},
    "unknown fact": lambda: {**line(), "payload": {**line()["payload"], "more": 1}},
    "wrong type": lambda: line(uid="1"),
    "fraction": lambda: line(uid=1.5),
    "too large": lambda: line(uid=1 << 53),
    "over-long": lambda: line(**{"platform-release": "x" * 201}),
    "newline": lambda: line(jina="3.7.13\n"),
    "no event": lambda: line(event="Flow"),
    "next year": lambda: line(time=now(YEAR)),
    "too old": lambda: line(time=now(-2 * YEAR)),
    "no moment": lambda: line(time="2026-02-30T00:00:00Z"),
    "other format": lambda: line(v=2),
    "other product": lambda: line(product="nobodys"),
    "kept": lambda: line(kept=True),
    "both": lambda: line(lost={"too_many": 1}),
    "neither": lambda: {key: value for key, value in line().items() if key != "payload"},
    "no loss": lambda: {"id": "l", "time": now(), "product": "jina", "v": 1, "lost": {}},
    "no object": lambda: b"[]",
    "no JSON": lambda: b"{",
    "no UTF-8": lambda: b'{"id": "\xed\xa0\x80"}',
    "deep": lambda: b'{"product": "jina", "x": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_rejected_and_the_others_are_taken(collector, name):
    said = collector.post(line("good"), BAD_LINES[name]())

    assert (202, 1, [2]) == (
        said.status,
        said.json["accepted"],
        [one["line"] for one in said.json["rejected"]],
    )
    assert said.json["rejected"][0]["why"]

    collector.stop()
    assert ["good"] == collector.ids()


def bodies():
    """Return requests that are bad as a whole, and the status that says so."""
    many = b"\n" * 10_001
    return {
        "1 MiB": (413, line_of(MIB + 1), {}),
        "1 MiB when decompressed": (
            413,
            gzip.compress(line_of(MIB + 1)),
            {"Content_Encoding": "gzip"},
        ),
        "10 k lines": (413, many, {}),
        "gzip bomb": (413, gzip.compress(bytes(300 * MIB)), {"Content_Encoding": "gzip"}),
        "zstd bomb": (413, zstd.compress(bytes(2000 * MIB)), {"Content_Encoding": "zstd"}),
        "torn gzip": (400, gzip.compress(line_of(99))[:-9], {"Content_Encoding": "gzip"}),
        "two gzips": (400, gzip.compress(b"{}") * 2, {"Content_Encoding": "gzip"}),
        "no gzip": (400, b"{}", {"Content_Encoding": "gzip"}),
        "no zstd": (400, b"{}", {"Content_Encoding": "zstd"}),
        "no lines": (422, b"\n \n", {}),
        "empty": (422, b"", {}),
        "no valid line": (422, b"{}\n[]\n", {}),
        "content type": (415, line_of(99), {"Content_Type": "text/plain"}),
        "content encoding": (415, line_of(99), {"Content_Encoding": "br"}),
    }


def line_of(size: int) -> bytes:
    return body_of(line()).rstrip().ljust(size)


@pytest.mark.parametrize("name", bodies())
def test_a_bad_request_is_refused_with_a_reason_and_nothing_is_stored(collector, name):
    status, body, headers = bodies()[name]
    said = collector.ask("POST", "/v1/events", body, **{"Content_Type": NDJSON, **headers})

    assert (status, True) == (said.status, bool(said.json["error"]))
    assert 202 == collector.post(line("after")).status

    collector.stop()
    assert ["after"] == collector.ids()


def test_bombs_and_bodies_that_never_end_leave_the_memory_flat(collector):
    """Ten at a time, of which each would fill 2 GB."""
    bomb = zstd.compress(bytes(2000 * MIB))
    collector.post(line())
    before = most_memory(collector)
    for _ in range(10):
        collector.ask("POST", "/v1/events", bomb, Content_Type=NDJSON, Content_Encoding="zstd")
    with closing(collector.connect()) as connection, pytest.raises(OSError):  # noqa: PT011
        connection.request("POST", "/v1/events", endless(MIB), {"Content-Type": NDJSON})

    assert most_memory(collector) - before < 64 * MIB
    assert 202 == collector.post(line()).status


def test_what_bodies_grow_to_counts_as_held():
    """A kilobyte becomes a mebibyte, and is held until its lines are on disk."""
    bomb = gzip.compress(b" " * MIB)

    async def held() -> int:
        bodies = Bodies()
        async with AsyncExitStack() as stack:
            for _ in range(HELD_BYTES // MIB):
                await stack.enter_async_context(bodies.of(request_of(bomb)))
            with pytest.raises(RefusedError, match="too many requests are under way"):
                await stack.enter_async_context(bodies.of(request_of(bomb)))
        async with bodies.of(request_of(bomb)) as body:
            return len(body)

    assert MIB == asyncio.run(held())


def request_of(body: bytes) -> Request:
    """Return a request with a gzipped body, as it comes from a server."""

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "headers": [(b"content-encoding", b"gzip")]}, receive)


def most_memory(collector) -> int:
    """Return the most bytes of memory that it has ever had."""
    status = Path(f"/proc/{collector.process.pid}/status").read_text()
    return 1024 * next(int(row.split()[1]) for row in status.splitlines() if "VmHWM" in row)


def endless(piece: int):
    while True:
        yield b" " * piece


def test_a_header_that_never_ends_is_cut_off(collector):
    with socket.create_connection(("127.0.0.1", collector.port), timeout=30) as connection:
        with pytest.raises(OSError):  # noqa: PT011 - reset or broken, as it falls
            connection.sendall(b"GET / HTTP/1.1\r\nx: ")
            while True:
                connection.sendall(b"x" * 65536)

    assert 202 == collector.post(line()).status


def test_trailers_that_never_end_are_cut_off(collector):
    with socket.create_connection(("127.0.0.1", collector.port), timeout=30) as connection:
        with pytest.raises(OSError):  # noqa: PT011 - reset or broken, as it falls
            connection.sendall(HEAD.encode() + b"transfer-encoding: chunked\r\n\r\n0\r\n")
            while True:
                connection.sendall(b"x: " + b"x" * 65536 + b"\r\n")

    assert 202 == collector.post(line()).status


SLOW = {
    "silent": b"",
    "in its line": b"POST /v1/ev",
    "in its headers": b"POST /v1/events HTTP/1.1\r\nhost: localhost\r\n",
    "in its body": f"{HEAD}content-length: 9\r\n\r\n{{".encode(),
}


def test_slow_lorises_are_let_go_and_others_are_served_meanwhile(collector):
    lorises = [socket.create_connection(("127.0.0.1", collector.port)) for _ in range(200)]
    for number, loris in enumerate(lorises):
        loris.sendall([*SLOW.values()][number % len(SLOW)])
        loris.settimeout(60)
    began = time.monotonic()

    assert 202 == collector.post(line()).status

    for loris in lorises:
        ended(loris)

    assert time.monotonic() - began < 40
    assert 202 == collector.post(line()).status


def test_one_address_cannot_take_all_connections(collector):
    idle = [socket.create_connection(("127.0.0.1", collector.port)) for _ in range(300)]
    idle[-1].settimeout(60)
    ended(idle[-1])

    assert idle[0].send(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert idle[0].recv(20).startswith(b"HTTP/1.1 200")

    for connection in idle:
        connection.close()


def test_a_proxy_may_have_more_and_each_that_it_names_its_own_rate(collectors):
    collector = collectors("--proxy", "127.0.0.0/8", "--rate", "1")
    idle = [socket.create_connection(("127.0.0.1", collector.port)) for _ in range(300)]
    idle[-1].sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")

    assert idle[-1].recv(20).startswith(b"HTTP/1.1 200")

    for connection in idle:
        connection.close()
    senders = [f"192.0.2.{number}" for number in range(40)]

    assert {200} == {collector.ask("GET", "/healthz", X_Forwarded_For=s).status for s in senders}


def ended(connection: socket.socket) -> None:
    """Wait until the other side has ended it."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    connection.close()


def test_a_client_that_goes_away_in_the_middle_harms_nobody(collector):
    for _ in range(50):
        connection = socket.create_connection(("127.0.0.1", collector.port))
        connection.sendall(SLOW["in its body"])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    assert 202 == collector.post(line()).status
    assert "" == collector.stop()


def test_an_address_that_asks_too_often_is_told_when_to_come_again(collectors):
    collector = collectors("--rate", "2")
    answers = wait_until(lambda: refusals(collector))

    assert {202, 429} == {said.status for said in answers}
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10
    assert answers[-1].json["error"]


def refusals(collector):
    answers = [collector.post(line()) for _ in range(30)]
    return answers if answers[-1].status == 429 else None


def test_lines_that_are_rejected_are_charged_to_who_sent_them(collectors):
    collector = collectors("--rate", "2")

    assert 422 == collector.post(*[b"{"] * 99).status
    assert 422 == collector.post(*[b"{"] * 10_000).status

    said = collector.post(line())

    assert 429 == said.status
    assert 1 <= int(said.headers["Retry-After"]) <= 11


def test_what_is_charged_keeps_nobody_away_for_longer_than_a_burst():
    """Clients that a schema is missing for may share an address with others."""
    at = [0.0]
    rate = Rate(4, burst_seconds=2, clock=lambda: at[0])
    for _ in range(9):
        rate.charge("a", 100)

    assert 3 == rate.wait_seconds("a")  # as long as the burst, and the request itself

    at[0] = 3.0

    assert 0 == rate.wait_seconds("a")


def test_what_is_charged_is_paid_at_the_rate():
    at = [0.0]
    rate = Rate(4, burst_seconds=2, clock=lambda: at[0])
    rate.charge("a", 12)

    assert (2, 0) == (rate.wait_seconds("a"), rate.wait_seconds("b"))

    at[0] = 2.0

    assert [0, 0, 0, 0, 1] == [rate.wait_seconds("a") for _ in range(5)]


def test_a_rate_lets_a_burst_pass_and_then_as_many_as_it_says():
    at = [0.0]
    rate = Rate(4, burst_seconds=2, clock=lambda: at[0])
    burst = [rate.wait_seconds("192.0.2.1") for _ in range(10)]
    other = rate.wait_seconds("192.0.2.2")
    at[0] += 1.0
    later = [rate.wait_seconds("192.0.2.1") for _ in range(6)]

    assert [0] * 8 + [1, 1] == burst
    assert 0 == other
    assert [0] * 4 + [1, 1] == later


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
    ],
)
def test_addresses_of_one_subscriber_are_one(first, second, same):
    assert same == (network_of(first) == network_of(second))


def test_the_rates_of_a_million_addresses_take_little_memory():
    rate = Rate(1)
    for number in range(1_000_000):
        rate.wait_seconds(str(number))

    assert len(rate._paid_until) <= 50_000
    assert psutil.Process(os.getpid()).memory_info().rss < 1 << 30
