"""``jina-tel store`` and the others on a server: made, looked at, moved there and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import islice
from random import Random

import duckdb
import pytest
from collecting import wait_until
from demo_data import World
from engine import PASSWORD
from terminal import CLI, Terminal
from usage import DAY, MONDAY, row

from jina_tel.collector.errors import StoreError
from jina_tel.collector.store import Loss, open_store, queries, transfer
from jina_tel.collector.store.duck import DuckStore

EVENTS = 6_000
LARGE = 150_000  # which takes several batches
COUNT = "SELECT count(*) FROM events"


def command(*words: str, code: int = 0) -> str:
    argv = [sys.executable, "-m", "jina_tel", *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=500)

    assert code == done.returncode, done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr

    return done.stdout + done.stderr


def fill(path: str, events: int = EVENTS) -> None:
    """Fill a file with some weeks of invented usage, resends and losses."""
    store = DuckStore(path, lambda: MONDAY + 30 * DAY)
    rows = list(islice(World(40 * events, events, MONDAY // DAY + 300, 1).rows(), events))
    losses = [Loss(f"l{n}", rows[n].at, "jina", {"too_old": n, "full": 1}) for n in range(50)]
    store.load(rows, losses)
    store.load(Random(1).sample(rows, 100), losses)
    store.close()


@pytest.fixture
def file(tmp_path):
    path = str(tmp_path / "usage.duckdb")
    fill(path)
    return path


def answers(store: str) -> dict[str, list]:
    opened = open_store(store, PASSWORD)
    given = {"product": "jina", "version": "", "ci": "in", "since": 0, "until": 9999, "first": 0}
    given |= {"last": 99_999, "week": MONDAY // DAY // 7 + 3, "before": 0}
    names = ("WEEKLY", "ADOPTION", "EVENTS", "OUTCOMES", "RETENTION", "INTAKE", "LOSSES")
    try:
        return {name: opened.rows(getattr(queries, name), given) for name in names}
    finally:
        opened.close()


def test_a_copy_to_a_server_and_back_answers_as_the_file_does(file, address, tmp_path):
    back = str(tmp_path / "back.duckdb")
    there = json.loads(command("store", "copy", file, address, "--json"))
    again = json.loads(command("store", "copy", address, back, "--json"))

    assert (EVENTS, EVENTS) == (there["events"], again["events"])
    assert answers(file) == answers(address) == answers(back)
    assert (file, address) == (there["store"], there["target"])

    with duckdb.connect(file) as one, duckdb.connect(back) as other:
        for table in ("events", "environments", "losses", "intake"):
            text = f"SELECT * FROM {table} ORDER BY ALL"

            assert one.execute(text).fetchall() == other.execute(text).fetchall()


def test_a_copy_that_was_killed_goes_on_where_it_was(tmp_path, address):
    file = str(tmp_path / "large.duckdb")
    fill(file, LARGE)
    copying = subprocess.Popen([sys.executable, "-m", "jina_tel", "store", "copy", file, address])
    target = open_store(address, PASSWORD)
    wait_until(lambda: target.rows(COUNT, {})[0][0] or copying.poll() is not None)
    copying.kill()
    copying.wait()
    part = target.rows(COUNT, {})[0][0]

    assert 0 < part < LARGE
    command("store", "copy", file, address)
    assert [(LARGE,)] == target.rows(COUNT, {})
    assert answers(file) == answers(address)

    target.close()


def test_days_that_were_whole_when_a_copy_was_ended_are_counted_by_the_next(file, address):
    class Ended(type(open_store(address, PASSWORD))):
        def _keep(self, events, segment):
            super()._keep(events, segment)
            raise StoreError("ended")

    opened, source = open_store(address, PASSWORD), DuckStore(file)
    with pytest.raises(StoreError, match="ended"):
        transfer.copy(source, Ended(opened.engine, opened.place))

    transfer.copy(source, opened)
    source.close()
    opened.close()

    assert answers(file) == answers(address)


def test_days_that_are_there_whole_are_not_sent_again(file, address):
    command("store", "copy", file, address)
    target = open_store(address, PASSWORD)
    before = target.rows("SELECT max(made), count() FROM makings", {})
    command("store", "copy", file, address)

    assert [(EVENTS,)] == target.rows("SELECT count() FROM events_local", {})
    assert before <= target.rows("SELECT max(made), count() FROM makings", {})

    target.close()


def test_a_store_with_events_of_its_own_is_not_copied_into(file, address):
    target = open_store(address, PASSWORD)
    target.load([row("its-own")], [])
    target.close()

    assert "copy into a store that holds nothing else" in command(
        "store", "copy", file, address, code=3
    )


def test_counts_that_differ_in_the_end_are_an_error(file, address):
    class Losing(type(open_store(address, PASSWORD))):
        def move(self, rows, losses, segment):
            super().move(rows[:-1], losses, segment)

    opened = open_store(address, PASSWORD)
    target = Losing(opened.engine, opened.place)
    with pytest.raises(StoreError, match="counts of events differ"):
        transfer.copy(DuckStore(file), target)


def test_a_bar_shows_on_a_terminal_how_far_a_copy_is(file, address):
    with Terminal(*CLI, "store", "copy", file, address, **os.environ) as terminal:
        code, text = terminal.end()

    assert 0 == code
    assert "copying [" in text
    assert "100%" in text


def test_a_store_is_made_looked_at_and_brought_up_to_date(engine, address):
    database = f"{address}_2"

    assert database in command("store", "init", database)
    assert {"store": database, "missing": []} == json.loads(
        command("store", "migrate", database, "--json")
    )
    assert 0 == json.loads(command("store", "check", database, "--json"))["events"]

    opened = open_store(database, PASSWORD)
    opened.engine.run("DROP TABLE tallies_rows")
    opened.close()

    assert "tallies_rows" in command("store", "check", database, code=3)


def test_a_file_is_made_and_looked_at_too(file, tmp_path):
    path = str(tmp_path / "new.duckdb")
    command("store", "init", path)

    assert os.path.exists(path)
    assert "6,000" in command("store", "check", file)
    assert "problems       none" in command("store", "check", file)


@pytest.mark.parametrize(
    "words",
    [
        ("copy", "a.duckdb"),
        ("init", "a.duckdb", "b.duckdb"),
        ("check", "a.duckdb", "--cluster", "main"),
        ("mend", "a.duckdb"),
    ],
)
def test_what_is_not_understood_is_refused(words):
    assert "store" in command("store", *words, code=2)


def test_a_report_reads_a_server(file, address):
    command("store", "copy", file, address)
    since, until = ("--since", "2026-01-05"), ("--until", "2026-03-01")
    reports = [
        json.loads(command("report", "--store", one, "--json", *since, *until))
        for one in (file, address)
    ]

    assert reports[0] == reports[1]


def test_an_export_takes_everything_from_a_server(file, address, tmp_path):
    command("store", "copy", file, address)
    for kind in ("ndjson", "parquet", "duckdb"):
        command("export", str(tmp_path / f"out.{kind}"), "--store", address)
    lines = (tmp_path / "out.ndjson").read_bytes().splitlines()

    assert EVENTS == len({json.loads(one)["id"] for one in lines})
    with duckdb.connect() as connection:
        text = f"SELECT count(DISTINCT id) FROM '{tmp_path}/out.parquet'"

        assert [(EVENTS,)] == connection.execute(text).fetchall()
    assert answers(file) == answers(str(tmp_path / "out.duckdb"))
