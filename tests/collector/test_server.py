"""How a collector starts and ends, and who may look."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys

import pytest
from collecting import Collecting, line


def test_of_two_collectors_on_one_store_the_second_says_so_and_stops(collector):
    second = Collecting(collector.store.parent)
    process = second.launch()
    process.communicate(timeout=60)

    assert 3 == process.returncode
    assert f"another collector, process {collector.process.pid}, has it" in second.said()
    assert 202 == collector.post(line()).status


def test_a_killed_collector_leaves_no_lock_behind(collector):
    collector.kill()
    collector.start()

    assert 202 == collector.post(line()).status


def test_a_port_that_is_taken_is_named(collectors, tmp_path):
    first = collectors(folder=tmp_path)
    second = Collecting(made(tmp_path / "other"))
    second.port = first.port
    process = second.launch()
    process.communicate(timeout=60)

    assert 3 == process.returncode
    assert f"127.0.0.1:{first.port}: Address already in use; give another --port" in second.said()


@pytest.mark.parametrize("host", ["192.0.2.1", "nobody.invalid", "2001:db8::1"])
def test_a_host_that_is_not_this_machine_is_named(tmp_path, host):
    second = Collecting(tmp_path, "--host", host)
    process = second.launch()
    process.communicate(timeout=60)

    assert 3 == process.returncode
    assert f"{host}:0: no address of this machine; give another --host" in second.said()


def made(folder):
    folder.mkdir()
    return folder


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_when_it_is_asked_to_end_all_is_in_the_store(collector, end):
    collector.post(line("one"))
    collector.process.send_signal(end)
    collector.process.communicate(timeout=60)

    assert (0, "") == (collector.process.returncode, collector.said())
    assert ["clock", "lock"] == sorted(file.name for file in collector.segments.iterdir())
    assert not collector.store.with_suffix(".duckdb.wal").exists()
    assert ["one"] == collector.ids()


WRONG = {
    "no JSON": "{",
    "no schema": "{}",
    "an array": "[]",
    "another schema": json.dumps({"$defs": {"a": {"type": "object"}}}),
    "an unknown type": json.dumps(
        {"$defs": {"a": {"properties": {"product": {"const": "a"}, "id": {"type": "array"}}}}}
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_schema_that_is_none_is_named(tmp_path, name):
    path = tmp_path / "acme.json"
    path.write_text(WRONG[name])
    collector = Collecting(tmp_path, "--schema", str(path))
    process = collector.launch()
    process.communicate(timeout=60)

    assert 3 == process.returncode
    assert "schema" in collector.said()
    assert "an error of ours" not in collector.said()


OPTIONS = [
    ("--port", "70000"),
    ("--port", "x"),
    ("--keep-days", "0"),
    ("--rate", "-1"),
    ("--name", "https://usage.example"),
    ("--proxy", "localhost"),
    ("--proxy", "192.0.2.1/24"),
    ("--proxy", "*"),
    ("--stop", "Not A Product"),
    ("--store", ""),
    ("--store", ":memory:"),
]


@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
def test_a_wrong_option_is_wrong_usage(tmp_path, words):
    collector = Collecting(tmp_path, *words)
    process = collector.launch()
    process.communicate(timeout=60)

    assert 2 == process.returncode
    assert words[0] in collector.said()
    assert [tmp_path / "errors.txt"] == list(tmp_path.iterdir())


def test_beyond_loopback_a_password_is_made_and_wanted(collectors, tmp_path):
    collector = collectors("--host", "0.0.0.0")
    password = (tmp_path / "usage.duckdb.password").read_text()
    credentials = base64.b64encode(f"anybody:{password}".encode()).decode()

    assert (401, 401) == tuple(collector.ask("GET", path).status for path in ("/", "/metrics"))
    assert 200 == collector.ask("GET", "/", Authorization=f"Basic {credentials}").status
    assert 401 == collector.ask("GET", "/", Authorization="Basic !").status
    assert (200, 202) == (collector.ask("GET", "/healthz").status, collector.post(line()).status)
    assert 0o600 == (tmp_path / "usage.duckdb.password").stat().st_mode & 0o777


def test_on_loopback_the_page_needs_no_password_unless_one_is_given(collectors, tmp_path):
    free = collectors(folder=made(tmp_path / "free"))
    kept = collectors(folder=made(tmp_path / "kept"), JINA_TEL_COLLECTOR_PASSWORD="pässword")
    credentials = base64.b64encode("x:pässword".encode()).decode()

    assert (200, 401) == tuple(one.ask("GET", "/").status for one in (free, kept))
    assert 200 == kept.ask("GET", "/", Authorization=f"Basic {credentials}").status


def test_a_public_page_needs_no_password_and_the_metrics_do(collectors):
    collector = collectors("--public", JINA_TEL_COLLECTOR_PASSWORD="word")

    assert (200, 401) == tuple(collector.ask("GET", path).status for path in ("/", "/metrics"))


def test_without_the_extra_it_says_what_to_install(tmp_path):
    """As where nothing of it is installed: a module that cannot be found."""
    script = "import sys; sys.modules['starlette'] = None; from jina_tel.cli import main; "
    words = f"sys.exit(main(['collect', '--store', {str(tmp_path / 'x')!r}]))"
    done = subprocess.run([sys.executable, "-c", script + words], capture_output=True, text=True)

    assert 3 == done.returncode
    assert "pip install 'jina_tel[collector]'" in done.stderr
    assert [] == list(tmp_path.iterdir())
