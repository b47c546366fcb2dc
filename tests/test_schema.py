"""What is said of a line is what leaves: neither more nor less."""

from __future__ import annotations

import json
import time

import pytest
from commands import wait_here
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from support import ROOT

from jina_tel import identity, payload, schema
from jina_tel.event import Writer
from jina_tel.facts import UNSET, Choice, Count, Version
from jina_tel.jina import JINA
from jina_tel.settings import Settings

ACME = Settings(
    "acme",
    ("numpy",),
    facts={
        "mode": Choice(("fast", "a|b"), lambda: "fast", why="which to make faster"),
        "workers": Count(lambda: 5, most=64, why="how many to test with"),
        "core": Version("acme_core", why="which to keep"),
    },
)
PRODUCTS = [JINA.settings, ACME]
BOTH = Draft202012Validator(schema.json_schema(PRODUCTS))


def wire_of(settings, **changes):
    """Return the line that an event leaves as, some of its values changed."""
    facts = payload.inside({**payload.process_facts(settings, {}), **changes})
    line = json.loads(Writer(settings.product, facts, kept=True).event("Flow.start", time.time()))
    return payload.as_wire(line, payload.fields_of(settings), settings.product, 7, kept=True)


def test_the_schema_is_one():
    Draft202012Validator.check_schema(BOTH.schema)


@pytest.mark.parametrize("settings", PRODUCTS, ids=lambda settings: settings.product)
def test_what_leaves_is_valid(settings):
    event = wire_of(settings)
    ledger = {**event, "lost": dict.fromkeys(payload.REASONS, 1)}
    del ledger["payload"]

    assert BOTH.is_valid(event)
    assert BOTH.is_valid({**event, "kept": False})
    assert BOTH.is_valid(ledger)


def test_a_line_that_lacks_all_facts_is_valid():
    line = json.loads(Writer("jina", "", kept=True).event("Flow.start", time.time()))
    wire = payload.as_wire(line, payload.fields_of(JINA.settings), "jina", 7, kept=True)

    assert UNSET == wire["payload"]["uptime"]
    assert BOTH.is_valid(wire)


STRANGE = [
    {"more": 1},
    {"kept": True},
    {"v": 2},
    {"product": "other"},
    {"product": "acme"},
    {"id": ""},
    {"id": "x" * 65},
    {"time": "yesterday"},
    {"lost": {"too_many": 1}},
    {"payload": {}},
]


@pytest.mark.parametrize("change", STRANGE, ids=str)
def test_anything_else_is_not(change):
    assert not BOTH.is_valid({**wire_of(JINA.settings), **change})


@pytest.mark.parametrize("lost", [{}, {"bored": 1}, {"too_many": 0}, {"too_many": "1"}], ids=str)
def test_a_ledger_line_names_known_reasons_and_counts(lost):
    line = {"id": "a", "time": "2026-01-31T12:00:00Z", "product": "jina", "v": 1, "lost": lost}

    assert not BOTH.is_valid(line)


@pytest.mark.parametrize("key", sorted(wire_of(JINA.settings)["payload"]))
def test_no_key_may_lack_and_none_may_be_there_besides(key):
    wire = wire_of(JINA.settings)
    value = wire["payload"].pop(key)

    assert not BOTH.is_valid(wire)

    wire["payload"].update({key: value, f"{key}-2": value})

    assert not BOTH.is_valid(wire)


PIECES = st.sampled_from([*"019aZ.!-_() \u00e9\n\x1b~", "rc", "POST", "dev", "acme", "1.0"])
VALUES = (
    st.lists(PIECES, max_size=36).map("".join)
    | st.text(st.sampled_from("a1"), min_size=195, max_size=205)
    | st.sampled_from([UNSET, "fast", "a|b", "A.b", "A.b.c", "1.0", True, None, 1.5, 64, 65, -1])
    | st.integers()
)
# What a shipper may find in a line that another program wrote into the journal; what it makes
# itself, these have no say in.
FIELDS = [
    (field, Draft202012Validator(schema.Entry(field).fragment))
    for settings in PRODUCTS
    for field in payload.fields_of(settings)
]


@given(value=VALUES)
def test_what_the_schema_takes_may_leave(value):
    for field, validator in FIELDS:
        if validator.is_valid(value) and not str(value).endswith("\n"):  # $ of Python is not $
            assert field.accepts(value), field.name


@given(value=VALUES)
def test_what_may_leave_the_schema_takes(value):
    """But for a time and an id, which are made by us, and of which it knows the form."""
    for field, validator in FIELDS:
        if field.kind not in ("date", "uuid") and field.accepts(value):
            assert validator.is_valid(value), field.name


def test_every_kind_of_field_has_its_words_and_its_schema():
    told = {field.kind for settings in PRODUCTS for field in payload.fields_of(settings)}

    assert set(payload.KINDS) == told


@pytest.mark.parametrize("settings", PRODUCTS, ids=lambda settings: settings.product)
def test_every_field_is_told_with_a_sample_that_may_leave(settings):
    told = schema.entries(settings)

    assert [field.name for field in payload.fields_of(settings)] == [entry.name for entry in told]
    for field, entry in zip(payload.fields_of(settings), told):
        assert entry.words
        assert field.why == entry.why
        assert field.accepts(entry.sample)
        assert Draft202012Validator(entry.fragment).is_valid(entry.sample)


def test_the_bounds_of_a_uid_are_those_of_its_making():
    [entry] = [entry for entry in schema.entries(JINA.settings) if entry.name == "uid"]

    assert 2**53 - 1 == entry.fragment["maximum"]
    assert identity.uid(b"\xff" * 32, "jina") <= entry.fragment["maximum"]


def test_the_table_has_a_row_for_each_field_and_nothing_of_this_machine(home):
    wait_here(1)
    table = schema.markdown(ACME)
    rows = table.splitlines()

    assert len(payload.fields_of(ACME)) + 2 == len(rows)
    assert {6} == {len(row.replace("\\|", "").split("|")) for row in rows}
    assert "one of fast, a\\|b, or (unset)" in table
    assert table == schema.markdown(ACME)


def test_the_page_of_the_payload_holds_the_table():
    page = (ROOT / "docs" / "reference" / "payload.md").read_text("utf-8")

    assert schema.markdown(JINA.settings) in page
