"""What is taken out of a store: all that came, as it came, while more comes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import duckdb
import pytest
from collecting import line
from usage import DAY, FACTS, MONDAY, row

from jina_tel import identity
from jina_tel.collector.errors import StoreBusyError, StoreError
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
def store(tmp_path):
    opened = open_store(str(tmp_path / "usage.duckdb"))
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
    store.load([row("a", session_id="0000")], [])

    assert "0000" == lines_of(store)[0]["payload"]["session-id"]


def test_lines_that_came_out_may_go_in_again(store):
    came = Rows([json.dumps(line("a", time="2026-01-05T00:00:00Z", kept=False)).encode()])
    store.load(came.events, [])
    again = Rows(b"".join(ndjson(store)).splitlines())

    assert came.events == again.events
    assert 0 == store.load(again.events, [])


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

    assert [("a", "3.11.7", "x", "4", FACTS["uptime"])] == found.project(
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


def test_a_copy_that_is_made_while_more_comes_agrees_with_itself(store, tmp_path):
    store.load([row(f"first-{number}", uid=number) for number in range(20_000)], [])
    stop = threading.Event()

    def load_on():
        number = 0
        while not stop.is_set():
            store.load([row(f"{number}-{one}", uid=one) for one in range(100)], [])
            number += 1

    writer = threading.Thread(target=load_on)
    writer.start()
    try:
        copies = [str(tmp_path / f"{number}.duckdb") for number in range(5)]
        for path in copies:
            store.copy(path)
    finally:
        stop.set()
        writer.join()
    for path in copies:
        copy = open_store(path)
        [(events, starts, active, counted)] = copy.rows(
            "SELECT (SELECT count(*) FROM events), (SELECT sum(starts) FROM tallies),"
            " (SELECT count(*) FROM activity), (SELECT sum(installs) FROM actives)",
            {},
        )
        copy.close()

        assert (events, active) == (starts, counted)
        assert 0 == events % 100


def test_another_process_is_told_that_the_store_is_taken(store, tmp_path):
    script = """if True:
        import sys
        from jina_tel.collector.store import open_store
        try:
            open_store(sys.argv[1])
        except Exception as error:
            print(type(error).__name__)
    """
    said = subprocess.run(
        [sys.executable, "-c", script, store.path], capture_output=True, text=True, check=True
    )

    assert StoreBusyError.__name__ == said.stdout.strip()


def test_a_file_that_is_no_store_is_left_as_it_is(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a store, and longer than a header would be " * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a DuckDB file"):
        open_store(str(path))

    assert before == path.read_bytes()


def test_a_file_of_another_programs_tables_is_left_as_it_is(tmp_path):
    path = str(tmp_path / "theirs.duckdb")
    with duckdb.connect(path) as theirs:
        theirs.execute("CREATE TABLE theirs (a INTEGER)")
    with pytest.raises(StoreError, match="not a store of this version"):
        open_store(path)
    with duckdb.connect(path) as theirs:
        assert [("theirs",)] == theirs.execute("SELECT table_name FROM duckdb_tables()").fetchall()


def test_a_place_that_cannot_be_written_is_an_error_of_the_store():
    with pytest.raises(StoreError, match="/proc/nowhere"):
        open_store("/proc/nowhere/usage.duckdb")
