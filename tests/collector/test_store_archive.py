"""What is taken out of a store: all that came, as it came, whatever the store's engine."""

from __future__ import annotations

import json

import duckdb
import pytest
from collecting import line
from usage import DAY, FACTS, MONDAY, UPTIME, fresh, row

from jina_tel import identity
from jina_tel.collector.rows import Rows
from jina_tel.collector.store import open_store
from jina_tel.collector.store.archive import ALWAYS, ndjson

UPTIMES = [
    "2026-01-05T09:00:00.123456",
    "2026-01-05T09:00:00",
    "(unset)",
    "2026-02-31T00:00:00.000000",
]


@pytest.fixture
def store():
    opened = fresh()
    yield opened
    opened.close()


def lines_of(store, **bounds) -> list[dict]:
    return [json.loads(one) for one in b"".join(ndjson(store, {**ALWAYS, **bounds})).splitlines()]


@pytest.mark.parametrize("uptime", UPTIMES)
def test_every_fact_comes_out_as_it_went_in(store, uptime):
    store.load([row("a", uptime=uptime, uid=7, kept=False)], [])
    session = identity.session_id("a")
    payload = {**FACTS, "uptime": uptime, "event": "Flow.start", "uid": 7, "session-id": session}

    assert [
        {
            "id": "a",
            "time": "2026-01-05T00:00:00Z",
            "product": "jina",
            "v": 1,
            "kept": False,
            "payload": dict(sorted(payload.items())),
        }
    ] == lines_of(store)


def test_a_session_of_its_own_is_kept(store):
    store.load([row("a", session="0000")], [])

    assert "0000" == lines_of(store)[0]["payload"]["session-id"]


def test_lines_that_came_out_may_go_in_again(store):
    came = Rows([json.dumps(line("a", time="2026-01-05T00:00:00Z", kept=False)).encode()])
    store.load(came.events, [])
    again = Rows(b"".join(ndjson(store)).splitlines())

    assert came.events == again.events

    store.load(again.events, [])

    assert 1 == len(lines_of(store))


def test_an_export_has_the_days_that_were_asked_for(store):
    store.load([row(f"{day}", at=MONDAY + day * DAY) for day in range(5)], [])
    bounds = {"since": MONDAY + DAY, "until": MONDAY + 3 * DAY}

    assert ["1", "2"] == [one["id"] for one in lines_of(store, **bounds)]


def test_many_events_of_one_moment_all_come_out(store):
    store.load([row(f"{number:06}") for number in range(120_001)], [])

    assert [f"{number:06}" for number in range(120_001)] == [one["id"] for one in lines_of(store)]


def test_a_table_of_parquet_has_a_column_for_each_fact(store, tmp_path):
    odd = {"a'b\"c/d~e": "x", "cores": 4}
    store.load([row("a", **odd), row("b", uid=2, product="acme")], [])
    path = str(tmp_path / "it's.parquet")
    store.parquet(path, {**ALWAYS, "product": "jina"})
    found = duckdb.from_parquet(path)

    assert [("a", "3.11.7", "x", "4", UPTIME)] == found.project(
        'id, python, "a\'b""c/d~e", cores, uptime'
    ).fetchall()


def test_a_copy_is_a_store(store, tmp_path):
    store.load([row("a"), row("b")], [])
    path = str(tmp_path / 'a "copy".duckdb')
    store.copy(path)
    store.load([row("c")], [])
    copy = open_store(path)

    assert ["a", "b"] == [one["id"] for one in lines_of(copy)]
    assert 1 == copy.load([row("b"), row("d")], [])

    copy.close()
