"""The lines of a request: each is taken, or turned away with its number and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Union

import msgspec

from . import missing
from .alike import is_told_by_its_rest, rests_of
from .shapes import Line, line_of, products_of

DAY_SECONDS = 86_400
AHEAD_SECONDS = DAY_SECONDS  # a clock may be wrong by its time zone, not by a year
WHY_CHARACTERS = 120  # of the reason: a client may have written some of it
NAMED_LINES = 100  # of those that a request has rejected; an answer is never long
SEEN = 20_000  # rests of lines that need not be looked at again; half a kB each
SECONDS_KEPT = 4096
SECOND = len("2026-01-05T09:00:00")
TIME = b'"time":"'
UNKNOWN = NOBODY = ""  # the product of a line that names none we know


class Rejection(NamedTuple):
    """A line that is not taken: its number, counted from 1, and why."""

    line: int
    why: str


@dataclass(slots=True)
class Batch:
    """What a request's lines came to.

    Attributes:
        lines: those that are taken, as they came.
        taken: how many these are, by product.
        rejected: the first ``NAMED_LINES`` of the others.
        stopped: how many of the others are of a product that is received no more.
        refused: how many of the others, by product.
        lacking: how many of the others for want of a schema, as ``missing`` counts them.
    """

    lines: list[bytes] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejection] = field(default_factory=list)
    stopped: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    lacking: Counter[missing.Lacking] = field(default_factory=Counter)

    def reject(self, number: int, why: str, product: str) -> None:
        """Leave out a line."""
        if len(self.rejected) < NAMED_LINES:
            self.rejected.append(Rejection(number, why[:WHY_CHARACTERS]))
        self.refused[product] += 1

    @property
    def rejected_count(self) -> int:
        """How many lines are rejected, named or not."""
        return self.refused.total()


class Named(msgspec.Struct):
    """As much of a rejected line as says whose it is."""

    product: str


class Stopped(msgspec.Struct):
    """A line of a product that is received no more, whatever it holds."""

    product: ClassVar[str]


class Decoder:
    """Takes lines of known products, and no others.

    Args:
        schemas: what ``jina-tel schema --json`` prints of the products.
        stopped: names of products that are received no more.
        keep_seconds: how far back a line's time may lie: what is older is not kept either, and
            its id is forgotten.
        today: tells the time by which events expire, where that may lie behind now.

    Attributes:
        products: the names of those that are received.
        fields: what the payload of each may hold.

    Raises:
        ValueError: a schema cannot be understood.
    """

    def __init__(
        self,
        schemas: Iterable[Mapping[str, Any]],
        stopped: Collection[str] = (),
        *,
        keep_seconds: float,
        today: Callable[[], float] | None = None,
    ) -> None:
        known = products_of(schemas)
        self.products = tuple(name for name in known if name not in stopped)
        self._stopped = frozenset(stopped)
        payloads = {name: known[name].get("payload", {}) for name in self.products}
        # With one type alone msgspec asks for no tag, and takes a line without a product.
        stops: list[Any] = [_stopped(name) for name in (NOBODY, *stopped)]
        types: list[Any] = [line_of(name, known[name]) for name in self.products]
        self.fields = {name: frozenset(one["properties"]) for name, one in payloads.items()}
        self._read = msgspec.json.Decoder(Union[tuple(types + stops)]).decode
        self._named = msgspec.json.Decoder(Named).decode
        self._keep_seconds = keep_seconds
        self._today = today
        self._may_see = all(is_told_by_its_rest(known[name]) for name in self.products)
        self._seen: dict[bytes, str] = {}  # the product of those that were good

    def batch(self, lines: Iterable[bytes], now: float) -> Batch:
        """Look at each line that is not blank; ``now`` is Unix seconds."""
        batch, lines = Batch(), [*lines]
        for number, (line, rest) in enumerate(zip(lines, rests_of(lines), strict=True), 1):
            product = self._seen.get(rest)
            if product is not None and self._is_timely(line, now):
                batch.lines.append(line)
                batch.taken[product] += 1
            elif line and not line.isspace():
                self._take(batch, number, line, rest, now)
        return batch

    def _take(self, batch: Batch, number: int, line: bytes, rest: bytes, now: float) -> None:
        try:
            content = self._read(line)
            if not isinstance(content, Line):
                batch.stopped += content.product != NOBODY
                raise ValueError(f"product: {content.product!r} is received no more")
            self._check(content, now)
        except (ValueError, RecursionError) as error:
            self._reject(batch, number, self._name(line), reason(error))
        else:
            batch.lines.append(line)
            batch.taken[content.product] += 1
            if self._may_see and line.count(TIME) == 1 and content.payload is not msgspec.UNSET:
                self._see(rest, content.product)

    def _see(self, rest: bytes, product: str) -> None:
        """Know a good event's rest by sight: of thousands that have it only the time may be wrong.

        To look at the patterns of each would take three times as long.
        """
        if len(self._seen) >= SEEN:
            self._seen.clear()
        self._seen[rest] = product

    def _is_timely(self, line: bytes, now: float) -> bool:
        """Tell whether the time of a line that is known by sight is one that is taken."""
        at = line.find(TIME) + len(TIME)
        try:
            second = _second(line[at : at + SECOND].decode())
        except ValueError:
            return False
        return now - self._keep_seconds <= second <= now + AHEAD_SECONDS

    def _check(self, line: Line, now: float) -> None:
        """Raise ValueError for what a type cannot say."""
        at = moment(line.time)
        if at > now + AHEAD_SECONDS:
            raise ValueError(f"time: {line.time} is yet to come")
        if at < now - self._keep_seconds and not self._is_kept(at):
            raise ValueError(f"time: {line.time} is longer ago than events are kept")
        if (line.payload is msgspec.UNSET) is (line.lost is msgspec.UNSET):
            raise ValueError("either payload or lost is wanted")
        if line.kept is not msgspec.UNSET and (line.kept or line.payload is msgspec.UNSET):
            raise ValueError("kept: only ever false, and only beside a payload")

    def _is_kept(self, at: int) -> bool:
        return self._today is not None and at >= self._today() - self._keep_seconds

    def _reject(self, batch: Batch, number: int, name: str, why: str) -> None:
        """Leave out a line of the product that it names."""
        is_known = name in self.products
        said = "" if name in self._stopped else missing.why_of(name, why, is_known=is_known)
        batch.reject(number, said or why, name if is_known else UNKNOWN)
        if said:
            batch.lacking[name, is_known] += 1

    def _name(self, line: bytes) -> str:
        """Return the product that a line names which cannot be taken, ``""`` where it has none."""
        try:
            return self._named(line).product
        except (ValueError, RecursionError):
            return UNKNOWN


def _stopped(product: str) -> type[Stopped]:
    made: Any = msgspec.defstruct(
        "Stopped",
        [],
        bases=(Stopped,),
        namespace={"product": product},
        tag_field="product",
        tag=product,
    )
    return made  # type: ignore[no-any-return]  # a subclass of its bases


def moment(text: str) -> int:
    """Return Unix seconds of a moment in RFC 3339, UTC; raises ValueError where there is none.

    Its form is that of the schema: only what stands in it is looked at.
    """
    try:
        return _second(text[:SECOND])
    except ValueError:
        raise ValueError(f"time: {text} is no moment") from None


@lru_cache(SECONDS_KEPT)
def _second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def reason(error: BaseException) -> str:
    """Return why a line is turned away, the place first: ``payload.jina: Expected `str```."""
    what, at, path = str(error).rpartition(" - at `$.")
    return f"{path.rstrip('`')}: {what}" if at else path
