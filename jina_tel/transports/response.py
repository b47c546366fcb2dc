"""Reads an answer of HTTP/1.1 (RFC 9112) from a wire: its status, headers and content.

``http.client`` would read it as well, and bring email, ssl and socket along.
"""

from __future__ import annotations

from .base import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .wire import Wire

PIECE_BYTES = 16 * 1024
LINE_BYTES = 64 * 1024
MOST_BYTES = 2 * 1024 * 1024  # of one answer with its head, whatever it says of its own length
MOST_HEADERS = 100
CONTENT_BYTES = 1024 * 1024  # of the content; what comes after that is not read
_EMPTY = (204, 304)
_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")


class ProtocolError(ValueError):
    """What came is no answer of HTTP/1.1, or not all of one."""


class Response(Record):
    """An answer.

    Attributes:
        status: 200-999.
        headers: by lower-case name; of one that came twice both, with a comma in between.
        content: its first ``CONTENT_BYTES``.
        stays: whether the connection may be used for another request.
    """

    __slots__ = ("content", "headers", "status", "stays")

    def __init__(
        self, status: int, headers: Mapping[str, str], content: bytes, stays: bool
    ) -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self.stays = stays


class _Input:
    """What comes over a wire, by lines and by lengths, up to ``MOST_BYTES`` of it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._came = b""
        self._left = MOST_BYTES

    def __bool__(self) -> bool:
        return bool(self._came)

    def more(self) -> bool:
        """Take in what comes next; return False at the end."""
        if not self._left:
            raise ProtocolError(f"more than {MOST_BYTES} bytes came as an answer")
        piece = self._wire.receive(min(PIECE_BYTES, self._left))
        self._left -= len(piece)
        self._came += piece
        return bool(piece)

    def line(self) -> bytes:
        """Return the next line without its end."""
        while b"\n" not in self._came:
            if len(self._came) > LINE_BYTES:
                raise ProtocolError(f"a line is longer than {LINE_BYTES} bytes")
            self._need()
        line, _, self._came = self._came.partition(b"\n")
        return line[:-1] if line.endswith(b"\r") else line

    def exactly(self, length: int) -> bytes:
        """Return the next ``length`` bytes."""
        pieces = [self._came]
        missing = length - len(self._came)
        while missing > 0:
            self._came = b""
            self._need()
            pieces.append(self._came)
            missing -= len(self._came)
        whole = b"".join(pieces)
        self._came = whole[length:]
        return whole[:length]

    def rest(self, most: int) -> bytes:
        """Return what comes until the end, the first ``most`` bytes of it."""
        pieces = [self._came]
        size = len(self._came)
        self._came = b""
        while size < most and self.more():
            pieces.append(self._came)
            size += len(self._came)
            self._came = b""
        return b"".join(pieces)[:most]

    def _need(self) -> None:
        if not self.more():
            raise ProtocolError("the answer ends in the middle")


def read_response(wire: Wire, *, to_connect: bool = False) -> Response:
    """Return the answer to a request; the interim ones (1xx) ahead of it are passed over.

    Args:
        to_connect: whether the request was CONNECT, whose success has no content.

    Raises:
        ConnectionResetError: the other side has hung up, and said nothing.
        ProtocolError: it is none of HTTP/1.1, ends early, or never ends.
        OSError: it cannot be read; TimeoutError past the wire's deadline.
    """
    came = _Input(wire)
    if not came.more():
        raise ConnectionResetError("the connection ended without an answer")
    while True:
        minor, status = _status(came.line())
        headers = _headers(came)
        if status >= 200:
            break
    if status in _EMPTY or (to_connect and status < 300):
        content, whole = b"", True
    else:
        content, whole = _content(came, headers)
    stays = whole and not came and _persists(minor, headers)
    return Response(status, headers, content, stays)


def _status(line: bytes) -> tuple[int, int]:
    """Return the minor version and the status."""
    version, _, rest = line.partition(b" ")
    status = rest[:3]
    good = version in (b"HTTP/1.0", b"HTTP/1.1") and rest[3:4] in (b"", b" ")
    if not good or len(status) != 3 or not status.isdigit() or status < b"100":
        raise ProtocolError(f"no status line: {line[:60]!r}")
    return int(version[-1:]), int(status)


def _headers(came: _Input) -> dict[str, str]:
    headers: dict[str, str] = {}
    name = ""
    for _ in range(MOST_HEADERS + 1):
        line = came.line().decode("latin-1")
        if not line:
            return headers
        if line[0] in " \t" and name:  # the obsolete folding, 5.2
            headers[name] += f" {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise ProtocolError(f"no header: {line[:60]!r}")
        name = name.strip().lower()
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    raise ProtocolError(f"more than {MOST_HEADERS} headers")


def _persists(minor: int, headers: Mapping[str, str]) -> bool:
    options = {option.strip() for option in headers.get("connection", "").lower().split(",")}
    return "close" not in options and (minor == 1 or "keep-alive" in options)


def _content(came: _Input, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """Return the content, and whether its end was read and is not the connection's (6.3)."""
    coding = headers.get("transfer-encoding")
    if coding is not None:
        is_chunked = coding.lower().rpartition(",")[2].strip() == "chunked"
        return _chunked(came) if is_chunked else (came.rest(CONTENT_BYTES), False)
    length = headers.get("content-length")
    if length is None:
        return came.rest(CONTENT_BYTES), False
    if not (length.isascii() and length.isdecimal() and len(length) < 20):
        raise ProtocolError(f"no length: {length[:60]!r}")
    return came.exactly(min(int(length), CONTENT_BYTES)), int(length) <= CONTENT_BYTES


def _chunked(came: _Input) -> tuple[bytes, bool]:
    pieces: list[bytes] = []
    left = CONTENT_BYTES
    while left:
        size = _chunk_size(came.line())
        if not size:
            _headers(came)  # trailers, of which we need none
            return b"".join(pieces), True
        pieces.append(came.exactly(min(size, left)))
        if size <= left and came.line():
            raise ProtocolError("a chunk does not end where it should")
        left -= min(size, left)
    return b"".join(pieces), False


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 16 or not _HEXADECIMAL.issuperset(digits):
        raise ProtocolError(f"no chunk: {line[:60]!r}")
    return int(digits, 16)
