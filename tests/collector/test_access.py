"""By which names the page may be asked for where it has no password."""

from __future__ import annotations

import pytest
from collecting import line

from jina_tel.collector.access import host_of

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


def test_events_and_health_are_taken_by_any_name(collector):
    host = {"Host": "usage.example"}

    assert 202 == collector.post(line(), **host).status
    assert 200 == collector.ask("GET", "/healthz", **host).status


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
