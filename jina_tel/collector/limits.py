"""What one request, one address and all requests together may cost."""

from __future__ import annotations

import asyncio
import math
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

from starlette.requests import ClientDisconnect, Request

from .refusals import RefusedError
from .zstd import ZSTD_OPTIONS, ZstdDecompressor, ZstdError

BODY_BYTES = 1024 * 1024  # of a request, as it comes and decompressed
BODY_LINES = 10_000
BODY_SECONDS = 10.0  # until all of it is here; the client gives up after as long
DRAIN_BYTES = 8 * BODY_BYTES  # read and dropped, so that the sender hears the answer
HELD_BYTES = 64 * BODY_BYTES  # of all requests that are under way, decompressed
LINES_OF_A_REQUEST = 100  # rejected, they cost as much as one more request
ADDRESSES = 50_000  # that the rates are known of
ENCODINGS = ("gzip", "identity", "zstd")


class Bodies:
    """Reads bodies, and holds no more of them at a time than ``HELD_BYTES``.

    What a body grows to counts: it is held until its lines are on disk, and a thousand times as
    long as what has come.
    """

    def __init__(self) -> None:
        self._held = 0

    @asynccontextmanager
    async def of(self, request: Request) -> AsyncIterator[bytes]:
        """Give the body, decompressed, for as long as it is needed.

        Raises:
            RefusedError: it is too long, too slow, or not what its header says.
        """
        content, grown = bytearray(), 0
        try:
            await self._read(request, content)
            body = decompressed(bytes(content), request.headers.get("content-encoding", ""))
            grown = self._hold(max(len(body) - len(content), 0))
            yield body
        finally:
            self._held -= len(content) + grown

    def _hold(self, count: int) -> int:
        """Count bytes as held, and return how many; raises RefusedError where it is too much."""
        if self._held + count > HELD_BYTES:
            why = "too many requests are under way"
            raise RefusedError(503, why, retry_after=1, close=True)
        self._held += count
        return count

    async def _read(self, request: Request, content: bytearray) -> None:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                await self._fill(request, content)
        except TimeoutError:
            raise RefusedError(408, f"no whole request in {BODY_SECONDS:g} s", close=True) from None
        except ClientDisconnect:
            raise RefusedError(400, "no whole request came") from None  # nobody is there to hear it

    async def _fill(self, request: Request, content: bytearray) -> None:
        dropped = 0
        async for piece in request.stream():
            if dropped or len(content) + len(piece) > BODY_BYTES:
                dropped += len(piece)
            else:
                self._hold(len(piece))
                content += piece
            if dropped > DRAIN_BYTES:
                break
        if dropped:
            raise RefusedError(413, f"over {BODY_BYTES} bytes", close=dropped > DRAIN_BYTES)


def decompressed(body: bytes, encoding: str) -> bytes:
    """Return the body's content; raises RefusedError, also where it grows over the limit."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ENCODINGS:
        accepted = {"Accept-Encoding": ", ".join(ENCODINGS)}
        raise RefusedError(
            415, f"content encoding {encoding[:40]!r} is not known", headers=accepted
        )
    content, is_whole = (_gunzip if encoding == "gzip" else _unzstd)(body)
    if len(content) > BODY_BYTES:
        raise RefusedError(413, f"over {BODY_BYTES} bytes when decompressed")
    if not is_whole:
        raise RefusedError(400, f"the body is not one whole {encoding} stream")
    return content


def _gunzip(body: bytes) -> tuple[bytes, bool]:
    """Return the content, and whether it was all there is; never much more than may be."""
    stream = zlib.decompressobj(31)
    try:
        content = stream.decompress(body, BODY_BYTES + 1)
    except zlib.error:
        return b"", False
    return content, stream.eof and not stream.unused_data


def _unzstd(body: bytes) -> tuple[bytes, bool]:
    stream = ZstdDecompressor(options=ZSTD_OPTIONS)
    try:
        content = stream.decompress(body, BODY_BYTES + 1)
    except ZstdError:
        return b"", False
    return content, stream.eof and not stream.unused_data


class Rate:
    """How many requests a second one address may make, and a burst of some more.

    Addresses are in memory alone, and as few of them as are needed.

    Args:
        per_second: 0 is without a limit.
        burst_seconds: after a pause, as many as in this time may come at once.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        per_second: float,
        burst_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._each = 1.0 / per_second if per_second else 0.0
        self._burst_seconds = burst_seconds
        self._clock = clock
        self._paid_until: dict[str, float] = {}  # the order is that of the last request

    def wait_seconds(self, address: str) -> int:
        """Count a request; return 0 where it may pass, else in how many seconds one may."""
        now = self._clock()
        over = self._pay(address, now, 0) + self._each - now - self._burst_seconds
        if over > 0:
            return math.ceil(over)
        self._pay(address, now, 1)
        return 0

    def charge(self, address: str, requests: int) -> None:
        """Count further requests, also where these are more than may pass, by a burst at the most.

        Behind the address may be others, too, who have sent none of it.
        """
        self._pay(address, self._clock(), requests)

    def _pay(self, address: str, now: float, requests: int) -> float:
        """Return until when the address has paid, these requests included."""
        key = network_of(address)
        paid_until = max(self._paid_until.pop(key, now), now) + requests * self._each
        paid_until = min(paid_until, now + 2 * self._burst_seconds)  # one that may be, one of debt
        self._paid_until[key] = paid_until
        if len(self._paid_until) > ADDRESSES:
            del self._paid_until[next(iter(self._paid_until))]
        return paid_until


def network_of(address: str) -> str:
    """Return whose address it is: of IPv6 the first 64 bits, for the others are free to choose."""
    if ":" not in address:
        return address
    try:
        return str(int(ip_address(address.partition("%")[0])) >> 64)
    except ValueError:
        return address
