"""What holds of a DuckDB file: it is one process's, it knows its resends, and copies are whole."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_store_load import ROWS, WEEK
from usage import MONDAY, counts_in, counts_of, fresh, row, slow

from jina_tel.collector.errors import StoreBusyError, StoreError
from jina_tel.collector.store import open_store


@pytest.fixture
def store(tmp_path):
    opened = open_store(str(tmp_path / "usage.duckdb"))
    yield opened
    opened.close()


def test_a_load_says_how_many_rows_were_new(store):
    assert 2 == store.load([row("a"), row("b")], [])
    assert 1 == store.load([row("b"), row("c")], [])


def test_an_id_counts_once_though_its_time_and_all_else_differ(store):
    store.load([row("a")], [])

    assert 0 == store.load([row("a", at=MONDAY + 9 * WEEK, uid=7, event="Else.start")], [])


def test_an_id_counts_once_after_the_store_was_opened_again(tmp_path):
    path = str(tmp_path / "usage.duckdb")
    for new in (1, 0, 0):
        opened = open_store(path)

        assert new == opened.load([row("a")], [])

        opened.close()


@slow(20)
@given(batches=st.lists(st.lists(ROWS, max_size=12), max_size=6))
def test_the_first_of_an_id_counts_whatever_else_the_others_say(batches):
    store, came = fresh(), list(itertools.chain(*batches))
    new = sum(store.load(batch, []) for batch in batches)

    assert len({one.id for one in came}) == new
    assert counts_of(came) == counts_in(store)


def test_of_a_uid_that_is_forgotten_no_table_has_a_row(store):
    store.load([row("a"), row("b", uid=2)], [])
    store.forget("jina", 1)
    tables = ("events", "activity", "uses", "installs")

    assert [[(2,)]] * 4 == [store.rows(f"SELECT uid FROM {table}", {}) for table in tables]


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
