"""``jina-tel preview``: the very bytes that leave, and nothing done for it."""

from __future__ import annotations

import gzip
import json
import os
import time

import pytest
from commands import CLOSED, command, command_bytes, wait_here
from support import files_below, may_be_kept

from jina_tel import identity
from jina_tel.cli import request
from jina_tel.delivery import Delivery
from jina_tel.jina import JINA
from jina_tel.ledger import Ledger
from jina_tel.settings import Settings

ACME = Settings("acme", ("numpy",), CLOSED)


def split(whole):
    head, _, body = whole.partition(b"\r\n\r\n")
    return head.decode(), body


def deliver(journal, endpoint, token=None):
    config = os.path.dirname(journal.folder)
    delivery = Delivery(
        JINA.settings, endpoint, token, journal, journal.folder, config, Ledger(), lambda: True
    )

    assert delivery.run(lambda: None)


def test_what_it_shows_is_what_leaves(receiver, monkeypatch):
    journal = wait_here(3, receiver.url)
    identity.load_secret(os.path.dirname(journal.folder))
    monkeypatch.setenv("JINA_TEL_TOKEN", "of-mine")
    code, shown, err = command_bytes("preview", "--show-token")
    deliver(journal, receiver.url, "of-mine")
    [left] = receiver.requests
    head, body = split(shown)

    assert (0, "") == (code, err)
    assert left.body == body
    assert f"{left.method} {left.path} HTTP/1.1" == head.split("\r\n")[0]
    assert [f"{name}: {value}" for name, value in left.headers.items()] == head.split("\r\n")[1:]


def test_the_first_batch_and_how_many_follow(receiver, monkeypatch):
    few = JINA.settings.changed(batch_events=4)
    wait_here(10, receiver.url, few)
    [one] = command("preview", "--json").json["products"]

    assert (4, 10) == (len(one["lines"]), one["waiting"])
    assert "6 lines more would follow" in command("preview", "--pretty").out


def test_nothing_is_made_claimed_or_changed(home):
    wait_here(2)
    before = {path: os.stat(home / path).st_mtime_ns for path in files_below(home)}
    for words in (["--pretty"], ["--json"], []):
        command_bytes("preview", *words)

    assert before == {path: os.stat(home / path).st_mtime_ns for path in files_below(home)}


def test_a_token_is_masked_unless_it_is_asked_for(monkeypatch):
    wait_here(1)
    monkeypatch.setenv("JINA_TEL_TOKEN", "a-secret")
    for words in (["--pretty"], ["--json"], []):
        shown = command_bytes("preview", *words)[1]

        assert b"a-secret" not in shown
        assert b"Bearer ***" in shown
        assert b"a-secret" in command_bytes("preview", "--show-token", *words)[1]


def test_the_way_through_a_proxy_is_shown_and_its_password_is_not(monkeypatch):
    wait_here(1, "http://telemetry.invalid/v1/events")
    monkeypatch.setenv("http_proxy", "http://me:mine@127.0.0.1:1")
    head, _ = split(command_bytes("preview")[1])

    assert head.startswith("POST http://telemetry.invalid/v1/events HTTP/1.1\r\n")
    assert head.endswith("Proxy-Authorization: Basic ***")


def test_where_nothing_waits_it_shows_an_example_and_says_so():
    wait_here(0)
    code, shown, err = command_bytes("preview")
    _, body = split(shown)
    [line] = map(json.loads, gzip.decompress(body).splitlines())

    assert (0, request.EXAMPLE) == (code, line["payload"]["event"])
    assert "nothing waits; this is an example" in err

    pretty = command("preview", "--pretty").out

    assert "nothing waits, so nothing would leave now" in pretty
    assert "AN EXAMPLE" in pretty
    assert "The uid is an example, too" in pretty


def test_when_it_is_off_nothing_would_leave(monkeypatch):
    wait_here(2)
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    code, shown, err = command_bytes("preview")
    [one] = command("preview", "--json").json["products"]
    pretty = command("preview", "--pretty").out

    assert (0, b"") == (code, shown)
    assert "nothing would leave: DO_NOT_TRACK is set" in err
    assert (False, True) == (one["would_leave"], one["is_example"])
    assert "nothing would leave: DO_NOT_TRACK is set" in pretty
    assert request.EXAMPLE in pretty
    assert "Flow.start" not in pretty


def test_what_is_too_old_would_not_leave():
    journal = wait_here(1)
    with open(os.path.join(journal.folder, "events.jsonl"), "r+b") as file:
        this_year = time.strftime('"time":"%Y', time.gmtime()).encode()
        text = file.read().replace(this_year, b'"time":"2001')
        file.seek(0)
        file.write(text)
    [one] = command("preview", "--json").json["products"]

    assert not one["would_leave"]


def test_in_ci_what_was_recorded_elsewhere_stays_as_it_was(home, monkeypatch):
    wait_here(1)
    monkeypatch.setenv("CI", "true")
    [one] = command("preview", "--json").json["products"]

    assert may_be_kept(home) == one["lines"][0].get("kept", True)


@pytest.mark.parametrize("endpoint", ["file:///tmp/x", "console:", "memory:"])
def test_an_endpoint_that_is_no_http_has_no_head(monkeypatch, endpoint):
    wait_here(1, endpoint)
    [one] = command("preview", "--json").json["products"]

    assert (None, {}) == (one["request_line"], one["headers"])
    assert 1 == len(one["lines"])
    assert endpoint in command("preview", "--pretty").out


def test_each_product_has_its_own():
    wait_here(1), wait_here(2, settings=ACME)
    found = command("preview", "--json").json["products"]

    assert [("jina", 1), ("acme", 2)] == [(one["product"], len(one["lines"])) for one in found]
    assert "numpy" in found[1]["lines"][0]["payload"]
