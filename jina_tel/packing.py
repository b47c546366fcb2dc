"""From lines of the journal to the body of a request: the one place where wire bytes are made."""

from __future__ import annotations

import os
import zlib

from . import identity, plain_json
from .event import rfc3339
from .payload import as_wire, fields_of, is_id, is_time
from .transports.base import NDJSON, Body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any

    from .settings import Settings
    from .transports.base import Encoding

DAY = 86400.0
_OPEN = os.urandom(16).hex()  # stands where a line has its own; no value that may leave is this
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
        found = _parts_of(line)
        known = None if found is None else self._known.get(found[2])
        if found is None or known is None:
            return self._worked_out(line, oldest, losses, found)
        own, time, _ = found
        return "too_old" if time < oldest else known % (own, time, identity.session_id(own))

    def _worked_out(
        self,
        line: bytes,
        oldest: str,
        losses: list[dict[str, int]],
        found: tuple[str, str, bytes] | None,
    ) -> str:
        wire = self._wire(line)
        if wire is None:
            return "corrupt"
        if "lost" in wire:
            losses.append(wire["lost"])  # what was lost is told however late
        elif wire["time"] < oldest:
            return "too_old"
        elif found and found[:2] == (wire["id"], wire["time"]):
            self._learn(found[2], wire)
        return as_text(wire)

    def _wire(self, line: bytes) -> dict[str, Any] | None:
        try:
            decoded = plain_json.loads(line)
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
        self._known[shared] = text.replace("%", "%%").replace(_OPEN, "%s")


def _parts_of(line: bytes) -> tuple[str, str, bytes] | None:
    """Return what a line has of its own, its id and its time, and what a thousand of them share.

    That is the event and the facts of their process. None where it has another form.
    """
    parts = line.split(b'"', 8)
    if parts[:3] != [b"{", b"id", b":"] or parts[4:7] != [b",", b"time", b":"] or len(parts) < 9:
        return None
    own, time = parts[3].decode("latin-1"), parts[7].decode("latin-1")
    is_ours = is_id(own) and is_time(time) and line.endswith(b"}\n")
    return (own, time, parts[8]) if is_ours else None


def as_text(wire: dict[str, Any]) -> str:
    """Return one line of NDJSON."""
    return plain_json.dumps(wire) + "\n"


def gzipped(content: bytes) -> bytes:
    """Compress in gzip's format (RFC 1952) without a time, so that equal bodies are equal."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
    return compressor.compress(content) + compressor.flush()
