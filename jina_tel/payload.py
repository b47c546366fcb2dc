"""What leaves: the declared fields of a product, a line made whole, and the body of a request.

Only what ``fields_of`` declares can leave. ``as_wire`` drops every other key, and refuses an
event of which a declared field has a value of another kind.
"""

from __future__ import annotations

from . import environment, identity, signals
from .ci import VENDORS, is_ci, vendor
from .debug import describe, say
from .facts import UNSET, is_version
from .options import is_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from typing import Any

    from .settings import Settings

KINDS = (
    "choice",
    "count",
    "date",
    "event",
    "hash",
    "kernel",
    "system",
    "uuid",
    "vendor",
    "version",
)
REASONS = frozenset(
    ("journal_full", "too_old", "too_many", "write_failed", "refused", "corrupt", "internal")
)


class Field:
    """One field of the payload.

    Attributes:
        name: its key.
        kind: one of ``KINDS``.
        why: why it is collected, for the page that tells users.
        fact: the author's own fact, where it is one.
    """

    __slots__ = ("fact", "kind", "name", "why")

    def __init__(self, name: str, kind: str, why: str, fact: Any = None) -> None:
        self.name = name
        self.kind = kind
        self.why = why
        self.fact = fact

    def accepts(self, value: object) -> bool:
        """Tell whether ``value`` may leave as this field."""
        if self.fact is not None:
            return bool(self.fact.accepts(value))
        return _ACCEPTS[self.kind](value)


_COMMON = (
    Field("architecture", "system", "which processors to build and test for"),
    Field("ci-vendor", "vendor", "to count people and their build servers apart"),
    Field("event", "event", "which parts of the library are used"),
    Field("platform", "system", "which systems to support"),
    Field("platform-release", "kernel", "how old a system must still work"),
    Field("platform-version", "kernel", "how old a system must still work"),
    Field("processor", "system", "which processors to build and test for"),
    Field("python", "version", "which versions of Python to support"),
    Field("session-id", "uuid", "to count one start once"),
    Field("uid", "hash", "to count installations and not events"),
    Field("uptime", "date", "which events belong to one run"),
)


def fields_of(settings: Settings) -> tuple[Field, ...]:
    """Return what may leave for this product, sorted by name: the order of the keys on the wire."""
    fields = {field.name: field for field in _COMMON}
    for name in settings.distributions:
        fields.setdefault(name, Field(name, "version", f"which versions of {name} are used"))
    for name, fact in settings.facts.items():
        fields.setdefault(name, Field(name, fact.kind, fact.why, fact))
    return tuple(sorted(fields.values(), key=lambda field: field.name))


def process_facts(settings: Settings, environ: Mapping[str, str]) -> dict[str, str | int]:
    """Return the facts of this process: all fields but ``event``, ``uid`` and ``session-id``.

    A fact that cannot be read is ``(unset)``.
    """
    found: dict[str, str | int] = dict(environment.platform_facts())
    found["ci-vendor"] = vendor(environ) or UNSET
    found["uptime"] = identity.uptime(identity.tree().began)
    found.update(environment.distribution_versions(settings.distributions))
    for name, fact in settings.facts.items():
        found.setdefault(name, _read(name, fact, settings))
    return dict(sorted(found.items()))


def _read(name: str, fact: Any, settings: Settings) -> str | int:
    try:
        value: str | int = fact.read()
        if value != UNSET and fact.accepts(value):
            return value
        why = "it has no value that was declared"
    except Exception as error:  # noqa: BLE001 - the author's code, on the host's thread
        signals.let_through(error)
        why = describe(error)
    say(settings.variables.debug, f"{settings.product}: the fact {name} is {UNSET}: {why}")
    return UNSET


def is_kept(environ: Mapping[str, str]) -> bool:
    """Tell whether a uid will still be there tomorrow: not in CI."""
    return not is_ci(environ)


def inside(facts: Mapping[str, str | int]) -> str:
    """Return ``facts`` as the inside of a JSON object.

    Their values are numbers and printable ASCII, so two signs need escaping, and the host's
    thread need not import ``json``.
    """
    return ",".join(f'"{name}":{_literal(value)}' for name, value in facts.items())


def _literal(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def as_wire(
    line: Any,
    fields: tuple[Field, ...],
    product: str,
    uid: int,
    *,
    kept: bool,
    held_back: Container[str] = (),
) -> dict[str, Any] | None:
    """Return the journal's ``line`` as it leaves, or None where it is not one of ours.

    Args:
        line: the line, decoded.
        fields: what may leave; other keys are dropped, and one that the line lacks is
            ``(unset)``: another version of the library may have written it.
        kept: False where this uid cannot be kept.
        held_back: names of fields that leave as ``(unset)``, whatever the line has.
    """
    if not _is_line(line, product):
        return None
    whole = {"id": line["id"], "time": line["time"], "product": product, "v": 1}
    if "lost" in line:
        return {**whole, "lost": line["lost"]} if _is_loss(line["lost"]) else None
    given = line.get("payload")
    if not isinstance(given, dict):
        return None
    given = {**given, "uid": uid, "session-id": identity.session_id(line["id"])}
    payload = {
        field.name: UNSET if field.name in held_back else given.get(field.name, UNSET)
        for field in fields
    }
    if not all(field.accepts(payload[field.name]) for field in fields):
        return None
    mark = {} if kept and line.get("kept", True) is True else {"kept": False}
    return {**whole, **mark, "payload": payload}


def _is_line(line: Any, product: str) -> bool:
    return (
        isinstance(line, dict)
        and is_id(line.get("id"))
        and is_time(line.get("time"))
        and line.get("product") == product
        and line.get("v") == 1
    )


def _is_loss(lost: Any) -> bool:
    return (
        isinstance(lost, dict)
        and REASONS.issuperset(lost)
        and all(type(number) is int and 0 < number < 1 << 53 for number in lost.values())
    )


def is_id(value: object) -> bool:
    """Tell whether it has the form of an event's id."""
    return isinstance(value, str) and 0 < len(value) <= 64 and _HEX.issuperset(value)


def is_time(value: object) -> bool:
    """Tell whether it has the form of an event's time."""
    return _shape(value) in _TIMES


def _shape(value: object) -> str:
    """Return a moment's text with ``0`` for every digit: what form it has."""
    return value.translate(_DIGITS) if isinstance(value, str) else ""


_HEX = frozenset("0123456789abcdef-")
_DIGITS = str.maketrans("123456789", "000000000")
_TIMES = ("0000-00-00T00:00:00.000000Z", "0000-00-00T00:00:00Z")
_DATES = (UNSET, "0000-00-00T00:00:00.000000")


def _is_event(value: object) -> bool:
    return isinstance(value, str) and all(map(is_word, value.split("."))) and value.count(".") == 1


def _is_kernel(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= environment.KERNEL_CHARACTERS
        and value.isascii()
        and value.isprintable()
    )


_ACCEPTS = {
    "date": lambda value: _shape(value) in _DATES,
    "event": _is_event,
    "hash": lambda value: type(value) is int and 0 <= value < 1 << identity.UID_BITS,
    "kernel": _is_kernel,
    "system": environment.is_system_name,
    "uuid": is_id,
    "vendor": lambda value: value == UNSET or value in VENDORS,
    "version": is_version,
}
