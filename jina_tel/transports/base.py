"""What a transport is, what it answers, and which one an endpoint asks for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

USER_AGENT = "jina-tel"
REQUEST_SECONDS = 10.0  # connect, send and answer together, on the monotonic clock


class Encoding(NamedTuple):
    """How bodies are written.

    Attributes:
        content_type: what comes of it, as the header says.
        encode: makes it of lines, NDJSON of one or more.
    """

    content_type: str
    encode: Callable[[bytes], bytes]


NDJSON = Encoding("application/x-ndjson", lambda lines: lines)


class Body(NamedTuple):
    """The body of one request.

    Attributes:
        line_count: how many events and ledger lines it holds.
        content: these, as JSON: a line each, or one document of all.
        gzipped: ``content`` as it leaves.
        content_type: what it is, as the header says.
        losses: what its ledger lines say, by reason.
    """

    line_count: int
    content: bytes
    gzipped: bytes
    content_type: str = NDJSON.content_type
    losses: Sequence[dict[str, int]] = ()

    def lines(self) -> list[dict[str, Any]]:
        """Return each line of the content, decoded."""
        return [json.loads(line) for line in self.content.splitlines()]


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: the HTTP status code; 202 where there is no HTTP.
        retry_after: seconds that the endpoint asked us to wait, or None.
        rejected: how many lines of the body it names as rejected.
        content: the answer's own body, as far as it was read.
    """

    status: int
    retry_after: Optional[float] = None
    rejected: int = 0
    content: bytes = b""


class Transport(Protocol):
    """Sends one body and returns the answer.

    ``handed_over`` is the monotonic moment since which an answer is awaited, 0.0 for none: what was
    asked is with the system by then, and leaves also if this process ends. ``took`` is for how many
    seconds the last answer was.
    """

    handed_over: float
    took: float

    def request(self, body: Body) -> bytes:
        """Return what ``send`` would send now, every byte of it; sends nothing."""

    def send(self, body: Body, deadline: float) -> Answer:
        """Send it before the monotonic ``deadline``; raises TransportError without an answer."""

    def close(self) -> None:
        """Give up what it holds open."""
