"""The recipes of docs/howto/receive-anywhere.md, taken from the page as they stand and run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import otlp
import pytest
import yaml
from brokers import Cluster
from clickhouse import ClickHouse
from collecting import wait_until
from foreign import Rotel
from pages import examples
from sources import FluentBitHttp, FluentBitOtlp, Vector
from support import ROOT

PAGE = (ROOT / "docs" / "howto" / "receive-anywhere.md").read_text()
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
WORDS = HEADING.split(PAGE)
PARTS = {"": WORDS[0], **dict(zip(WORDS[1::2], WORDS[2::2]))}


def blocks(part: str, kind: str) -> list[str]:
    return [one.text for one in examples(PARTS[part]) if one.kind == kind]


SQL = blocks("ClickHouse", "sql")
CREATE, INSERT, INSTALLS, LOSSES, DELETE = SQL


class Reader:
    """Somebody who does what the page says, with real addresses in the place of the page's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        [text] = blocks("", "python")
        (folder / "acme.py").write_text(text)

    def run(self, part: str, number: int, made_up: str, address: str) -> None:
        command = blocks(part, "console")[number].removeprefix("$ ")

        assert made_up in command

        self.shell(command.replace(made_up, address))

    def shell(self, command: str) -> str:
        programs = Path(sys.executable).parent
        environ = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        environ |= {"PYTHONPATH": str(ROOT), "HOME": str(self.folder)}
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=environ, capture_output=True, text=True
        )

        assert (0, "") == (done.returncode, done.stderr)

        return done.stdout

    def left(self) -> list[dict]:
        """Return the lines that have left, as ``jina-tel show`` says."""
        said = json.loads(self.shell("jina-tel show --json"))
        return [line for one in said["sent"] for line in one["lines"]]


@pytest.fixture
def reader(tmp_path, monkeypatch):
    monkeypatch.delenv("JINA_TEL_HOME", raising=False)
    return Reader(tmp_path)


# ClickHouse


@pytest.fixture
def clickhouse(tmp_path):
    with ClickHouse(tmp_path / "engine") as server:
        server.do(CREATE)
        yield server


def test_clickhouse_takes_the_client_s_own_post(reader, clickhouse):
    reader.run("ClickHouse", 0, "127.0.0.1:8123", f"127.0.0.1:{clickhouse.port}")
    [row] = clickhouse.rows("SELECT id, product, kept, payload, lost, time FROM usage")
    [line] = reader.left()

    assert (line["id"], line["product"]) == (row["id"], row["product"])
    assert line["payload"] == row["payload"]
    assert line["time"] == row["time"].replace(" ", "T") + "Z"
    assert (line.get("kept", True), {}) == (row["kept"], row["lost"])
    assert "Engine.start" == row["payload"]["event"]


def test_a_table_that_is_not_there_keeps_the_events_waiting(reader, clickhouse):
    clickhouse.do("DROP TABLE usage")
    reader.run("ClickHouse", 0, "127.0.0.1:8123", f"127.0.0.1:{clickhouse.port}")
    clickhouse.do(CREATE)
    reader.run("ClickHouse", 0, "127.0.0.1:8123", f"127.0.0.1:{clickhouse.port}")

    assert 2 == len(clickhouse.rows("SELECT id FROM usage"))


def test_a_statement_with_an_error_drops_what_is_sent_as_the_page_warns(reader, clickhouse):
    wrong = f"127.0.0.1:{clickhouse.port}/?query=INSERT%20INTO%20usage%20FORMAT%20JSONEachRow&"
    command = f"ACME_TEL_ENDPOINT='http://{wrong}date_time_input_format=basic' python acme.py"
    reader.shell(command)
    reader.shell(command)

    assert [] == clickhouse.rows("SELECT id FROM usage")
    assert 2 <= len(reader.left())


def test_clickhouse_takes_the_lines_of_a_file(reader, clickhouse):
    path = f"{reader.folder}/usage.ndjson"
    for _ in range(3):
        reader.run("ClickHouse", 1, "/var/spool/usage.ndjson", path)
    insert = INSERT.replace("/var/spool/usage.ndjson", path)

    assert insert != INSERT

    clickhouse.do(insert)
    ids = {json.loads(line)["id"] for line in Path(path).read_text().splitlines()}

    assert 3 == len(ids)
    assert ids == {row["id"] for row in clickhouse.rows("SELECT id FROM usage")}

    clickhouse.do(insert)  # all of it once more

    assert [{"n": 3}] == clickhouse.rows("SELECT toInt32(uniqExact(id)) AS n FROM usage")
    assert [{"n": 3}] == clickhouse.rows("SELECT toInt32(count()) AS n FROM usage FINAL")


def test_the_questions_have_the_answers_of_the_lines(clickhouse):
    lines = [
        event("a", uid=1),
        event("b", uid=1),
        event("b", uid=1),  # it came twice
        event("c", uid=2),
        {**event("d", uid=3), "kept": False},
        ledger("e", too_many=2),
        ledger("e", too_many=2),
        ledger("f", too_many=1, refused=5),
    ]
    how = "INSERT INTO usage SETTINGS date_time_input_format = 'best_effort' FORMAT JSONEachRow"
    clickhouse.do(how, otlp.ndjson(lines).decode())

    [week] = clickhouse.rows(INSTALLS)

    assert ("2026-01-26", "Flow.start") == (week["week"], week["event"])
    assert (2, 3) == (int(week["installs"]), int(week["starts"]))
    assert [("refused", 5), ("too_many", 3)] == [
        (row["why"], int(row["events"])) for row in clickhouse.rows(LOSSES)
    ]

    clickhouse.do(DELETE.replace("'acme'", "'jina'").replace("123", "1"))

    assert [1] == [int(row["starts"]) for row in clickhouse.rows(INSTALLS)]


def event(id: str, uid: int) -> dict:
    return {**common(id), "payload": {"event": "Flow.start", "uid": uid, "python": "3.11.7"}}


def ledger(id: str, **lost: int) -> dict:
    return {**common(id), "lost": lost}


def common(id: str) -> dict:
    return {"id": id, "time": "2026-01-31T12:00:00.123456Z", "product": "jina", "v": 1}


# OpenTelemetry


def test_an_opentelemetry_collector_takes_it(reader, tmp_path, collectors):
    configured = yaml.safe_load(blocks("An OpenTelemetry Collector", "yaml")[0])
    address = configured["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    schema = tmp_path / "acme.json"
    reader.shell("ACME_TEL_ENDPOINT=console: python acme.py 2>/dev/null")
    schema.write_text(reader.shell("jina-tel schema --product acme --json"))
    collector = collectors("--schema", str(schema))
    with Rotel(tmp_path, f"http://127.0.0.1:{collector.port}") as rotel:
        reader.run("An OpenTelemetry Collector", 0, address, f"127.0.0.1:{rotel.port}")
        wait_until(lambda: collector.metric("events_loaded_total") == 1)
    [line] = collector.ask("GET", "/export/events.ndjson").body.splitlines()

    assert "Engine.start" == json.loads(line)["payload"]["event"]


# Vector, Fluent Bit


def test_vector_takes_the_client_s_own_post(reader):
    source = yaml.safe_load(blocks("Vector", "yaml")[0])["sources"]["usage"]

    assert ("http_server", "/usage") == (source["type"], source["path"])
    assert "newline_delimited" == source["framing"]["method"]

    with Vector() as vector:
        reader.run("Vector", 0, source["address"], f"127.0.0.1:{vector.port}")

    assert [200] == vector.answered
    assert reader.left() == vector.taken


def test_fluent_bit_takes_it_as_otlp(reader):
    [source] = yaml.safe_load(blocks("Fluent Bit", "yaml")[0])["pipeline"]["inputs"]
    address = f"{source['listen']}:{source['port']}"
    with FluentBitOtlp() as fluent_bit:
        reader.run("Fluent Bit", 0, address, f"127.0.0.1:{fluent_bit.port}")

    assert [201] == fluent_bit.answered
    [line] = otlp.said_by(fluent_bit.taken[0])

    assert "Engine.start" == line["payload"]["event"]


def test_fluent_bit_s_http_input_drops_every_batch_as_the_page_warns(reader):
    with FluentBitHttp() as fluent_bit:
        reader.shell(f"ACME_TEL_ENDPOINT=http://127.0.0.1:{fluent_bit.port}/usage python acme.py")

    assert {400} == set(fluent_bit.answered)
    assert [] == fluent_bit.taken


# Kafka


def test_a_collector_passes_it_on_to_kafka(reader, tmp_path):
    [command] = blocks("Kafka", "console")
    [forward] = re.findall(r"--forward (\S+)", command)
    reader.shell("ACME_TEL_ENDPOINT=console: python acme.py 2>/dev/null")
    (tmp_path / "acme.json").write_text(reader.shell("jina-tel schema --product acme --json"))
    with closing(Cluster()) as cluster:
        cluster.create("usage")
        real = forward.replace("broker1:9092,broker2:9092", cluster.brokers)

        assert real != forward

        words = command.removeprefix("$ ").replace(forward, real).split()
        program = shutil.which(words[0], path=Path(sys.executable).parent)
        process = subprocess.Popen(
            [program, *words[1:], "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        try:
            url = next(line.split()[-1] for line in process.stdout if "/v1/events" in line)
            reader.shell(f"ACME_TEL_ENDPOINT={url} python acme.py")
            [message] = cluster.messages("usage", lambda found: found)
        finally:
            process.terminate()
            process.communicate(timeout=60)
    line = json.loads(message.value())

    assert "Engine.start" == line["payload"]["event"]
    assert str(line["payload"]["uid"]).encode() == message.key()
    assert line in reader.left()


def test_the_page_names_no_recipe_that_is_not_run_here():
    headings = ["ClickHouse", "An OpenTelemetry Collector", "Vector", "Fluent Bit", "Kafka"]

    assert headings == list(PARTS)[1:]
    assert [2, 1, 1, 1, 1] == [len(blocks(part, "console")) for part in headings]
    assert 5 == len(SQL)
