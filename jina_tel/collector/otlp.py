"""OTLP/HTTP logs, as an SDK or an OpenTelemetry Collector sends them, mapped to our lines.

A record is an event, or a ledger line if it has the attribute ``lost``. Its attributes and those of
its resource bear the names that they have on our wire; what a schema does not declare, as the
attributes that SDKs add by themselves, is left out and stored nowhere::

    product    the attribute "product", else "service.name"
    event      the record's EventName, else the attribute "event"
    time       the record's time, else when it was observed
    id         the attribute "id", else a hash of all that is taken of the record

Our client's ``otlp+https://`` writes such records, and calls a fact that would bear one of those
names ``payload.`` and that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

import msgspec

from ..transports.otlp import PAYLOAD, RESERVED
from .decode import Batch
from .refusals import RefusedError

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
ID_BYTES = 16


class Record(NamedTuple):
    """One log record: its attributes over its resource's, and what stands beside them."""

    attributes: Mapping[str, Any]
    event: str
    nanoseconds: int


class Encoding(Protocol):
    """One of the two ways in which OTLP/HTTP is written."""

    media_type: str

    def records(self, body: bytes) -> Iterator[Record]:
        """Yield each record; raises ValueError where the body is none of OTLP."""
        ...

    def answer(self, rejected: int, why: str) -> bytes:
        """Return the answer to a request of which so many records were rejected."""
        ...


class AnyValue(msgspec.Struct, rename="camel"):
    """A value; a double, an array or bytes is none of ours, and comes out as None."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | str | None = None
    kvlist_value: KeyValues | None = None

    def plain(self) -> Any:
        """Return the value as Python has it."""
        if self.kvlist_value is not None:
            return attributes_of(self.kvlist_value.values)
        if isinstance(self.int_value, str):
            return int(self.int_value)
        given = (self.string_value, self.bool_value, self.int_value)
        return next((value for value in given if value is not None), None)


class KeyValue(msgspec.Struct):
    """An attribute."""

    key: str
    value: AnyValue | None = None


class KeyValues(msgspec.Struct):
    """A value of several."""

    values: list[KeyValue] = []


class LogRecord(msgspec.Struct, rename="camel"):
    """A record."""

    attributes: list[KeyValue] = []
    event_name: str = ""
    time_unix_nano: int | str = 0
    observed_time_unix_nano: int | str = 0


class ScopeLogs(msgspec.Struct, rename="camel"):
    """The records of one scope."""

    log_records: list[LogRecord] = []


class Resource(msgspec.Struct):
    """What all records of one sender share."""

    attributes: list[KeyValue] = []


class ResourceLogs(msgspec.Struct, rename="camel"):
    """The records of one resource."""

    resource: Resource | None = None
    scope_logs: list[ScopeLogs] = []


class Request(msgspec.Struct, rename="camel"):
    """An ExportLogsServiceRequest."""

    resource_logs: list[ResourceLogs] = []


def attributes_of(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """Return attributes by their name."""
    return {pair.key: pair.value.plain() for pair in pairs if pair.value is not None}


class Json:
    """OTLP as JSON: 64-bit numbers may be text, names are in lowerCamelCase."""

    media_type = "application/json"

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Request).decode

    def records(self, body: bytes) -> Iterator[Record]:
        """Yield each record."""
        for logs in self._decode(body).resource_logs:
            shared = attributes_of(logs.resource.attributes if logs.resource else ())
            for scope in logs.scope_logs:
                for record in scope.log_records:
                    at = int(record.time_unix_nano) or int(record.observed_time_unix_nano)
                    own = attributes_of(record.attributes)
                    yield Record({**shared, **own}, record.event_name, at)

    def answer(self, rejected: int, why: str) -> bytes:
        """Return an ExportLogsServiceResponse."""
        partial = {"rejectedLogRecords": str(rejected), "errorMessage": why}
        return msgspec.json.encode({"partialSuccess": partial} if rejected else {})


class Protobuf:
    """OTLP as protobuf; its classes are loaded with the first request."""

    media_type = "application/x-protobuf"

    def records(self, body: bytes) -> Iterator[Record]:
        """Yield each record."""
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

        try:
            request = ExportLogsServiceRequest.FromString(body)
        except DecodeError as error:
            raise ValueError(str(error)) from error
        for logs in request.resource_logs:
            shared = _plain_pairs(logs.resource.attributes)
            for scope in logs.scope_logs:
                for record in scope.log_records:
                    at = record.time_unix_nano or record.observed_time_unix_nano
                    own = _plain_pairs(record.attributes)
                    yield Record({**shared, **own}, record.event_name, at)

    def answer(self, rejected: int, why: str) -> bytes:
        """Return an ExportLogsServiceResponse."""
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
            ExportLogsPartialSuccess,
            ExportLogsServiceResponse,
        )

        partial = ExportLogsPartialSuccess(rejected_log_records=rejected, error_message=why)
        answer = ExportLogsServiceResponse(partial_success=partial if rejected else None)
        content: bytes = answer.SerializeToString()
        return content


def _plain_pairs(pairs: Any) -> dict[str, Any]:
    return {pair.key: _plain(pair.value) for pair in pairs}


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "kvlist_value":
        return _plain_pairs(value.kvlist_value.values)
    return getattr(value, kind) if kind in ("string_value", "bool_value", "int_value") else None


ENCODINGS: dict[str, Encoding] = {one.media_type: one for one in (Json(), Protobuf())}


def lines_of(
    encoding: Encoding, body: bytes, fields: Mapping[str, frozenset[str]], most: int
) -> list[bytes]:
    """Return a line of ours for each record of a request.

    Args:
        encoding: how the body is written.
        body: of the request.
        fields: what the payload of each product may hold.
        most: so many records, and no more.

    Raises:
        RefusedError: the body is none of OTLP, or holds more.
    """
    lines = []
    try:
        for record in encoding.records(body):
            lines.append(line_of(record, fields))
            if len(lines) > most:
                raise RefusedError(413, f"over {most} records")
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, f"no OTLP logs: {str(error)[:200]}") from error
    return lines


def line_of(record: Record, fields: Mapping[str, frozenset[str]]) -> bytes:
    """Return the line that says what the record says; whether it holds is for the decoder."""
    given = record.attributes
    product = given.get("product", given.get("service.name"))
    known = fields.get(product, frozenset()) if isinstance(product, str) else frozenset()
    line: dict[str, Any] = {"time": _time(record.nanoseconds), "product": product, "v": 1}
    if "lost" in given:
        line["lost"] = given["lost"]
    else:
        payload = {
            name.removeprefix(PAYLOAD): value
            for name, value in given.items()
            if name not in RESERVED and name.removeprefix(PAYLOAD) in known
        }
        line["payload"] = {**payload, "event": record.event or given.get("event")}
        line |= {"kept": False} if given.get("kept") is False else {}
    line["id"] = given.get("id") or _id(line, record.nanoseconds)
    return msgspec.json.encode(line)


def _time(nanoseconds: int) -> str:
    try:
        at = EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return f"{nanoseconds} ns"
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _id(line: Mapping[str, Any], nanoseconds: int) -> str:
    """Return what is the same whenever the same record is sent again."""
    content = msgspec.json.encode([line, str(nanoseconds)], order="sorted")
    return blake2b(content, digest_size=ID_BYTES).hexdigest()


def answer(encoding: Encoding, batch: Batch) -> bytes:
    """Return what a sender is told: how many records were rejected, and why the first was."""
    why = f"record {batch.rejected[0].line}: {batch.rejected[0].why}" if batch.rejected else ""
    return encoding.answer(batch.rejected_count, why)
