"""What the client sends over OTLP, read by the reference and passed on by another's collector.

The reference is ``opentelemetry-proto``. The collector is Rotel, an OpenTelemetry Collector in Rust
whose package brings its binary: it takes OTLP/HTTP in JSON and passes it on in protobuf.
"""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path

import otlp
import pytest
from collecting import FACTS, wait_until
from commands import command, wait_here
from foreign import Rotel
from google.protobuf.json_format import Parse
from hypothesis import given, settings
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from support import ROOT

from jina_tel import sent
from jina_tel.jina import JINA
from jina_tel.packing import Packer
from jina_tel.transports.otlp import ENCODING, encode

GOLDEN = ROOT / "tests" / "data" / "otlp-logs.json"


def request_of(body: bytes) -> ExportLogsServiceRequest:
    """Return a body as the reference reads it; a field that it does not know raises."""
    return Parse(body, ExportLogsServiceRequest())


def said_by(request: ExportLogsServiceRequest) -> list[dict]:
    """Return the lines that a request says, in no order."""
    found = []
    for logs in request.resource_logs:
        shared = plain_pairs(logs.resource.attributes)
        for scope in logs.scope_logs:
            assert scope.scope.name == "jina_tel"
            found += [line_of(record, dict(shared)) for record in scope.log_records]
    return found


def line_of(record, shared: dict) -> dict:
    own = plain_pairs(record.attributes)
    line = {"id": own.pop("id"), "time": otlp.time_of(str(record.time_unix_nano))}
    line |= {"product": shared.pop("service.name"), "v": shared.pop("v")}
    line |= {"kept": own.pop("kept")} if "kept" in own else {}

    assert record.event_name == own.get("event", "lost")
    assert record.observed_time_unix_nano == record.time_unix_nano

    if "lost" in own:
        return {**line, "lost": own["lost"]}
    facts = {name.removeprefix("payload."): value for name, value in shared.items()}
    return {**line, "payload": {**facts, **own}}


def plain_pairs(pairs) -> dict:
    return {pair.key: plain(pair.value) for pair in pairs}


def plain(value):
    kind = value.WhichOneof("value")
    return (
        plain_pairs(value.kvlist_value.values) if kind == "kvlist_value" else getattr(value, kind)
    )


@settings(max_examples=100)
@given(otlp.LINES)
def test_a_batch_decodes_with_the_reference_and_all_of_it_is_there(lines):
    assert otlp.by_content(lines) == otlp.by_content(
        said_by(request_of(encode(otlp.ndjson(lines))))
    )


def test_the_golden_body_decodes_with_the_reference():
    request = request_of(GOLDEN.read_bytes())
    records = [len(scope.log_records) for one in request.resource_logs for scope in one.scope_logs]

    assert [2, 1] == records
    assert 3 == len(said_by(request))


@pytest.fixture
def collector(collectors):
    return collectors()


@pytest.fixture
def foreign(tmp_path, collector):
    with Rotel(tmp_path, f"http://127.0.0.1:{collector.port}") as rotel:
        yield rotel


def test_events_go_through_somebody_else_s_collector_into_ours(collector, foreign):
    journal = wait_here(250, foreign.endpoint)

    assert 0 == command("send").code

    wait_until(lambda: collector.metric("events_loaded_total") == 250)
    exported = collector.ask("GET", "/export/events.ndjson").body.splitlines()
    [name] = sent.names(journal.folder)
    left = gzip.decompress(Path(journal.folder, "sent", name).read_bytes())

    assert to_the_second(otlp.said_by(left)) == to_the_second(map(json.loads, exported))
    assert set(FACTS) == set(json.loads(exported[0])["payload"])


def to_the_second(lines) -> list[str]:
    """Return lines as a store of ours keeps them."""
    return otlp.by_content({**line, "time": line["time"][:19]} for line in lines)


def test_what_a_client_lost_goes_through_too(collector, foreign):
    journal = wait_here(1, foreign.endpoint)
    lost = {"id": "c0-1", "time": "2026-01-31T12:00:00Z", "product": "jina", "v": 1}
    journal.append(json.dumps({**lost, "lost": {"too_many": 3}}).encode() + b"\n", 1 << 30)

    assert 0 == command("send").code

    wait_until(lambda: collector.metric("events_lost_total", product="jina", why="too_many") == 3)


def test_the_program_that_was_killed_and_sends_again_counts_once(collector, foreign):
    journal = wait_here(20, foreign.endpoint)
    waiting = Path(journal.folder, "events.jsonl").read_bytes()

    assert 0 == command("send").code

    wait_until(lambda: collector.metric("events_loaded_total") == 20)
    descriptor = os.open(Path(journal.folder, "events.jsonl"), os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, waiting)
    os.close(descriptor)

    assert 0 == command("send").code

    wait_until(lambda: collector.metric("events_duplicate_total") == 20)
    assert 20 == collector.metric("events_loaded_total")


def test_json_is_no_larger_than_protobuf_once_it_is_gzipped():
    journal = wait_here(1000, "otlp+http://127.0.0.1:9")
    [part] = journal.parts()
    packer = Packer(JINA.settings, 3115562092531092, kept=True, encoding=ENCODING)
    body, _ = packer.pack(part.read(1000, 1 << 30)[0], time.time())
    protobuf = request_of(body.content).SerializeToString()

    assert 1000 == body.line_count
    assert len(body.gzipped) < 1.05 * len(gzip.compress(protobuf, 6))
