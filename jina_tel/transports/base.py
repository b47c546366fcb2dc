"""What a transport is, and what it answers."""

from __future__ import annotations

from .. import plain_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

USER_AGENT = "jina-tel"
WHY_CHARACTERS = 200
# Where answers say why, what is about one line first; either has text, or further names in it.
_WHY = ("rejected", "partialSuccess", "why", "error", "errorMessage", "message", "detail")
REQUEST_SECONDS = 10.0  # connect, send and answer together, on the monotonic clock


class Record:
    """A value of named parts, equal where these are; a NamedTuple would cost an exit 4 ms."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._parts() == other._parts()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        named = zip(self.__slots__, self._parts())
        return f"{type(self).__name__}({', '.join(f'{name}={part!r}' for name, part in named)})"

    def _parts(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)


class Encoding(Record):
    """How bodies are written.

    Attributes:
        content_type: what comes of it, as the header says.
        encode: makes it of lines, NDJSON of one or more.
    """

    __slots__ = ("content_type", "encode")

    def __init__(self, content_type: str, encode: Callable[[bytes], bytes]) -> None:
        self.content_type = content_type
        self.encode = encode


NDJSON = Encoding("application/x-ndjson", lambda lines: lines)


class Body(Record):
    """The body of one request.

    Attributes:
        line_count: how many events and ledger lines it holds.
        content: these, as JSON: a line each, or one document of all.
        gzipped: ``content`` as it leaves.
        content_type: what it is, as the header says.
        losses: what its ledger lines say, by reason.
    """

    __slots__ = ("content", "content_type", "gzipped", "line_count", "losses")

    def __init__(
        self,
        line_count: int,
        content: bytes,
        gzipped: bytes,
        content_type: str = NDJSON.content_type,
        losses: Sequence[dict[str, int]] = (),
    ) -> None:
        self.line_count = line_count
        self.content = content
        self.gzipped = gzipped
        self.content_type = content_type
        self.losses = losses

    def lines(self) -> list[dict[str, Any]]:
        """Return each line of the content, decoded."""
        return [plain_json.loads(line) for line in self.content.splitlines()]


class Answer(Record):
    """What came back.

    Attributes:
        status: the HTTP status code; 202 where there is no HTTP.
        retry_after: seconds that the endpoint asked us to wait, or None.
        rejected: how many lines of the body it names as rejected.
        content: the answer's own body, as far as it was read.
    """

    __slots__ = ("content", "rejected", "retry_after", "status")

    def __init__(
        self,
        status: int,
        retry_after: float | None = None,
        rejected: int = 0,
        content: bytes = b"",
    ) -> None:
        self.status = status
        self.retry_after = retry_after
        self.rejected = rejected
        self.content = content

    def why(self) -> str:
        """Return why it takes nothing, or not all, in its own words; ``""`` where it says nothing.

        They are a stranger's: at most ``WHY_CHARACTERS``, and no control character among them.
        """
        if self.status < 400 and not self.rejected:
            return ""
        try:
            said = _why_in(plain_json.loads(self.content))
        except (ValueError, RecursionError):
            return ""
        signs = (sign if sign.isprintable() else ascii(sign)[1:-1] for sign in said)
        return "".join(signs)[:WHY_CHARACTERS]


def _why_in(said: Any) -> str:
    """Return the first reason in a decoded answer, cut; of a list, that in its first element."""
    if isinstance(said, str):
        return said[:WHY_CHARACTERS]
    if isinstance(said, list):
        return _why_in(said[0]) if said and isinstance(said[0], dict) else ""
    found = (_why_in(said[name]) for name in _WHY if name in said) if type(said) is dict else ()
    return next(filter(None, found), "")


if TYPE_CHECKING:

    class Transport(Protocol):
        """Sends one body and returns the answer.

        ``handed_over`` is the monotonic moment since which an answer is awaited, 0.0 for none: what
        was asked is with the system by then, and leaves also if this process ends. ``took`` is for
        how many seconds the last answer was.
        """

        handed_over: float
        took: float

        def request(self, body: Body) -> bytes:
            """Return what ``send`` would send now, every byte of it; sends nothing."""

        def send(self, body: Body, deadline: float) -> Answer:
            """Send it before the monotonic ``deadline``; TransportError without an answer."""

        def close(self) -> None:
            """Give up what it holds open."""
