"""``otlp+https://`` and ``otlp+http://``: OTLP/HTTP logs, in JSON, for any OpenTelemetry Collector.

An event is a LogRecord and so is a ledger line; what the events of a process share, its facts,
stands in the Resource, once a body. Attributes bear the names that they have in our lines::

    resource      service.name (the product), v, and each fact of the payload but those below
    record        timeUnixNano, eventName ("lost" of a ledger line), and the attributes id,
                  kept where it is false, event, session-id, uid and uptime; lost of a ledger line

``event`` stands there twice: receivers from before OTLP 1.5 know no eventName, and leave it out.
A fact that bears a name of ``RESERVED`` is called ``payload.`` and that name.
"""

from __future__ import annotations

import calendar
import json
from urllib.parse import urlsplit, urlunsplit

from .base import Encoding
from .http import HttpTransport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SCOPE = "jina_tel"
LOGS = "/v1/logs"
LOST = "lost"
PAYLOAD = "payload."
RESERVED = frozenset(("id", "kept", LOST, "product", "service.name", "v"))
OF_THE_EVENT = frozenset(("event", "session-id", "uid", "uptime"))


class OtlpTransport(HttpTransport):
    """Sends bodies to the logs of one OTLP receiver.

    Args:
        endpoint: ``otlp+https://`` or ``otlp+http://``, and a base address.
        token: sent as ``Authorization: Bearer``, or None.
    """

    def __init__(self, endpoint: str, token: str | None) -> None:
        super().__init__(logs_address(endpoint), token)

    def _rejected_in(self, content: bytes) -> int:
        return rejected_in(content)


def logs_address(endpoint: str) -> str:
    """Return where logs go below the base address that is in ``endpoint``."""
    parts = urlsplit(endpoint.partition("+")[2])
    path = parts.path.rstrip("/")
    path = path if path.endswith(LOGS) else path + LOGS
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def encode(lines: bytes) -> bytes:
    """Return the ExportLogsServiceRequest that says what ``lines`` say, one or more of ours."""
    groups: dict[tuple[tuple[str, Any], ...], list[dict[str, Any]]] = {}
    for text in lines.splitlines():
        line = json.loads(text)
        groups.setdefault(tuple(_shared(line).items()), []).append(_record(line))
    logs = [_resource_logs(dict(shared), records) for shared, records in groups.items()]
    return json.dumps({"resourceLogs": logs}, separators=(",", ":")).encode()


ENCODING = Encoding("application/json", encode)


def rejected_in(content: bytes) -> int:
    """Return how many records the answer, an ExportLogsServiceResponse, names as rejected."""
    try:
        rejected = int(json.loads(content)["partialSuccess"]["rejectedLogRecords"])
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return 0
    return max(rejected, 0)


def records_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the records of an encoded body, for people; none where it is no such document."""
    scopes = [scope for logs in document.get("resourceLogs", ()) for scope in logs["scopeLogs"]]
    return [record for scope in scopes for record in scope["logRecords"]]


def nanoseconds_of(time: str) -> int:
    """Return a line's moment as Unix nanoseconds, 0, "unknown", where it is none."""
    whole, _, rest = time[:-1].partition(".")
    day, _, clock = whole.partition("T")
    try:
        parts = *map(int, day.split("-")), *map(int, clock.split(":"))
        return max(calendar.timegm(parts) * 10**9 + int(rest or 0) * 1000, 0)
    except ValueError:
        return 0


def _shared(line: Mapping[str, Any]) -> dict[str, Any]:
    payload = line.get("payload", {})
    facts = {_free(name): payload[name] for name in payload if name not in OF_THE_EVENT}
    return {"service.name": line["product"], "v": line["v"], **facts}


def _free(name: str) -> str:
    return PAYLOAD + name if name in RESERVED else name


def _record(line: Mapping[str, Any]) -> dict[str, Any]:
    at = str(nanoseconds_of(line["time"]))
    payload = line.get("payload", {})
    own = {name: line[name] for name in ("id", "kept", LOST) if name in line}
    own.update((name, value) for name, value in payload.items() if name in OF_THE_EVENT)
    return {
        "timeUnixNano": at,
        "observedTimeUnixNano": at,
        "eventName": payload.get("event", LOST),
        "attributes": _attributes(own),
    }


def _resource_logs(shared: Mapping[str, Any], records: list[dict[str, Any]]) -> dict[str, Any]:
    scope_logs = {"scope": {"name": SCOPE}, "logRecords": records}
    return {"resource": {"attributes": _attributes(shared)}, "scopeLogs": [scope_logs]}


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    """Return an AnyValue; a number of 64 bits is text in OTLP's JSON."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _attributes(value)}}
    return {"stringValue": value}
