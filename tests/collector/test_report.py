"""``jina-tel report`` and ``jina-tel export``, of a file and of a collector that has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import duckdb
import pytest
from collecting import line, wait_until
from usage import MONDAY, row

from jina_tel.collector.page.files import bounds_of
from jina_tel.collector.store import open_store
from jina_tel.collector.store.archive import ALWAYS


def command(*words: str, **variables: str) -> subprocess.CompletedProcess:
    environ = {**os.environ, **variables}
    argv = [sys.executable, "-m", "jina_tel", *words]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=60)


def said(*words: str, **variables: str) -> str:
    done = command(*words, **variables)

    assert (0, "") == (done.returncode, done.stderr)

    return done.stdout


@pytest.fixture
def store(tmp_path):
    """Return the path of a store of three starts."""
    path = str(tmp_path / "usage.duckdb")
    opened = open_store(path)
    opened.load([row(name, at=MONDAY, uid=number) for number, name in enumerate("abc")], [])
    opened.close()
    return path


def rows_of(report: str, name: str) -> list[dict]:
    return json.loads(report)["answers"][name]["rows"]


def test_a_report_of_a_file_says_what_the_page_would(store):
    text = said("report", "--store", store, "--since", "2025-12-29", "--until", "2026-01-05")

    assert "Weekly active installs" in text
    assert "Flow.start       3  100 %         3" in text


def test_a_report_of_a_running_collector_is_the_pages(collector):
    person = {"ci-vendor": "(unset)"}
    collector.post(line("a", **person), line("b", uid=8, **person))
    where = str(collector.store)
    wait_until(lambda: rows_of(said("report", "--store", where, "--json"), "events"))
    report = said("report", "--store", where, "--json")

    assert collector.ask("GET", "/report.json").json == json.loads(report)
    assert 2 == rows_of(report, "weekly")[-1]["people"]


def test_a_collector_is_found_wherever_its_segments_are(collectors, tmp_path):
    where = collectors("--segments", str(tmp_path / "elsewhere")).store
    file = tmp_path / "out.ndjson"

    assert "nothing has come yet" in said("report", "--store", str(where))
    assert f"{file}: 0 bytes\n" == said("export", str(file), "--store", str(where))


WRONG = [
    (("report", "--since", "yesterday"), "since: "),
    (("report", "--weeks", "0"), "weeks: "),
    (("report", "--product", "acme"), "no product is called 'acme'; there are: jina"),
    (("export", "out.ndjson", "--product", "acme"), "no product is called 'acme'; there are: jina"),
    (("export", "out.parquet", "--since", "yesterday"), "since: "),
]


@pytest.mark.parametrize(("words", "wanted"), WRONG, ids=str)
@pytest.mark.parametrize("is_running", [True, False], ids=["collector", "file"])
def test_what_is_asked_for_wrongly_is_said_alike(
    collectors, store, tmp_path, words, wanted, is_running
):
    if is_running:
        collectors()
    named = [str(tmp_path / word) if word.startswith("out.") else word for word in words]
    done = command(*named, "--store", store)

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith(f"jina-tel: {wanted}")
    assert 1 == len(done.stderr.splitlines())
    assert [] == list(tmp_path.glob("out.*"))


def test_what_a_public_collector_gives_nobody_is_no_fault_of_the_command(collectors, store):
    running = collectors("--public")
    done = command("export", f"{store}.ndjson", "--store", store)

    assert 3 == done.returncode
    assert f"http://127.0.0.1:{running.port}/export/events.ndjson: 404" in done.stderr


def test_beside_a_collector_the_store_is_checked_in_a_copy(collectors, store, tmp_path):
    running = collectors()
    done = command("store", "check", store)
    copy = str(tmp_path / "copy.duckdb")

    assert 3 == done.returncode
    assert (
        f"jina-tel: {store}: another process has this store open, the collector at "
        f"http://127.0.0.1:{running.port}; "
        "end it first, or take a copy and use that: "
        f"jina-tel export COPY.duckdb --store {store}\n"
    ) == done.stderr

    said("export", copy, "--store", store)

    assert "none" in said("store", "check", copy)


def test_a_collector_that_wants_a_password_gets_it(collectors):
    words = {"JINA_TEL_COLLECTOR_PASSWORD": "the password"}
    collector = collectors("--rate", "0", **words)
    where = ("report", "--store", str(collector.store), "--json")
    refused = command(*where)

    assert 3 == refused.returncode
    assert "JINA_TEL_COLLECTOR_PASSWORD" in refused.stderr
    assert json.loads(said(*where, **words))["fewest"] == 1


@pytest.mark.parametrize("kind", [".ndjson", ".parquet", ".duckdb"])
@pytest.mark.parametrize("is_running", [True, False], ids=["collector", "file"])
def test_an_export_holds_all(collectors, store, tmp_path, kind, is_running):
    if is_running:
        collectors()
    (tmp_path / f"out{kind}.part").write_text("somebody's own")
    before = {path.name for path in tmp_path.iterdir()}
    file = tmp_path / f"out{kind}"
    said("export", str(file), "--store", store)

    assert ["a", "b", "c"] == ids_of(file)
    assert {file.name} == {path.name for path in tmp_path.iterdir()} - before
    assert "somebody's own" == (tmp_path / f"out{kind}.part").read_text()


def ids_of(file) -> list[str]:
    if file.suffix == ".ndjson":
        return [json.loads(one)["id"] for one in file.read_text().splitlines()]
    if file.suffix == ".parquet":
        return sorted(id for (id,) in duckdb.sql(f"SELECT id FROM '{file}'").fetchall())
    copy = open_store(str(file))
    try:
        return [id for (id,) in copy.rows("SELECT id FROM events ORDER BY id", {})]
    finally:
        copy.close()


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["export", "{}/out.csv"], 2, "a name that ends in .ndjson, .parquet, .duckdb is wanted"),
        (["export", "{}/usage.duckdb"], 2, "exists; it is left as it is"),
        (["export", "{}/out.duckdb", "--since", "2026-01-01"], 2, "a copy of the store holds all"),
        (["export", "{}/out.ndjson", "--since", "then"], 2, "since: a day like 2026-01-31"),
        (["export", "{}/nowhere/out.parquet"], 3, "nowhere"),
        (["report", "--since", "then"], 2, "since: a day like 2026-01-31"),
    ],
    ids=["format", "exists", "bounds", "day", "folder", "report"],
)
def test_what_cannot_be_done_is_said_and_nothing_is_left(store, tmp_path, words, code, why):
    before = sorted(path.name for path in tmp_path.iterdir())
    done = command(*(word.format(tmp_path) for word in words), "--store", store)

    assert code == done.returncode, done.stderr
    assert why in done.stderr
    assert before == sorted(path.name for path in tmp_path.iterdir())


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    done = command("report", "--store", str(tmp_path / "usage.duckdb"))

    assert 3 == done.returncode
    assert "there is no such store" in done.stderr
    assert [] == list(tmp_path.iterdir())


BOUNDS = [
    ({}, ALWAYS),
    ({"since": "1970-01-02", "until": "1970-01-02"}, {"since": 86_400, "until": 2 * 86_400}),
    ({"since": "1970-01-01", "until": "1969-12-31"}, {"since": 0, "until": 0}),
    ({"since": "1969-12-31", "until": "1969-12-30"}, {"since": -86_400, "until": -86_400}),
]


@pytest.mark.parametrize(("asked", "bounds"), BOUNDS)
def test_a_day_bounds_what_is_exported_whichever_it_is(asked, bounds):
    assert {**ALWAYS, **bounds} == bounds_of(asked)


@pytest.mark.parametrize("words", [["store", "copy"], ["export"]], ids=" ".join)
def test_a_store_that_is_written_anew_has_no_byte_of_who_was_forgotten(tmp_path, words):
    old, new = str(tmp_path / "usage.duckdb"), str(tmp_path / "new.duckdb")
    store = open_store(old)
    store.load(
        [row(f"of-{uid:04}-{n}", at=MONDAY, uid=uid) for uid in range(9) for n in range(9)], []
    )
    store.close()
    store = open_store(old)

    assert 9 == store.forget("jina", 7)

    store.close()
    said(*words, *([old, new] if words != ["export"] else [new, "--store", old]))
    before, after = ((tmp_path / name).read_bytes() for name in ("usage.duckdb", "new.duckdb"))

    assert b"of-0007" in before  # or else forget and its docs may promise more
    assert (False, True) == (b"of-0007" in after, b"of-0008" in after)
