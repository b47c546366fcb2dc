"""What a receiver does with a request: small values, one for each way in which an endpoint behaves.

A behaviour of your own is a subclass of ``Behaviour`` with one method, or a function that looks at
the request and returns one of these: ``lambda request: Status(413) if len(request.lines) > 10 else
Healthy()``.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from email.message import Message


class Line(TypedDict, total=False):
    """One line of a body: an event, or a ledger line that says what was lost, and why.

    Shape::

        {"id": str, "time": str, "product": str, "v": int,
         "payload": {str: str | int | bool}, "kept": False}    # an event; "kept" may be absent
        {"id": str, "time": str, "product": str, "v": int,
         "lost": {reason: count}}                              # a ledger line
    """

    id: str
    time: str
    product: str
    v: int
    payload: dict[str, str | int | bool]
    kept: bool
    lost: dict[str, int]


@dataclass(frozen=True)
class Request:
    """One request, as it arrived.

    Attributes:
        method: "POST", for instance.
        path: of the URL, with its query.
        headers: looked up without regard to case.
        body: the bytes that came, still compressed.
        text: the body decompressed; None when it could not be, or is not UTF-8.
        lines: the JSON of every line that is not blank; ``{}`` for one that is no JSON object.
        at: when the whole request was here, in Unix seconds.
    """

    method: str
    path: str
    headers: Message
    body: bytes
    text: str | None
    lines: tuple[Line, ...]
    at: float

    @property
    def asks_to_forget(self) -> bool:
        """Whether this asks for deletion and brings no events: the path ends in ``forget``."""
        return self.path.partition("?")[0].rpartition("/")[2] == "forget"


class Exchange(Protocol):
    """One request, and what can be done about it."""

    @property
    def request(self) -> Request:
        """The request that is to be answered."""

    def accept(self, rejected: Mapping[int, str] | None = None) -> tuple[int, dict[str, object]]:
        """Do what the request asks, take its lines in or forget; return the status and the answer.

        Args:
            rejected: the lines to leave out and why, by their number, counted from 1.
        """

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send an answer; ``Content-Length`` is added unless ``headers`` has one."""

    def hang_up(self) -> None:
        """Close the connection after this exchange, without a reset."""

    def wait(self, seconds: float | None) -> bool:
        """Wait; return False at once when the receiver is closed, None waits for that alone."""


class Behaviour(ABC):
    """What a receiver does with a request."""

    @abstractmethod
    def answer(self, exchange: Exchange) -> None:
        """Answer, or fail to. Runs on the connection's own thread and may block it."""


@dataclass(frozen=True)
class Healthy(Behaviour):
    """Accept every line: 202 and ``{"accepted": n, "rejected": []}``."""

    def answer(self, exchange: Exchange) -> None:
        """Take every line in and say so."""
        send_json(exchange, *exchange.accept())


@dataclass(frozen=True)
class Slow(Behaviour):
    """Wait before answering; what is answered ``then`` is as usual.

    The lines count when the wait is over, whether or not the client is still there: a slow server
    does not know that its client has given up.
    """

    seconds: float
    then: Behaviour = Healthy()

    def answer(self, exchange: Exchange) -> None:
        """Wait, then do what ``then`` does; nothing when the receiver is closed meanwhile."""
        if exchange.wait(self.seconds):
            self.then.answer(exchange)
        else:
            exchange.hang_up()


@dataclass(frozen=True)
class Hung(Behaviour):
    """Read the request and never answer, until the receiver is closed."""

    def answer(self, exchange: Exchange) -> None:
        """Wait until the receiver is closed."""
        exchange.wait(None)
        exchange.hang_up()


@dataclass(frozen=True)
class Status(Behaviour):
    """Answer with a status code; the lines count only if it is a 2xx.

    Attributes:
        code: 200-599.
        retry_after: the header's value, in seconds or as an HTTP date; None sends no header.
        body: of the answer.
    """

    code: int
    retry_after: int | str | None = None
    body: bytes = b""

    def answer(self, exchange: Exchange) -> None:
        """Send the code, with ``Retry-After`` if there is one."""
        if 200 <= self.code < 300:
            exchange.accept()
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        exchange.send(self.code, headers, self.body)


@dataclass(frozen=True)
class Truncated(Behaviour):
    """Announce 1,000 bytes of a 202's body, send a few and close; no line counts."""

    def answer(self, exchange: Exchange) -> None:
        """Send less than was announced."""
        exchange.send(202, {"Content-Length": "1000"}, b'{"accepted": ')
        exchange.hang_up()


@dataclass(frozen=True)
class Rejecting(Behaviour):
    """Accept all but the given lines, counted from 1, and name these in the 202's body.

    The numbers are sent as they are given, also those that the request does not have.
    """

    lines: Collection[int]
    why: str = "rejected by the test"

    def answer(self, exchange: Exchange) -> None:
        """Take in the lines that are not to be rejected."""
        send_json(exchange, *exchange.accept(dict.fromkeys(self.lines, self.why)))


@dataclass(frozen=True)
class Redirect(Behaviour):
    """Send the client to another URL; no line counts here."""

    to: str
    code: int = 307

    def answer(self, exchange: Exchange) -> None:
        """Send the other address."""
        exchange.send(self.code, {"Location": self.to}, b"")


def send_json(exchange: Exchange, status: int, answer: Mapping[str, object]) -> None:
    """Send ``answer`` as the JSON body of a response."""
    body = json.dumps(answer).encode("ascii")
    exchange.send(status, {"Content-Type": "application/json"}, body)
