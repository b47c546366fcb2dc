"""OTLP logs, as the OpenTelemetry SDK sends them and as any sender may."""

from __future__ import annotations

import gzip
import json
import time

import pytest
from collecting import FACTS, wait_until
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

JSON, PROTOBUF = "application/json", "application/x-protobuf"
OWN = {"event", "session-id", "uid"}
SHARED = {name: value for name, value in FACTS.items() if name not in OWN}


def value_of(value) -> dict:
    """Return a value as OTLP's JSON has it: a whole number of 64 bits is text."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": attributes(value)}}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def attributes(given: dict) -> list[dict]:
    return [{"key": name, "value": value_of(value)} for name, value in given.items()]


def record(at: float | None = None, event: str = "Flow.start", **given) -> dict:
    nanoseconds = int((time.time() if at is None else at) * 1e9)
    named = {name.replace("_", "-"): value for name, value in {"uid": 1, **given}.items()}
    return {
        "timeUnixNano": str(nanoseconds),
        "eventName": event,
        "attributes": attributes(named),
        "severityNumber": 9,
        "traceId": "5b8efff798038103d269b633813fc60c",
    }


def request(*records: dict, **resource) -> bytes:
    """Return a request in JSON; the resource is that of a sender that is the product jina."""
    shared = attributes({"service.name": "jina", "host.name": "a-person's", **SHARED, **resource})
    scope = {"scope": {"name": "x"}, "logRecords": [*records]}
    logs = [{"resource": {"attributes": shared}, "scopeLogs": [scope]}]
    return json.dumps({"resourceLogs": logs}).encode()


def protobuf(*records: dict) -> bytes:
    """Return a request in protobuf, by the reference's own way."""
    from google.protobuf.json_format import Parse

    text = request(*records).replace(
        b"5b8efff798038103d269b633813fc60c", b"W47/95gDgQPSabYzgT/GDA=="
    )
    return Parse(text, ExportLogsServiceRequest()).SerializeToString()


def send(collector, body: bytes, kind: str = JSON, **headers):
    return collector.ask("POST", "/v1/logs", body, Content_Type=kind, **headers)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(("make", "kind"), [(request, JSON), (protobuf, PROTOBUF)], ids=["J", "P"])
def test_records_become_events(collector, make, kind, pack):
    encoding = {"Content_Encoding": "gzip"} if pack is gzip.compress else {}
    said = send(collector, pack(make(record(id="a1"), record(id="a2"))), kind, **encoding)

    assert (200, kind) == (said.status, said.headers["Content-Type"])
    assert b"" == said.body.strip(b"{}")

    collector.stop()
    assert ["a1", "a2"] == collector.ids()


def test_what_the_sdk_sends_is_stored_and_a_resend_counts_once(collector):
    url = collector.url.replace("events", "logs")
    provider = LoggerProvider(Resource({"service.name": "jina", **SHARED}))
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(url)))
    at = time.time_ns()
    for _ in range(2):
        for uid in range(3):
            logger = provider.get_logger("flow")
            logger.emit(LogRecord(timestamp=at, event_name="Flow.start", attributes={"uid": uid}))
        assert provider.force_flush()
    provider.shutdown()

    wait_until(lambda: collector.metric("events_duplicate_total") == 3)
    collector.stop()
    assert 3 == len(collector.ids())


def test_what_no_schema_declares_is_left_out(collector):
    send(collector, request(record(id="one", user_text="a-person's"), more="a-person's"))
    collector.stop()
    kept = [path.read_bytes() for path in collector.store.parent.iterdir() if path.is_file()]

    assert ["one"] == collector.ids()
    assert not any(b"a-person" in content for content in kept)


def test_a_ledger_and_a_uid_that_is_not_kept(collector):
    lost = record(id="l1", lost={"too_many": 3})
    said = send(collector, request(lost, record(id="e1", kept=False)))

    assert (200, {}) == (said.status, said.json)

    collector.stop()
    assert ["e1"] == collector.ids()


@pytest.mark.parametrize(("make", "kind"), [(request, JSON), (protobuf, PROTOBUF)], ids=["J", "P"])
def test_a_partial_success_says_how_many_and_why(collector, make, kind):
    said = send(collector, make(record(), record(uid="x"), record(at=4e9)), kind)
    if kind == JSON:
        partial = said.json["partialSuccess"]
        rejected, why = int(partial["rejectedLogRecords"]), partial["errorMessage"]
    else:
        partial = ExportLogsServiceResponse.FromString(said.body).partial_success
        rejected, why = partial.rejected_log_records, partial.error_message

    assert (200, 2) == (said.status, rejected)
    assert why.startswith("record 2: payload.uid: ")


def test_a_partial_success_counts_also_the_records_that_it_would_not_name(collector):
    said = send(collector, request(record(), *(record(uid="x") for _ in range(300))))

    assert "300" == said.json["partialSuccess"]["rejectedLogRecords"]


BAD = {
    "no JSON": (400, b"{", JSON),
    "no request": (400, b'{"resourceLogs": 3}', JSON),
    "no protobuf": (400, b"\xff\xff\xff", PROTOBUF),
    "a huge number": (422, request(record(uid=10**30)), JSON),
    "a number of words": (
        400,
        request(record()).replace(b'"intValue": "1"', b'"intValue": "x"'),
        JSON,
    ),
    "nobody's product": (422, request(record(), product="nobody"), JSON),
    "another type": (415, request(record()), "text/plain"),
    "10 k records": (
        413,
        b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + b"{}," * 10_001 + b"{}]}]}]}",
        JSON,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_with_a_reason(collector, name):
    status, body, kind = BAD[name]
    said = send(collector, body, kind)

    assert (status, True) == (said.status, bool(said.json["error"]))


def test_a_request_without_records_is_good(collector):
    assert (200, {}) == ((said := send(collector, b"{}")).status, said.json)
    assert (200, b"") == send(collector, b"", PROTOBUF)[::2]
