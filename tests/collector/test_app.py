"""What is taken in over HTTP, what is forgotten, and what the collector says of itself."""

from __future__ import annotations

import gzip
import json
import os

import pytest
from backports import zstd
from collecting import NDJSON, body_of, line, now, uid_of, wait_until
from starlette.testclient import TestClient

from jina_tel import identity, schema
from jina_tel.collector import page
from jina_tel.collector.app import (
    REMAINS_FORWARDED,
    REMAINS_IN_FILE,
    REMAINS_ON_SERVERS,
    create,
    remains_of,
)
from jina_tel.collector.intake import Intake
from jina_tel.collector.metrics import Metrics
from jina_tel.collector.options import Options
from jina_tel.collector.page import PageOptions
from jina_tel.collector.segments import Segments
from jina_tel.collector.store import open_store
from jina_tel.facts import Choice
from jina_tel.jina import JINA
from jina_tel.settings import Settings
from jina_tel.transports.http import rejected_in


def test_accepted_lines_are_counted_and_each_rejected_one_is_named(collector):
    said = collector.post(line(), line(event="a <script>"), line(), b"{")

    assert 202 == said.status
    assert 2 == said.json["accepted"]
    assert [2, 4] == [one["line"] for one in said.json["rejected"]]
    assert said.json["rejected"][0]["why"].startswith("payload.event: ")
    assert 2 == said.json["rejected_count"]


@pytest.mark.parametrize("good", [0, 1])
def test_of_many_rejected_lines_the_first_are_named_and_all_are_counted(collector, good):
    said = collector.post(*[line()] * good, *[b'{"product":"jina","x":1}'] * 9_999)

    assert [*range(good + 1, good + 101)] == [one["line"] for one in said.json["rejected"]]
    assert 9_999 == said.json["rejected_count"] == rejected_in(said.body)
    assert 9_999 == collector.metric("lines_rejected_total", product="jina")
    assert len(said.body) < 20_000


@pytest.mark.parametrize("path", ["/", "/report.json", "/chart/weekly.csv"])
def test_where_the_store_does_not_answer_the_page_says_when_to_come_again(tmp_path, path):
    store = open_store(str(tmp_path / "usage.duckdb"))
    store.close()
    intake = Intake(Segments(tmp_path / "segments"), store, Metrics(), keep_seconds=1.0)
    options = Options(store.path, tmp_path, schemas=(schema.json_schema([JINA.settings]),))
    app = create(options, intake, page.routes(store, PageOptions()), lambda: None)
    said = TestClient(app, base_url="http://127.0.0.1").get(path)

    assert (503, "30") == (said.status_code, said.headers["Retry-After"])
    assert said.json()["error"].startswith("the store does not answer now: ")


def test_what_was_accepted_is_in_the_store(collector):
    collector.post(line("one"), line("two"))
    collector.post(line("three"))
    collector.stop()

    assert ["one", "three", "two"] == collector.ids()


def test_what_was_accepted_is_there_after_a_kill(collector):
    collector.post(line("one"))
    collector.kill()
    collector.start().stop()

    assert ["one"] == collector.ids()


def test_an_id_counts_once_in_a_batch_and_across_batches_and_restarts(collector):
    collector.post(line("same"), line("same"), line("other"))
    collector.post(line("same"))
    collector.stop()
    collector.start().post(line("same"))
    wait_until(lambda: collector.metric("events_duplicate_total"))
    collector.stop()

    assert ["other", "same"] == collector.ids()


def test_duplicates_stand_in_the_metrics(collector):
    collector.post(line("same"), line("same"))
    collector.post(line("same"))
    wait_until(lambda: collector.metric("events_duplicate_total") == 2)

    assert 1 == collector.metric("events_loaded_total")
    assert 3 == collector.metric("lines_accepted_total", product="jina")


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "zstd", "GZIP"])
def test_every_encoding(collector, encoding):
    pack = {"gzip": gzip.compress, "zstd": zstd.compress}.get(encoding.lower(), bytes)
    headers = {"Content_Encoding": encoding} if encoding else {}
    said = collector.ask(
        "POST", "/v1/events", pack(body_of(line())), Content_Type=NDJSON, **headers
    )

    assert (202, 1) == (said.status, said.json["accepted"])


def test_a_ledger_line_is_taken(collector):
    lost = {"id": "l1", "time": now(), "product": "jina", "v": 1, "lost": {"too_many": 3}}

    assert {"accepted": 1, "rejected": [], "rejected_count": 0} == collector.post(lost).json


def test_another_product_is_known_by_its_schema(collectors, tmp_path):
    acme = Settings("acme", ("numpy",), facts={"mode": Choice(("a", "b"), str, why="")})
    path = tmp_path / "acme.json"
    path.write_text(json.dumps(schema.json_schema([acme])))
    collector = collectors("--schema", str(path))
    payload = {"event": "Engine.start", "uid": 1, "numpy": "2.0", "mode": "b"}
    good = {"id": "a", "time": now(), "product": "acme", "v": 1, "payload": payload}
    bad = {**good, "payload": {**payload, "mode": "c"}}
    said = collector.post(good, bad, line())

    assert (2, [2]) == (said.json["accepted"], [one["line"] for one in said.json["rejected"]])


def test_forget_removes_every_row_of_the_uid_and_no_other(collector):
    secret = os.urandom(identity.SECRET_BYTES)
    mine = [line(f"mine-{n}", uid=uid_of(secret)) for n in range(3)]
    collector.post(*mine[:2], line("other"))
    wait_until(lambda: collector.metric("events_loaded_total") == 3)
    collector.post(mine[2])

    remains = "bytes in the store's file, until it is written anew"

    assert {"deleted": 3, "remains": remains} == collector.forget(secret).json
    assert {"deleted": 0, "remains": remains} == collector.forget(secret).json

    assert b"" == b"".join(file.read_bytes() for file in collector.segments.glob("*.ndjson"))
    collector.stop()
    assert ["other"] == collector.ids()


@pytest.mark.parametrize(
    ("store", "forward", "remains"),
    [
        ("usage.duckdb", None, REMAINS_IN_FILE),
        ("clickhouse://a@b/c", None, REMAINS_ON_SERVERS),
        ("usage.duckdb", "kafka", f"{REMAINS_IN_FILE}; {REMAINS_FORWARDED}"),
    ],
)
def test_what_remains_of_a_uid_is_said(tmp_path, store, forward, remains):
    assert remains == remains_of(Options(store, tmp_path, forward=forward))


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[", b'{"product": "jina", "secret": "00"}', b'{"product": "' + b"x" * 99],
    ids=["empty", "nothing", "torn", "short", "long"],
)
def test_forget_without_a_proof_is_refused(collector, body):
    said = collector.ask("POST", "/v1/forget", body, Content_Type="application/json")

    assert (400, True) == (said.status, "64 hexadecimal digits" in said.json["error"])


def test_it_says_that_all_is_well(collector):
    said = collector.ask("GET", "/healthz")

    assert (200, {"problem": None}) == (said.status, said.json)


def test_a_stopped_product_is_gone(collectors):
    collector = collectors("--stop", "acme")
    acme = {"id": "a", "product": "acme", "anything": [1]}

    assert 410 == collector.post(acme).status
    assert 202 == collector.post(acme, line()).status
    assert 202 == collector.post(line()).status


def test_nothing_of_the_sender_is_stored(collector):
    headers = {"User_Agent": "Mozilla-of-a-person", "X_Forwarded_For": "203.0.113.77"}
    collector.post(line(), **headers)
    collector.stop()
    kept = [path.read_bytes() for path in collector.store.parent.rglob("*") if path.is_file()]

    assert not any(b"Mozilla-of-a" in content or b"203.0.113" in content for content in kept)


def test_what_a_write_token_is_for(collectors):
    collector = collectors(JINA_TEL_COLLECTOR_TOKEN="t0ken")

    assert 401 == collector.post(line()).status
    assert 401 == collector.post(line(), Authorization="Bearer other").status
    assert 202 == collector.post(line(), Authorization="Bearer t0ken").status


def test_an_unknown_page_and_a_wrong_method_are_refused_in_json(collector):
    answers = [collector.ask("GET", "/v1/nothing"), collector.ask("GET", "/v1/events")]

    assert [404, 405] == [said.status for said in answers]
    assert all(said.json["error"] for said in answers)
