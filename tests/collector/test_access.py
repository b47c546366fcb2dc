"""Who may look: by which names where there is no password, and at what of a problem."""

from __future__ import annotations

import json

import pytest
from collecting import NDJSON, line
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from jina_tel import identity, schema
from jina_tel.collector.access import host_of
from jina_tel.collector.app import create
from jina_tel.collector.errors import StoreError
from jina_tel.collector.intake import Intake
from jina_tel.collector.metrics import Metrics
from jina_tel.collector.options import Options
from jina_tel.collector.segments import Segments
from jina_tel.collector.store import open_store
from jina_tel.jina import JINA

SHOWN = {"Authorization": "Basic eDp3b3Jk"}
GUARDED = ["/", "/report.json", "/chart/weekly.csv", "/export/events.ndjson", "/copy.duckdb"]
HOSTS = [
    ("localhost", 200),
    ("LOCALHOST:8075", 200),
    ("localhost.", 200),
    ("127.0.0.1:8075", 200),
    ("127.1.2.3", 200),
    ("[::1]:8075", 200),
    ("evil.example", 421),
    ("evil.example:8075", 421),
    ("127.0.0.1.evil.example", 421),
    ("localhost.evil.example", 421),
    ("localhost:80@evil.example", 421),
    ("192.0.2.1", 421),
    ("[::1].evil.example", 421),
    ("", 421),
]


@pytest.mark.parametrize(("host", "status"), HOSTS, ids=[host for host, _ in HOSTS])
def test_without_a_password_the_page_answers_to_loopbacks_names(collector, host, status):
    assert status == collector.ask("GET", "/", Host=host).status


@pytest.mark.parametrize("path", [*GUARDED, "/metrics"])
def test_what_the_page_would_tell_is_told_to_no_other_name(collector, path):
    said = collector.ask("GET", path, Host="evil.example")

    assert 421 == said.status
    assert "not for evil.example; start the collector with --name" in said.json["error"]


@pytest.mark.parametrize(("host", "status"), HOSTS, ids=[host for host, _ in HOSTS])
def test_without_a_token_lines_are_taken_by_loopbacks_names(collector, host, status):
    assert {200: 202}.get(status, status) == collector.post(line(), Host=host).status


@pytest.mark.parametrize("path", ["/v1/events", "/v1/logs", "/v1/forget"])
def test_a_page_that_was_led_here_sends_nothing(collector, path):
    said = collector.ask("POST", path, b"{}", Host="evil.example", Content_Type="text/plain")

    assert 421 == said.status
    assert "not to evil.example; start it with --name" in said.json["error"]


def test_health_is_told_to_any_name(collector):
    assert 200 == collector.ask("GET", "/healthz", Host="usage.example").status


TAKERS = [
    ({"token": "word"}, {"Authorization": "Bearer word"}, 202),
    ({"token": "word"}, {}, 401),
    ({"proxies": ("127.0.0.1",)}, {}, 202),
    ({"names": ("usage.example",)}, {}, 202),
    ({"host": "0.0.0.0"}, {}, 202),
    ({"host": "::"}, {}, 202),
    ({"password": "word"}, SHOWN, 421),
    ({"public": True}, {}, 421),
    ({"host": "::1"}, {}, 421),
]


@pytest.mark.parametrize(("options", "headers", "status"), TAKERS)
def test_lines_are_taken_by_any_name_where_a_browser_cannot_send_them(
    behind, options, headers, status
):
    content = f"{json.dumps(line())}\n"
    given = {"Content-Type": NDJSON, **headers}
    said = behind("usage.example", **options).post("/v1/events", content=content, headers=given)

    assert status == said.status_code


def test_a_name_that_was_given_is_answered_to(collectors):
    collector = collectors("--name", "Usage.example")

    assert 200 == collector.ask("GET", "/", Host="usage.EXAMPLE:443").status
    assert 421 == collector.ask("GET", "/", Host="other.example").status


def test_with_a_password_any_name_is_answered_to(collectors):
    collector = collectors(JINA_TEL_COLLECTOR_PASSWORD="word")
    shown = {"Authorization": "Basic eDp3b3Jk"}

    assert 200 == collector.ask("GET", "/", Host="usage.example", **shown).status
    assert 401 == collector.ask("GET", "/", Host="usage.example").status


def test_a_public_page_is_for_every_name_and_its_metrics_are_not(collectors):
    collector = collectors("--public")

    assert 200 == collector.ask("GET", "/", Host="usage.example").status
    assert 421 == collector.ask("GET", "/metrics", Host="usage.example").status


@pytest.mark.parametrize(
    ("text", "host"),
    [("a:1", "a"), ("A.b.", "a.b"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("a:b", "a:b")],
)
def test_the_host_of_a_header(text, host):
    assert host == host_of(text)


PATH = "/srv/secret/usage.duckdb"
ASKERS = [
    ({}, "localhost", {}, True),
    ({}, "usage.example", {}, False),
    ({"names": ("usage.example",)}, "usage.example", {}, True),
    ({"public": True}, "localhost", {}, False),
    ({"password": "word"}, "localhost", {}, False),
    ({"password": "word"}, "usage.example", SHOWN, True),
    ({"password": "word", "public": True}, "usage.example", SHOWN, True),
]


@pytest.fixture
def behind(tmp_path):
    """Return a way to ask a collector whose store takes nothing."""
    store = open_store(str(tmp_path / "usage.duckdb"))
    store.close()
    intake = Intake(Segments(tmp_path / "segments"), store, Metrics(), keep_seconds=9.0)
    intake.problem = f"{PATH}: another process has this store open"

    def asking(name="localhost", pages=(), **options) -> TestClient:
        given = {"schemas": (schema.json_schema([JINA.settings]),), **options}
        app = create(Options(store.path, tmp_path, **given), intake, pages, lambda: None)
        return TestClient(app, base_url=f"http://{name}")

    return asking


@pytest.mark.parametrize(("options", "host", "headers", "is_told"), ASKERS)
def test_where_the_store_is_is_told_to_who_may_look(behind, options, host, headers, is_told):
    said = behind(host, **options).get("/healthz", headers=headers)

    assert 503 == said.status_code
    assert is_told is (PATH in said.text)
    assert is_told or {"problem": "the store does not take what waits"} == said.json()


@pytest.mark.parametrize(("options", "host", "headers", "is_told"), ASKERS)
def test_why_the_store_does_not_answer_is_told_to_who_may_look(
    behind, options, host, headers, is_told
):
    async def read(_: Request) -> Response:
        raise StoreError(f"{PATH}: Input/output error")

    pages = [Route("/style.css", read)]  # open to all, so that all come to hear of it
    said = behind(host, pages, **options).get("/style.css", headers=headers)
    why = f": {PATH}: Input/output error" if is_told else ""

    assert (503, {"error": f"the store does not answer now{why}"}) == (
        said.status_code,
        said.json(),
    )


def test_who_asks_to_be_forgotten_is_not_told_where_the_store_is(behind, tmp_path):
    (tmp_path / "usage.duckdb").write_bytes(b"no store")
    content = {"product": "jina", "secret": "00" * identity.SECRET_BYTES}
    shown = {"Authorization": "Bearer word"}
    said = behind("usage.example", token="word").post("/v1/forget", json=content, headers=shown)

    assert 503 == said.status_code
    assert {"error": "not now: the store does not take what waits"} == said.json()
