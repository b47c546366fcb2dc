"""From lines of the journal to the body of a request: the one place where wire bytes are made."""

from __future__ import annotations

import json
import re
import zlib

from . import identity
from .event import rfc3339
from .payload import as_wire, fields_of
from .transports.base import NDJSON, Body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any

    from .settings import Settings
    from .transports.base import Encoding

DAY = 86400.0
# What the lines of a journal have of their own: an id and a time, and then what a thousand of them
# share, the event and the facts of their process.
_LINE = re.compile(
    rb'\{"id":"([0-9a-f-]{1,64})"'
    rb',"time":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?Z)"'
    rb"(,.*\})\n"
)
_OPEN = "\x7f"  # stands where a line has its own; no value that may leave is this
_MOST_KNOWN = 1000  # as many kinds of lines are remembered


class Packer:
    """Packs what waits in one journal, as long as uid, consent and notice stay what they are.

    Args:
        settings: the product's.
        uid: who says it.
        kept: False where this uid cannot be kept.
        held_back: names of fields that leave as ``(unset)``.
        encoding: how the endpoint wants its bodies written.
    """

    def __init__(
        self,
        settings: Settings,
        uid: int,
        *,
        kept: bool,
        held_back: Container[str] = (),
        encoding: Encoding = NDJSON,
    ) -> None:
        self._settings = settings
        self._fields = fields_of(settings)
        self._uid = uid
        self._kept = kept
        self._held_back = held_back
        self._encoding = encoding
        self._known: dict[bytes, str] = {}

    def pack(self, lines: list[bytes], at: float) -> tuple[Body, dict[str, int]]:
        """Return the body of a request for these lines of the journal.

        Args:
            lines: each with its newline.
            at: the moment by which an event is too old, Unix seconds.

        Returns:
            The body, and how many lines are left out of it, by reason.
        """
        oldest = rfc3339(max(at - self._settings.journal_days * DAY, 0.0))
        left_out: dict[str, int] = {}
        texts: list[str] = []
        losses: list[dict[str, int]] = []
        for line in lines:
            text = self._text_of(line, oldest, losses)
            if text in ("corrupt", "too_old"):
                left_out[text] = left_out.get(text, 0) + 1
            else:
                texts.append(text)
        return self._body(texts, losses), left_out

    def _body(self, texts: list[str], losses: list[dict[str, int]]) -> Body:
        encoding = self._encoding
        content = encoding.encode("".join(texts).encode()) if texts else b""
        return Body(len(texts), content, gzipped(content), encoding.content_type, losses)

    def _text_of(self, line: bytes, oldest: str, losses: list[dict[str, int]]) -> str:
        """Return the line as it leaves, or the reason why it does not."""
        found = _LINE.fullmatch(line)
        if found is None:
            return self._worked_out(line, oldest, losses)
        known = self._known.get(found[3])
        if known is None:
            return self._worked_out(line, oldest, losses, found)
        own, time = found[1].decode(), found[2].decode()
        if time < oldest:
            return "too_old"
        return known % (own, time, identity.session_id(own))

    def _worked_out(
        self,
        line: bytes,
        oldest: str,
        losses: list[dict[str, int]],
        found: re.Match[bytes] | None = None,
    ) -> str:
        wire = self._wire(line)
        if wire is None:
            return "corrupt"
        if "lost" in wire:
            losses.append(wire["lost"])  # what was lost is told however late
        elif wire["time"] < oldest:
            return "too_old"
        elif found and (found[1], found[2]) == (wire["id"].encode(), wire["time"].encode()):
            self._learn(found[3], wire)
        return as_text(wire)

    def _wire(self, line: bytes) -> dict[str, Any] | None:
        try:
            decoded = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return as_wire(
            decoded,
            self._fields,
            self._settings.product,
            self._uid,
            kept=self._kept,
            held_back=self._held_back,
        )

    def _learn(self, shared: bytes, wire: dict[str, Any]) -> None:
        """Remember what leaves for every line that differs from this one in id and time alone."""
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        payload = {**wire["payload"], "session-id": _OPEN}
        text = as_text({**wire, "id": _OPEN, "time": _OPEN, "payload": payload})
        self._known[shared] = text.replace("%", "%%").replace(json.dumps(_OPEN), '"%s"')


def as_text(wire: dict[str, Any]) -> str:
    """Return one line of NDJSON."""
    return json.dumps(wire, separators=(",", ":")) + "\n"


def gzipped(content: bytes) -> bytes:
    """Compress in gzip's format (RFC 1952) without a time, so that equal bodies are equal."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
    return compressor.compress(content) + compressor.flush()
