"""What may leave, said once: for people, for a page, and as a JSON Schema of one line on the wire.

Made from ``payload.fields_of``, which decides what leaves. So the words and the schema cannot say
less than the program does.
"""

from __future__ import annotations

from . import ci, environment, identity
from .event import FORMAT
from .facts import UNSET, VERSION_CHARACTERS, VERSION_WORDS
from .options import WORD_CHARACTERS
from .payload import REASONS, fields_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .payload import Field
    from .settings import Settings

    Fragment = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAY_LACK = frozenset(
    ("choice", "count", "date", "system", "vendor", "version")
)  # kinds that know of (unset)


def _version_pattern() -> str:
    """Numbers, and between them the words of a version in any case: a schema knows no flags."""
    words = "|".join(
        "".join(f"[{letter}{letter.upper()}]" for letter in word)
        for word in sorted(VERSION_WORDS)[1:]
    )
    return f"[0-9][0-9.!_-]*(({words})[0-9.!_-]+)*({words})?"


_WORD = f"[A-Za-z_][A-Za-z0-9_]{{0,{WORD_CHARACTERS - 1}}}"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
_PATTERNS = {
    "date": _MOMENT,
    "event": rf"{_WORD}\.{_WORD}",
    "kernel": rf"[ -~]{{0,{environment.KERNEL_CHARACTERS}}}",
    "system": f"[A-Za-z0-9_-]{{1,{environment.NAME_CHARACTERS}}}",
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "version": _version_pattern(),
}
_WORDS = {
    "date": "date and time, UTC",
    "event": "Class.verb",
    "hash": f"whole number below 2^{identity.UID_BITS}, a hash of random bytes",
    "kernel": f"up to {environment.KERNEL_CHARACTERS} printable ASCII characters",
    "system": f"name, one word of up to {environment.NAME_CHARACTERS} characters",
    "uuid": "UUID, version 8, a hash of the event's id",
    "vendor": f"name of a CI service, one of {len(ci.VENDORS)} that are known",
    "version": f"version, up to {VERSION_CHARACTERS} characters",
}
SAMPLES: dict[str, str | int] = {
    "architecture": "x86_64",
    "ci-vendor": "GitHub Actions",
    "event": "Flow.start",
    "platform": "Linux",
    "platform-release": "6.8.0-49-generic",
    "platform-version": "#49-Ubuntu SMP PREEMPT_DYNAMIC",
    "processor": "x86_64",
    "python": "3.11.7",
    "session-id": "5d1ab6f4-8c1e-8f0a-9b1d-6a2f4f0c7e31",
    "uid": 6851234567890123,
    "uptime": "2026-01-31T12:00:00.123456",
}
LEDGER_WHY = "how many events were lost, and why, so that nobody mistakes the rest for all"


class Entry:
    """One field, as it is told to people.

    Attributes:
        name: its key in the payload.
        words: its type in words.
        fragment: its JSON Schema.
        sample: a value that some machine may send.
        why: why it is collected.
    """

    __slots__ = ("fragment", "name", "sample", "why", "words")

    def __init__(self, field: Field) -> None:
        self.name = field.name
        self.words = _words(field)
        self.fragment = _fragment(field)
        self.sample = _sample(field)
        self.why = field.why


def entries(settings: Settings) -> tuple[Entry, ...]:
    """Return all that may leave in a payload of this product, in the order of the wire."""
    return tuple(map(Entry, fields_of(settings)))


def json_schema(products: Iterable[Settings]) -> Fragment:
    """Return the JSON Schema (2020-12) of one line: an event or a ledger line of these products.

    Strict: no key stands in a line that it does not name.
    """
    definitions: Fragment = {}
    for settings in products:
        definitions[f"{settings.product}.event"] = _event(settings)
        definitions[f"{settings.product}.ledger"] = _ledger(settings)
    return {
        "$schema": DIALECT,
        "title": "One line of a telemetry request",
        "description": "The body of a request is NDJSON: such a line for each event.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in definitions],
        "$defs": definitions,
    }


def markdown(settings: Settings) -> str:
    """Return a table of all fields for a privacy page, with samples that are nobody's."""
    rows = [
        (f"`{entry.name}`", entry.words, f"`{entry.sample}`", entry.why)
        for entry in entries(settings)
    ]
    head = ("field", "type", "for example", "why it is collected")
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n"
        for row in (head, ("---",) * len(head), *rows)
    )


def around(settings: Settings) -> Mapping[str, tuple[str, str]]:
    """Return what stands beside the payload in a line: type in words, and why."""
    return {
        "id": (
            "up to 64 characters, random",
            "the same on every resend, so that one start counts once",
        ),
        "time": ("date and time, UTC", "when the start had succeeded"),
        "product": (f'"{settings.product}"', "whose event it is"),
        "v": (f"{FORMAT}", "the format's version"),
        "kept": (
            "false, or absent",
            "so that CI jobs, containers and homes that cannot be written are no installations",
        ),
    }


def _event(settings: Settings) -> Fragment:
    told = entries(settings)
    payload = {
        "type": "object",
        "properties": {entry.name: {**entry.fragment, "description": entry.why} for entry in told},
        "required": [entry.name for entry in told],
        "additionalProperties": False,
    }
    kept = {"const": False, "description": "present where the uid cannot be kept"}
    return _line(settings, {"payload": payload, "kept": kept}, "payload")


def _ledger(settings: Settings) -> Fragment:
    count = {"type": "integer", "minimum": 1, "maximum": (1 << identity.UID_BITS) - 1}
    lost = {
        "type": "object",
        "description": LEDGER_WHY,
        "properties": dict.fromkeys(sorted(REASONS), count),
        "minProperties": 1,
        "additionalProperties": False,
    }
    return _line(settings, {"lost": lost}, "lost")


def _line(settings: Settings, further: Fragment, wanted: str) -> Fragment:
    return {
        "type": "object",
        "properties": {
            "id": {"type": "string", "pattern": "^[ -~]{1,64}$"},
            "time": {"type": "string", "pattern": f"^{_MOMENT}Z$"},
            "product": {"const": settings.product},
            "v": {"const": FORMAT},
            **further,
        },
        "required": ["id", "time", "product", "v", wanted],
        "additionalProperties": False,
    }


def _words(field: Field) -> str:
    if field.kind == "choice":
        words = "one of " + ", ".join(field.fact.values)
    elif field.kind == "count":
        words = f"whole number, 0 to {field.fact.most}"
    else:
        words = _WORDS[field.kind]
    return f"{words}, or {UNSET}" if field.kind in MAY_LACK else words


def _fragment(field: Field) -> Fragment:
    if field.kind == "choice":
        return {"enum": [*field.fact.values, UNSET]}
    if field.kind == "vendor":
        return {"enum": [*ci.VENDORS, UNSET]}
    if field.kind == "count":
        number = {"type": "integer", "minimum": 0, "maximum": field.fact.most}
        return {"anyOf": [number, {"const": UNSET}]}
    if field.kind == "hash":
        return {"type": "integer", "minimum": 0, "maximum": (1 << identity.UID_BITS) - 1}
    pattern = _PATTERNS[field.kind]
    if field.kind in MAY_LACK:
        pattern = rf"({pattern}|\(unset\))"
    bound = {"maxLength": VERSION_CHARACTERS} if field.kind == "version" else {}
    return {"type": "string", "pattern": f"^{pattern}$", **bound}


def _sample(field: Field) -> str | int:
    if field.kind == "choice":
        return str(next(iter(field.fact.values), UNSET))
    if field.kind == "count":
        return min(int(field.fact.most), 4)
    return SAMPLES.get(field.name, "1.2.3")
