"""``jina-tel show`` and ``schema``: what waits, what left, and what may."""

from __future__ import annotations

import json
import os
import time
import zlib

import pytest
from commands import CLOSED, command, wait_here
from jsonschema import Draft202012Validator

from jina_tel import identity, payload, schema, sent
from jina_tel.jina import JINA
from jina_tel.settings import Settings

ACME = Settings("acme", ("numpy",), CLOSED)


def left(journal, at, *lines, refused=0):
    ndjson = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    compressor = zlib.compressobj(wbits=31)
    sent.keep(journal.folder, compressor.compress(ndjson) + compressor.flush(), at, refused=refused)


def event(name, **payload):
    line = {"id": name, "time": "2026-01-31T12:00:00Z", "product": "jina", "v": 1}
    return {**line, "payload": {"event": name, **payload}}


def test_what_waits_and_what_left_the_newest_first():
    journal, other = wait_here(1), wait_here(0, "http://127.0.0.1:1/")
    left(journal, 1.8e9, event("A.start"), event("B.start"))
    left(other, 1.8e9 + 1, event("C.start"))
    left(journal, 1.8e9 + 2, event("D.start"))
    out = command("show").out
    places = [out.index(f" {name}.start\n") for name in ("Flow", "D", "C", "A", "B")]

    assert sorted(places) == places
    assert out.startswith("waits  ")
    assert "left   2027-01-15 08:00:00 UTC  jina  2 lines, " in out


def test_as_json_it_is_all_that_left():
    journal = wait_here(1)
    left(journal, 1.8e9, event("A.start", uid=5))
    shown = command("show", "--json").json

    assert [event("A.start", uid=5)] == shown["sent"][0]["lines"]
    assert "2027-01-15T08:00:00.000000Z" == shown["sent"][0]["at"]
    assert ["jina", "waits"] == [shown["waiting"][0][key] for key in ("product", "state")]
    assert "Flow.start" == shown["waiting"][0]["line"]["payload"]["event"]


def test_what_was_refused_is_told_from_what_was_taken():
    journal = wait_here(0)
    left(journal, 1.8e9, event("A.start"))
    left(journal, 1.8e9 + 1, event("B.start"), refused=422)
    out = command("show").out
    shown = command("show", "--json").json["sent"]

    assert "refused 422  2027-01-15 08:00:01 UTC  jina  1 line, " in out
    assert "left   2027-01-15 08:00:00 UTC  jina  1 line, " in out
    assert [("refused", 422), ("left", None)] == [(one["state"], one["status"]) for one in shown]


def test_a_loss_that_left_is_shown():
    journal = wait_here(0)
    line = event("x")
    line["lost"] = {"too_many": 3}
    del line["payload"]
    left(journal, 1.8e9, line)

    assert "  lost: 3 too_many\n" in command("show").out

    line["lost"] = {"too_many": 3, "refused": 1200}
    left(journal, 1.8e9, line)

    assert "  lost: 3 too_many, 1,200 refused\n" in command("show").out


@pytest.mark.parametrize("lost", [None, 5, {}, {"x": "y"}, ["x"]], ids=json.dumps)
def test_a_loss_that_cannot_be_understood_is_shown_as_it_is(lost):
    left(wait_here(0), 1.8e9, {"id": "x", "lost": lost})

    assert f"  lost: {json.dumps(lost)}\n" in command("show").out


def test_pretty_shows_every_field():
    wait_here(1)
    out = command("show", "--pretty").out

    assert all(f'"{name}": ' in out for name in payload.process_facts(JINA.settings, {}))


def test_what_cannot_be_read_is_said_and_the_rest_shown():
    journal = wait_here(0)
    left(journal, 1.8e9, event("A.start"))
    sent.keep(journal.folder, b"no gzip", 1.8e9 + 1)
    said = command("show")

    assert 0 == said.code
    assert "cannot be read: " in said.out
    assert "A.start" in said.out


DAMAGED = [
    {"eventName": "x"},
    {"eventName": "x", "timeUnixNano": "soon"},
    {"eventName": "x", "timeUnixNano": "9" * 26},
    {"resourceLogs": 5},
    {"resourceLogs": [{}]},
    {"resourceLogs": ["x"]},
    {"resourceLogs": [{"scopeLogs": [{"logRecords": [5]}]}]},
]


@pytest.mark.parametrize("line", DAMAGED, ids=json.dumps)
def test_a_damaged_body_does_not_keep_the_others(line):
    journal = wait_here(0)
    left(journal, 1.8e9, event("A.start"))
    left(journal, 1.8e9 + 1, line)
    said = command("show", "--pretty")

    assert (0, "") == (said.code, said.err)
    assert "A.start" in said.out


def test_a_moment_that_is_none_is_no_error():
    journal = wait_here(0)
    sent.keep(journal.folder, b"", 1e60)

    assert "left   at no time that there is" in command("show").out
    assert [None] == [one["at"] for one in command("show", "--json").json["sent"]]


def test_where_there_is_nothing_it_says_so():
    assert "nothing waits, and nothing that left is kept (jina)\n" == command("show").out
    assert {"waiting": [], "sent": []} == command("show", "--json").json


ESCAPE = "\x1b]0;owned\x07\x9b31m\u202e\r\x7f"


def test_no_escape_that_was_stored_is_printed():
    journal = wait_here(0)
    left(journal, 1.8e9, event(ESCAPE, more=ESCAPE))
    with open(os.path.join(journal.folder, "events.jsonl"), "a") as file:
        file.write("\n" + json.dumps(event(ESCAPE, more=ESCAPE), ensure_ascii=False) + "\n")
    for words in (["show"], ["show", "--pretty"], ["show", "--json"], ["schema"], ["status"]):
        out = command(*words).out

        assert not [sign for sign in out if not (sign.isprintable() or sign == "\n")], words

    assert "\\x1b]0;owned\\x07\\x9b31m\\u202e" in command("show").out


def test_the_schema_shows_what_this_machine_sent():
    journal = wait_here(1)
    uid = identity.uid(identity.load_secret(os.path.dirname(journal.folder)), "jina")
    left(journal, time.time(), event("A.start", jina="3.7.13"))
    out = command("schema", "--product", "jina").out

    assert "here       3.7.13" not in out  # what waits is newer
    assert f"here       {uid}" in out

    journal.purge()
    left(journal, time.time(), event("A.start", jina="3.7.13"))

    assert "here       3.7.13" in command("schema").out


def test_the_schema_says_why_for_each_field():
    out = command("schema").out

    for entry in schema.entries(JINA.settings):
        assert f"  {entry.name}  {entry.words}\n" in out
        assert f"why        {entry.why}\n" in out


def test_the_schema_of_all_products_takes_the_lines_of_each():
    wait_here(1), wait_here(1, settings=ACME)
    taken = Draft202012Validator(command("schema", "--json").json)
    lines = [one["lines"][0] for one in command("preview", "--json").json["products"]]

    assert [True, True] == [taken.is_valid(line) for line in lines]
    assert not taken.is_valid({**lines[0], "product": "acme"})


def test_the_table_is_the_one_of_the_docs():
    wait_here(0, settings=ACME)

    assert (
        schema.markdown(JINA.settings) == command("schema", "--markdown", "--product", "jina").out
    )
    assert "## acme\n" in command("schema", "--markdown").out


@pytest.mark.parametrize("words", [("schema", "--json", "--markdown")])
def test_two_forms_at_once_are_refused(words):
    assert 2 == command(*words).code
