"""What a start leaves that does not come to serve, and whose its files are."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from contextlib import closing

import pytest
from collecting import Collecting, line, wait_until

from jina_tel.collector.starting import Start, is_still
from jina_tel.collector.store import open_store

BAD = {"$defs": {"a": {"properties": {"product": {"const": "a"}, "id": {"type": "array"}}}}}
BEYOND = ("--host", "0.0.0.0")  # so that a password is made


def failed(collector: Collecting) -> str:
    """Return what a collector says that cannot be started."""
    collector.launch().communicate(timeout=60)
    return collector.said()


def left(folder) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.name != "errors.txt")


def made(folder):
    folder.mkdir()
    return folder


@pytest.mark.parametrize("options", [(), BEYOND], ids=["loopback", "beyond"])
def test_a_port_that_is_taken_leaves_nothing(collectors, tmp_path, options):
    second = Collecting(made(tmp_path / "second"), *options)
    second.port = collectors(folder=made(tmp_path / "first")).port

    assert "Address already in use" in failed(second)
    assert [] == left(second.folder)


def test_a_schema_that_is_none_leaves_nothing(tmp_path):
    schema = tmp_path / "acme.json"
    schema.write_text(json.dumps(BAD))
    collector = Collecting(made(tmp_path / "one"), "--schema", str(schema), *BEYOND)

    assert "jina-tel: a --schema cannot be used: " in failed(collector)
    assert [] == left(collector.folder)


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff"])
def test_a_password_that_is_none_is_said_and_no_option_is_blamed(tmp_path, content):
    path = tmp_path / "usage.duckdb.password"
    path.write_bytes(content)
    said = failed(Collecting(tmp_path, *BEYOND))

    assert f"jina-tel: {path}: there is no password in it" in said.replace("\n", " ")
    assert ["usage.duckdb.password"] == left(tmp_path)


def test_a_store_that_another_has_is_left_with_nothing_beside_it(tmp_path):
    with closing(open_store(str(tmp_path / "usage.duckdb"))):
        before = left(tmp_path)

        assert "another process has this store open" in failed(Collecting(tmp_path, *BEYOND))
        assert before == left(tmp_path)


def test_a_second_collector_takes_nothing_from_the_first(collectors, tmp_path):
    first = collectors(*BEYOND)
    before = left(tmp_path)

    assert "another collector" in failed(Collecting(tmp_path, *BEYOND))
    assert set(before) <= set(left(tmp_path))
    assert 202 == first.post(line()).status


def test_what_was_there_before_a_start_that_fails_stays(collectors, tmp_path):
    folder = made(tmp_path / "one")
    collectors(*BEYOND, folder=folder).stop()
    before = left(folder)
    again = Collecting(folder, *BEYOND)
    again.port = collectors(folder=made(tmp_path / "other")).port
    failed(again)

    assert {"usage.duckdb", "usage.duckdb.password", "usage.duckdb.segments/lock"} <= set(before)
    assert before == left(folder)


def test_a_start_that_is_ended_before_it_serves_leaves_nothing(tmp_path):
    start, folder = Start(), tmp_path / "segments"
    with pytest.raises(KeyboardInterrupt):
        with start.folder(folder), start.alone(folder, "store"), start.password(f"{folder}.word"):
            raise KeyboardInterrupt

    assert [] == left(tmp_path)


def test_a_password_file_without_one_opens_no_page(tmp_path):
    (tmp_path / "usage.duckdb.password").touch()

    assert "there is no password in it" in failed(Collecting(tmp_path, *BEYOND))
    assert ["usage.duckdb.password"] == left(tmp_path)


def test_a_lock_whose_file_was_taken_back_meanwhile_is_none(tmp_path):
    """Else two would hold a lock of the same name, on two files."""
    path = tmp_path / "lock"
    with path.open("wb") as held:
        assert is_still(held.fileno(), path)

        path.unlink()

        assert not is_still(held.fileno(), path)

        path.touch()

        assert not is_still(held.fileno(), path)


def modes(folder) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
        if path.name != "errors.txt"
    }


@pytest.fixture
def loose_umask():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("loose_umask")
def test_what_a_collector_makes_is_its_users_alone(collectors, tmp_path):
    collector = collectors(*BEYOND)
    collector.post(line())
    found = wait_until(lambda: any(n.endswith(".wal") for n in modes(tmp_path)) and modes(tmp_path))
    segments = found.pop("usage.duckdb.segments")

    assert 0o700 == segments
    assert {"usage.duckdb", "usage.duckdb.wal", "usage.duckdb.address"} <= set(found)
    assert {0o600} == set(found.values())


@pytest.mark.usefixtures("loose_umask")
def test_modes_of_what_was_there_stay(collectors, tmp_path):
    collectors().stop()
    (tmp_path / "usage.duckdb").chmod(0o640)
    (tmp_path / "usage.duckdb.segments").chmod(0o750)
    collector = collectors()
    collector.post(line())
    collector.stop()
    found = modes(tmp_path)

    assert (0o640, 0o750) == (found["usage.duckdb"], found["usage.duckdb.segments"])


@pytest.mark.usefixtures("loose_umask")
@pytest.mark.parametrize("kind", ["ndjson", "parquet", "duckdb"])
def test_what_a_command_makes_is_its_users_alone(tmp_path, kind):
    for words in (["store", "init", "a.duckdb"], ["export", f"b.{kind}", "--store", "a.duckdb"]):
        command = [sys.executable, "-m", "jina_tel", *words]
        subprocess.run(command, cwd=tmp_path, check=True, timeout=60)

    assert {"a.duckdb": 0o600, f"b.{kind}": 0o600} == modes(tmp_path)
